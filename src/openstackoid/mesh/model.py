# SPDX-License-Identifier: Apache-2.0
"""The mesh for the routing decision: immutable, indexed, without input or output."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from openstackoid.mesh.collaboration import Collaboration
from openstackoid.mesh.endpoint import INTERFACES, Address, Endpoint, Listener
from openstackoid.mesh.layout import Frontends, frontends_of
from openstackoid.mesh.settings import AS_GATEWAY, GatewaySettings, Timeouts
from openstackoid.mesh.urls import HTTPS
from openstackoid.policy import NOBODY, Policy
from openstackoid.scope import KnownNames


@dataclass(frozen=True, kw_only=True)
class Cloud(GatewaySettings):
    """An independent OpenStack and the gateway in front of it, with its settings.

    ``policy``: the accepted users of other clouds; none by default. ``addresses``: of the hosts of frontends, as far as they are
    known; two hosts with one address share a socket.
    """

    name: str
    region: str
    endpoints: tuple[Endpoint, ...]
    policy: Policy = NOBODY
    addresses: Mapping[str, str] = field(default_factory=dict, hash=False)

    @cached_property
    def services(self) -> frozenset[str]:
        """The official service types of this cloud."""
        return frozenset(endpoint.service for endpoint in self.endpoints)

    @cached_property
    def listeners(self) -> tuple[Listener, ...]:
        """Host and port of each frontend, in a stable order; their numbers begin with one."""
        return tuple(sorted({endpoint.listener for endpoint in self.endpoints}))

    @cached_property
    def sockets(self) -> Mapping[int, tuple[Listener, ...]]:
        """The listeners at each socket of the gateway; a socket has the number of its first listener."""
        numbers: dict[tuple[str, int], int] = {}
        found: dict[int, tuple[Listener, ...]] = {}
        for number, listener in enumerate(self.listeners, start=1):
            address = self.bind or self.addresses.get(listener.host, listener.host)
            socket = numbers.setdefault((address, listener.port), number)
            found[socket] = (*found.get(socket, ()), listener)
        return found

    @cached_property
    def shared_sockets(self) -> Mapping[int, tuple[Listener, ...]]:
        """The sockets of several listeners, which the ``Host`` of a request tells apart."""
        return {number: listeners for number, listeners in self.sockets.items() if len(listeners) > 1}

    @cached_property
    def secure_listeners(self) -> frozenset[Listener]:
        """The listeners of https."""
        return frozenset(endpoint.listener for endpoint in self.endpoints if endpoint.frontend.scheme == HTTPS)

    @cached_property
    def secure_backends(self) -> frozenset[Address[str]]:
        """The backends of https."""
        return frozenset(address for endpoint in self.endpoints for address in endpoint.backends if address.secure)

    def timeouts_of(self, endpoint: Endpoint) -> Timeouts:
        """Return the waits for requests to an endpoint of this cloud, and for those that leave for the same service."""
        own = endpoint.timeouts
        if own == AS_GATEWAY:
            return self.timeouts
        return replace(self.timeouts, client=own.client or self.timeouts.client, server=own.server or self.timeouts.server)

    @cached_property
    def longest_waits(self) -> Timeouts:
        """The longest waits for any service."""
        waits = [self.timeouts, *map(self.timeouts_of, self.endpoints)]
        return replace(self.timeouts, client=max(each.client for each in waits), server=max(each.server for each in waits))

    @cached_property
    def _by_prefix(self) -> Mapping[Listener, Sequence[tuple[str, Endpoint]]]:
        """The endpoints at each listener with their prefixes, the longest first."""
        ordered = sorted(self.endpoints, key=lambda endpoint: len(endpoint.frontend.prefix), reverse=True)
        found: dict[Listener, list[tuple[str, Endpoint]]] = {}
        for endpoint in ordered:
            found.setdefault(endpoint.listener, []).append((f"{endpoint.frontend.prefix}/", endpoint))
        return found

    def locate(self, listener: Listener, path: str) -> Endpoint | None:
        """Return the endpoint of a request to ``listener`` for ``path``: the longest prefix of whole segments."""
        whole = f"{path}/"
        return next((endpoint for prefix, endpoint in self._by_prefix.get(listener, ()) if whole.startswith(prefix)), None)

    def endpoint(self, service: str, interface: str) -> Endpoint | None:
        """Return the endpoint of a service for an interface, else for its first interface."""
        having = [endpoint for endpoint in self.endpoints if endpoint.service == service]
        for wanted in (interface, *INTERFACES):
            for endpoint in having:
                if wanted in endpoint.interfaces:
                    return endpoint
        return None

    def __repr__(self) -> str:
        return f"<Cloud {self.name}: {', '.join(sorted(self.services))}>"


@dataclass(frozen=True)
class Mesh:
    """The clouds, the rules for services that must be in one cloud, and the clouds that share a data plane.

    ``clouds`` may be thousands, each unpacked on first use; :attr:`frontends` has their common facts. ``shared``: for a service
    type, the groups of clouds whose resources reach each other. ``round_trips``: the times between the gateways of two clouds in
    milliseconds, as the operator has written them. ``blocked``: the clouds that the operator of this gateway has cut off.
    """

    clouds: Mapping[str, Cloud]
    collaborations: tuple[Collaboration, ...] = ()
    shared: tuple[tuple[str, frozenset[str]], ...] = ()
    round_trips: tuple[tuple[str, str, float], ...] = ()
    blocked: frozenset[str] = frozenset()

    @cached_property
    def written_times(self) -> Mapping[str, Mapping[str, float]]:
        """For each cloud with a written round-trip time, the other clouds of its times, in milliseconds."""
        found: dict[str, dict[str, float]] = {}
        for one, other, milliseconds in self.round_trips:
            found.setdefault(one, {})[other] = milliseconds
            found.setdefault(other, {})[one] = milliseconds
        return found

    def together(self, service: str, one: str, other: str) -> bool:
        """Return whether resources of ``service`` in one cloud can be used in the other permanently."""
        return one == other or any(service == known and one in clouds and other in clouds for known, clouds in self.shared)

    def share_data_plane(self, one: str, other: str) -> bool:
        """Return whether two clouds share the data plane of any service."""
        return any(one in clouds and other in clouds for _, clouds in self.shared)

    def sends_service_tokens(self, cloud: str, to: str) -> bool:
        """Return whether the gateway of ``cloud`` sends tokens of its services to another cloud.

        Bound to the gateway there they may go anywhere, and as they are only into a shared data plane.
        """
        return self.clouds[cloud].tls is not None or self.share_data_plane(cloud, to)

    def sharing(self, cloud: str) -> list[str]:
        """Return the other clouds that share a data plane with ``cloud``, in alphabetical order."""
        return sorted({name for _, clouds in self.shared if cloud in clouds for name in clouds} - {cloud})

    @cached_property
    def services(self) -> frozenset[str]:
        """The official service types of all clouds."""
        return frozenset(service for layout in {own.layout for own in self.frontends.values()} for service in layout.services)

    @cached_property
    def known_clouds(self) -> KnownNames:
        """The names of the clouds, for the parser of a scope."""
        return KnownNames(self.clouds)

    @cached_property
    def known_services(self) -> KnownNames:
        """The service types of the mesh, for the parser of a scope."""
        return KnownNames(self.services)

    @cached_property
    def offers(self) -> Mapping[str, frozenset[str]]:
        """The service types of each cloud."""
        return {name: own.layout.services for name, own in self.frontends.items()}

    @cached_property
    def frontends(self) -> Mapping[str, Frontends]:
        """For each cloud, its frontends: a shared layout, and its own hosts."""
        return frontends_of(self.clouds)

    def __repr__(self) -> str:
        return f"<Mesh {', '.join(self.clouds)}>"
