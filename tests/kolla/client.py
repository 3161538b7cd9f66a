# SPDX-License-Identifier: Apache-2.0
"""A client with an address of its own, which claims to have another one."""

from typing import Any

import requests
from requests.adapters import HTTPAdapter

from kolla.machine import CLIENT
from kolla.node import AUTHORITY

FORGED = "192.0.2.1"


class _FromClient(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, source_address=(CLIENT, 0), **kwargs)


def forge(url: str, token: str, scope: str | None = None) -> int:
    """Send a request from the client's address with a forged ``X-Forwarded-For``, and return the status."""
    headers = {"X-Auth-Token": token, "X-Forwarded-For": FORGED}
    if scope is not None:
        headers["X-Scope"] = scope
    with requests.Session() as session:
        session.mount("https://", _FromClient())
        return session.get(url, headers=headers, verify=str(AUTHORITY), timeout=30).status_code
