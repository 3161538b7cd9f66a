# SPDX-License-Identifier: Apache-2.0
"""An endpoint of a cloud: a frontend URL of a service, and its backends."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Generic

from openstackoid.mesh.settings import AS_GATEWAY, ServiceTimeouts
from openstackoid.mesh.urls import HTTPS, FrontendUrl, Host, Other

ANY_NAME = "*"
"""In place of the name in a backend's certificate: any."""

INTERFACES = ("public", "internal", "admin")


@dataclass(frozen=True, slots=True, order=True)
class Listener:
    """Host and port of the catalog's URLs: a socket of a gateway, or one of the hosts at a socket."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, order=True)
class Address(Generic[Host]):
    """The address of a local service process, and its path (``/compute``, or empty).

    ``scheme``: ``http`` or ``https``. Of https, ``authority`` is the file of the authority that signs for it, empty for those of
    the system, and ``name`` the one that its certificate must have, ``*`` for any.
    """

    host: Host
    port: int
    path: str
    scheme: str = "http"
    authority: str = ""
    name: str = ""

    def url(self) -> str:
        """Return the address as a URL."""
        return f"{self.scheme}://{self.host}:{self.port}{self.path}"

    @property
    def secure(self) -> bool:
        """Whether the service speaks https."""
        return self.scheme == HTTPS

    def with_host(self, host: Other) -> "Address[Other]":
        """Return the address with another host."""
        return Address(host, self.port, self.path, self.scheme, self.authority, self.name)


@dataclass(frozen=True, slots=True)
class EndpointLayout(Generic[Host]):
    """One frontend URL of a service, for one or more interfaces, and its backends.

    ``catalog_type``: the type in the catalog; ``service``: its official type. A catalog's ``volumev3`` is ``block-storage``.
    ``fixed_links``: the service writes a configured address into its links, not the ``Host``. ``timeouts``: its own.
    """

    catalog_type: str
    service: str
    name: str
    interfaces: tuple[str, ...]
    frontend: FrontendUrl[Host]
    backends: tuple[Address[Host], ...] = ()
    fixed_links: bool = False
    timeouts: ServiceTimeouts = AS_GATEWAY

    @property
    def key(self) -> str:
        """A unique name among the endpoints of a cloud: catalog type and first interface."""
        return f"{self.catalog_type}.{self.interfaces[0]}"

    def with_hosts(self, change: Callable[[Host], Other]) -> "EndpointLayout[Other]":
        """Return the endpoint with each host replaced by the result of ``change``."""
        same: Any = self
        backends = tuple(backend.with_host(change(backend.host)) for backend in self.backends)
        changed: EndpointLayout[Other] = replace(
            same, frontend=self.frontend.with_host(change(self.frontend.host)), backends=backends
        )
        return changed


@dataclass(frozen=True, slots=True)
class Endpoint(EndpointLayout[str]):
    """An endpoint of the cloud that it names."""

    cloud: str = field(kw_only=True)

    @property
    def listener(self) -> Listener:
        """Host and port of the frontend."""
        return Listener(self.frontend.host, self.frontend.port)

    @property
    def forwarded_prefix(self) -> str | None:
        """The part of the frontend's prefix that a backend's path lacks, for ``X-Forwarded-Prefix``.

        None for a backend with the whole prefix, or with a path that the prefix does not end in.
        """
        path = self.backends[0].path if self.backends else ""
        return self.frontend.prefix.removesuffix(path) or None if self.frontend.prefix.endswith(path) else None
