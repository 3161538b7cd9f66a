# SPDX-License-Identifier: Apache-2.0
"""The layout of a cloud: its endpoints with numbers instead of hosts. Thousands of clouds share a handful of layouts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, NamedTuple, Protocol, runtime_checkable

from pydantic import Field

from openstackoid.mesh.endpoint import Endpoint, EndpointLayout
from openstackoid.mesh.settings import AS_GATEWAY

if TYPE_CHECKING:
    from openstackoid.mesh.model import Cloud

HostNumber = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, eq=False)
class Layout:
    """The common endpoints of clouds, in order. Equal layouts of one mesh are one object.

    A host is its number among those of the cloud; the hosts of frontends come first.
    """

    endpoints: Annotated[tuple[EndpointLayout[HostNumber], ...], Field(min_length=1)]

    @cached_property
    def services(self) -> frozenset[str]:
        """The official service types of the layout."""
        return frozenset(endpoint.service for endpoint in self.endpoints)

    @cached_property
    def schemes(self) -> frozenset[str]:
        """The schemes of the frontends."""
        return frozenset(endpoint.frontend.scheme for endpoint in self.endpoints)

    @cached_property
    def frontend_hosts(self) -> int:
        """The number of hosts of frontends."""
        return 1 + max(endpoint.frontend.host for endpoint in self.endpoints)

    @cached_property
    def hosts(self) -> int:
        """The number of hosts of a cloud with this layout."""
        backends = (1 + backend.host for endpoint in self.endpoints for backend in endpoint.backends)
        return max(self.frontend_hosts, *backends, 0)

    @cached_property
    def sockets(self) -> Mapping[tuple[int, int], EndpointLayout[int]]:
        """The first endpoint at each host and port of frontends."""
        found: dict[tuple[int, int], EndpointLayout[int]] = {}
        for endpoint in self.endpoints:
            found.setdefault((endpoint.frontend.host, endpoint.frontend.port), endpoint)
        return found

    @cached_property
    def shares_ports(self) -> bool:
        """Whether two hosts of frontends have the same port."""
        return len(self.sockets) > len({port for _, port in self.sockets})

    @cached_property
    def seen_by_peers(self) -> "Layout":
        """The layout without parts that no peer uses: backends, names and timeouts of services, versions in URLs."""
        return Layout(
            tuple(
                replace(endpoint, name="", frontend=replace(endpoint.frontend, suffix=""), backends=(), timeouts=AS_GATEWAY)
                for endpoint in self.endpoints
            )
        )

    def endpoints_of(self, cloud: str, hosts: tuple[str, ...]) -> tuple[Endpoint, ...]:
        """Return the endpoints of the cloud with these hosts."""
        return tuple(_of_cloud(endpoint.with_hosts(hosts.__getitem__), cloud) for endpoint in self.endpoints)

    @cached_property
    def _hash(self) -> int:
        return hash(self.endpoints)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Layout) and self.endpoints == other.endpoints)


class Frontends(NamedTuple):
    """The frontends of a cloud: its layout for peers, and the hosts by number."""

    layout: Layout
    hosts: tuple[str, ...]


@runtime_checkable
class WithFrontends(Protocol):
    """Clouds with frontends that are known without unpacking."""

    @property
    def frontends(self) -> Mapping[str, Frontends]:
        """For each cloud, its frontends."""


def numbered(endpoints: Iterable[EndpointLayout[str]]) -> tuple[Layout, tuple[str, ...]]:
    """Return the layout of endpoints, and the hosts by number."""
    every = tuple(endpoints)
    hosts = [endpoint.frontend.host for endpoint in every]
    hosts += [backend.host for endpoint in every for backend in endpoint.backends]
    numbers = {host: number for number, host in enumerate(dict.fromkeys(hosts))}
    return Layout(tuple(endpoint.with_hosts(numbers.__getitem__) for endpoint in every)), tuple(numbers)


def frontends_of(clouds: Mapping[str, "Cloud"]) -> Mapping[str, Frontends]:
    """Return the frontends of clouds; equal layouts are one object."""
    if isinstance(clouds, WithFrontends):
        return clouds.frontends
    known: dict[Layout, Layout] = {}
    found = {}
    for name, cloud in clouds.items():
        layout, hosts = numbered(_of_no_cloud(endpoint) for endpoint in cloud.endpoints)
        seen = layout.seen_by_peers
        found[name] = Frontends(known.setdefault(seen, seen), hosts[: layout.frontend_hosts])
    return found


def _of_cloud(endpoint: EndpointLayout[str], cloud: str) -> Endpoint:
    return Endpoint(*(getattr(endpoint, field.name) for field in fields(EndpointLayout)), cloud=cloud)


def _of_no_cloud(endpoint: Endpoint) -> EndpointLayout[str]:
    return EndpointLayout(*(getattr(endpoint, field.name) for field in fields(EndpointLayout)))
