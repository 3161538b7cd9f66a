# SPDX-License-Identifier: Apache-2.0
"""The answers of all services of CloudOne, to compare them without and with a gateway."""

from collections.abc import Mapping

import requests

from kolla.cloud import PORTS
from kolla.machine import NAMES
from kolla.node import AUTHORITY

PATHS = {
    "identity": ("/", "/v3", "/v3/auth/catalog", "/v3/auth/projects", "/nowhere"),
    "image": ("/", "/v2/images", "/v2/schemas/image", "/v2/images/nowhere"),
    "placement": ("/", "/traits"),
    "network": ("/", "/v2.0/networks", "/v2.0/subnets"),
    "compute": ("/", "/v2.1/", "/v2.1/flavors/detail", "/v2.1/servers/nowhere"),
    "block-storage": ("/", "/v3/", "/v3/types"),
}
"""What is asked of each service, at each of its URLs."""
_DIFFERENT = {"date", "x-openstack-request-id", "x-compute-request-id"}


def answers(token: str) -> list[object]:
    """Return the answers of all services at both VIPs, without dates and the ids of requests. Kolla's authority is believed."""
    roots = [{service: f"https://{host}:{port}" for service, port in PORTS.items()} for host in NAMES.values()]
    return [one for each in roots for one in answers_at(token, each)]


def answers_at(token: str, roots: Mapping[str, str]) -> list[object]:
    """Return the answers of all services, by the roots of their URLs."""
    found: list[object] = []
    for service, paths in PATHS.items():
        for path in paths:
            url = f"{roots[service]}{path}"
            answer = requests.get(url, headers={"X-Auth-Token": token}, verify=str(AUTHORITY), timeout=30)
            headers = {name.lower(): value for name, value in answer.headers.items() if name.lower() not in _DIFFERENT}
            text = answer.text.replace(answer.headers.get("x-openstack-request-id", "none"), "")
            found.append((url, answer.status_code, headers, text))
    return found
