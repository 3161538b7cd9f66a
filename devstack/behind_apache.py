# SPDX-License-Identifier: Apache-2.0
"""Complete a description for Devstack: the services at port 80 of the catalog are behind Apache, which has another port.

    behind_apache.py MESH_YAML PORT

Services at other ports are left out: the gateway does not take their place.
"""

import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml


def behind_apache(description: dict[str, Any], port: int) -> None:
    """Give each frontend at port 80 a backend at this port, and remove the other ones."""
    for cloud in description["clouds"].values():
        services = {}
        for name, service in cloud["services"].items():
            urls = {interface: urlsplit(url) for interface, url in service["frontend"].items()}
            at_apache = {interface: url for interface, url in urls.items() if url.scheme == "http" and url.port in (None, 80)}
            if at_apache:
                services[name] = {
                    "frontend": {interface: url.geturl() for interface, url in at_apache.items()},
                    "backend": {interface: _backend(url.hostname, port, url.path) for interface, url in at_apache.items()},
                }
        cloud["services"] = services


def _backend(host: str | None, port: int, path: str) -> str:
    # Gateways are told the place of a service without the version of its API.
    return f"http://{host}:{port}{re.sub(r'/v[0-9.]+$', '', path)}"


if __name__ == "__main__":
    file = Path(sys.argv[1])
    found = yaml.safe_load(file.read_text(encoding="utf-8"))
    behind_apache(found, int(sys.argv[2]))
    file.write_text(yaml.safe_dump(found, sort_keys=False), encoding="utf-8")
