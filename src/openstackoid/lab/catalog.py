# SPDX-License-Identifier: Apache-2.0
"""The services of a cloud of the lab, where each is reached, and how the catalog and the mesh name them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from openstackoid.lab.clouds import Cloud

HOST = "127.0.0.1"
"""Everything in the lab listens here and nowhere else."""


@dataclass(frozen=True)
class Api:
    """One OpenStack API. ``path`` is Devstack's; ``suffix`` is what the catalog adds to the service's root.

    Without ``wsgi``, the service is its own web server, and knows no path before its own.
    """

    type: str
    name: str
    path: str
    wsgi: str | None
    suffix: str = ""


APIS: tuple[Api, ...] = (
    Api("identity", "keystone", "/identity", "keystone.wsgi.api"),
    Api("image", "glance", "/image", "glance.wsgi.api"),
    Api("placement", "placement", "/placement", "placement.wsgi.api"),
    Api("network", "neutron", "/networking", "neutron.wsgi.api"),
    Api("compute", "nova", "/compute", "nova.wsgi.osapi_compute", "/v2.1"),
    Api("block-storage", "cinder", "/volume", "cinder.wsgi.api", "/v3"),
    Api("object-store", "swift", "/object-store", None, "/v1/AUTH_$(project_id)s"),
)


def apis(cloud: Cloud) -> tuple[Api, ...]:
    """Return the APIs that this cloud runs."""
    return tuple(api for api in APIS if cloud.runs(api.name))


@dataclass(frozen=True)
class Addresses:
    """Where one cloud's services are: the frontend is the gateway's, the backend the service's own process.

    ``ports`` has ``gateway``, ``frontend.<type>`` and ``backend.<type>`` for each service type, and what ``ports.py`` adds.
    """

    cloud: Cloud
    ports: Mapping[str, int]

    def frontend(self, service_type: str) -> str:
        """Return the root of the service at the gateway, without a version."""
        if self.cloud.layout == "prefix":
            return f"http://{HOST}:{self.ports['gateway']}{_API[service_type].path}"
        return f"http://{HOST}:{self.ports[f'frontend.{service_type}']}"

    def backend(self, service_type: str) -> str:
        """Return the root of the service at its own process, without a version."""
        api = _API[service_type]
        path = api.path if api.wsgi and self.cloud.layout == "prefix" else ""
        return f"http://{HOST}:{self.ports[f'backend.{service_type}']}{path}"

    def in_catalog(self, service_type: str) -> str:
        """Return the URL that the cloud's Keystone catalog names."""
        return self.frontend(service_type) + _API[service_type].suffix

    def gateway_ports(self) -> tuple[int, ...]:
        """Return the ports on which the cloud's gateway listens."""
        if self.cloud.layout == "prefix":
            return (self.ports["gateway"],)
        return tuple(self.ports[f"frontend.{api.type}"] for api in apis(self.cloud))


_API = {api.type: api for api in APIS}


def mesh(addresses: Mapping[str, Addresses], readers: Mapping[str, Path]) -> dict[str, object]:
    """Return the mesh description of these clouds (by name), from which every gateway is made.

    ``readers`` has the file of each cloud's reader accounts at its peers.
    """
    return {
        "mesh": 1,
        "clouds": {
            name: {
                "region": name,
                "gateway": {"readers": str(readers[name])},
                "services": {
                    api.type: {
                        "name": api.name,
                        "frontend": where.in_catalog(api.type),
                        "backend": where.backend(api.type),
                    }
                    for api in apis(where.cloud)
                },
            }
            for name, where in addresses.items()
        },
    }
