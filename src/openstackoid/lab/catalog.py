# SPDX-License-Identifier: Apache-2.0
"""The services of a cloud of the lab, their addresses, and their names in catalog and mesh."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from openstackoid.lab.clouds import Cloud
from openstackoid.policy import APART, KEEP

SERVICE_USERS = ("glance", "placement", "neutron", "nova", "cinder", "swift")
"""Services with a Keystone account of their own, in the project ``service``."""

HOST = "127.0.0.1"
"""All listeners of the lab are here."""


@dataclass(frozen=True)
class Api:
    """One OpenStack API. ``path``: Devstack's; ``suffix``: the catalog's addition to the service's root.

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
    """Return the APIs of this cloud."""
    return tuple(api for api in APIS if cloud.runs(api.name))


@dataclass(frozen=True)
class Addresses:
    """The addresses of one cloud's services: frontends of the gateway, backends of the services.

    ``ports`` has ``gateway``, ``frontend.<type>`` and ``backend.<type>`` for each service type, and those of ``ports.py``.
    """

    cloud: Cloud
    ports: Mapping[str, int]

    def frontend(self, service_type: str) -> str:
        """Return the root of the service at the gateway, without a version."""
        if self.cloud.layout == "prefix":
            return f"https://{HOST}:{self.ports['gateway']}{_API[service_type].path}"
        return f"https://{HOST}:{self.ports[f'frontend.{service_type}']}"

    def backend(self, service_type: str) -> str:
        """Return the root of the service at its own process, without a version."""
        api = _API[service_type]
        path = api.path if api.wsgi and self.cloud.layout == "prefix" else ""
        return f"http://{HOST}:{self.ports[f'backend.{service_type}']}{path}"

    def in_catalog(self, service_type: str) -> str:
        """Return the URL in the cloud's Keystone catalog."""
        return self.frontend(service_type) + _API[service_type].suffix

    def gateway_ports(self) -> tuple[int, ...]:
        """Return the ports of the cloud's gateway."""
        if self.cloud.layout == "prefix":
            return (self.ports["gateway"],)
        return tuple(self.ports[f"frontend.{api.type}"] for api in apis(self.cloud))

    def health(self) -> tuple[str, ...]:
        """Return the health page of each of the gateway's ports."""
        return tuple(f"https://{HOST}:{port}/.openstackoid/health" for port in self.gateway_ports())


_API = {api.type: api for api in APIS}


@dataclass(frozen=True)
class GatewayFiles:
    """Files of a gateway beside the mesh: reader accounts at peers, certificate with key, authority."""

    readers: Path
    certificate: Path
    authority: Path


def mesh(clouds: Mapping[str, tuple[Addresses, GatewayFiles]]) -> dict[str, object]:
    """Return the mesh description of these clouds (by name), for every gateway.

    In the first cloud guests' projects keep their ids, in the others they get ids apart: a lab has both kinds.
    """
    first = next(iter(clouds))
    return {
        "mesh": 1,
        "clouds": {
            name: {
                "region": name,
                "gateway": {
                    "readers": str(files.readers),
                    "tls": {"certificate": str(files.certificate), "authority": str(files.authority)},
                },
                "policy": policy(len(clouds), KEEP if name == first else APART),
                "services": {
                    api.type: {
                        "name": api.name,
                        "frontend": where.in_catalog(api.type),
                        "backend": where.backend(api.type),
                    }
                    for api in apis(where.cloud)
                },
            }
            for name, (where, files) in clouds.items()
        },
    }


def policy(clouds: int, project: str) -> dict[str, object]:
    """Return the policy of a cloud for the users of the others; ``project``: the mapping of their projects.

    Members and readers keep their roles, administrators become members. Services' accounts may use no service, but their tokens
    are validated, because services send them with a user's request. A peer may do all in the name of users of this cloud.
    """
    return {
        "delegation": {"*": {"users": {"*": "all"}, "tokens": ["login", "exchange", "revocation"]}},
        "peers": {
            "*": {
                "services": {"*": "all"},
                # A workflow of three clouds comes by way of the second.
                **({"through": ["*"]} if clouds > 2 else {}),
                "people": [
                    {
                        "name": "services",
                        "users": {"domains": ["Default"], "names": list(SERVICE_USERS)},
                        "projects": {"domains": ["Default"], "names": ["service"]},
                        "roles": {"service": "service"},
                        "services": {},
                    },
                    {
                        "name": "members",
                        "roles": {"member": "member", "reader": "reader", "admin": ["member", "reader"]},
                        "project": project,
                    },
                ],
            }
        },
    }
