# SPDX-License-Identifier: Apache-2.0
"""The mesh as the routing decision sees it: immutable, indexed, and without any input or output."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from openstackoid.mesh.collaboration import Collaboration
from openstackoid.mesh.endpoint import INTERFACES, Endpoint, Listener
from openstackoid.mesh.layout import Frontends, frontends_of
from openstackoid.mesh.settings import GatewaySettings
from openstackoid.mesh.urls import HTTPS
from openstackoid.policy import NOBODY, Policy
from openstackoid.scope import KnownNames


@dataclass(frozen=True, kw_only=True)
class Cloud(GatewaySettings):
    """One independent OpenStack and the gateway in front of it, with that gateway's settings.

    ``policy`` says which users of other clouds come in: none, unless the operator wrote one.
    """

    name: str
    region: str
    endpoints: tuple[Endpoint, ...]
    policy: Policy = NOBODY

    @cached_property
    def services(self) -> frozenset[str]:
        """The official service types that this cloud offers."""
        return frozenset(endpoint.service for endpoint in self.endpoints)

    @cached_property
    def listeners(self) -> tuple[Listener, ...]:
        """The sockets of the gateway, in a stable order."""
        return tuple(sorted({endpoint.listener for endpoint in self.endpoints}))

    @cached_property
    def secure_listeners(self) -> frozenset[Listener]:
        """The sockets on which the gateway speaks https."""
        return frozenset(endpoint.listener for endpoint in self.endpoints if endpoint.frontend.scheme == HTTPS)

    def locate(self, listener: Listener, path: str) -> Endpoint | None:
        """Return the endpoint of a request to ``listener`` for ``path``: that of the longest prefix, cut at a segment's end."""
        best = None
        for endpoint in self.endpoints:
            prefix = endpoint.frontend.prefix
            if (
                endpoint.listener == listener
                and f"{path}/".startswith(f"{prefix}/")
                and (best is None or len(prefix) > len(best.frontend.prefix))
            ):
                best = endpoint
        return best

    def endpoint(self, service: str, interface: str) -> Endpoint | None:
        """Return the endpoint of a service for an interface, else for the first interface that it has."""
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
    """The clouds that know of each other, the rules for services of one cloud, and the clouds that share a data plane.

    ``clouds`` may be thousands, each made on its first use; :attr:`frontends` has the common facts of all of them.
    ``shared`` has, for a service type, the groups of clouds whose resources of that service reach each other.
    """

    clouds: Mapping[str, Cloud]
    collaborations: tuple[Collaboration, ...] = ()
    shared: tuple[tuple[str, frozenset[str]], ...] = ()

    def together(self, service: str, one: str, other: str) -> bool:
        """Return whether resources of ``service`` in one cloud can be used in the other for as long as they live."""
        return one == other or any(service == known and one in clouds and other in clouds for known, clouds in self.shared)

    def share_data_plane(self, one: str, other: str) -> bool:
        """Return whether two clouds share the data plane of any service."""
        return any(one in clouds and other in clouds for _, clouds in self.shared)

    def sharing(self, cloud: str) -> list[str]:
        """Return the other clouds that share the data plane of any service with ``cloud``, in alphabetical order."""
        return sorted({name for _, clouds in self.shared if cloud in clouds for name in clouds} - {cloud})

    @cached_property
    def services(self) -> frozenset[str]:
        """The official service types that any cloud of the mesh offers."""
        return frozenset(service for layout in {own.layout for own in self.frontends.values()} for service in layout.services)

    @cached_property
    def known_clouds(self) -> KnownNames:
        """The names of the clouds, for the reader of a scope."""
        return KnownNames(self.clouds)

    @cached_property
    def known_services(self) -> KnownNames:
        """The service types of the mesh, for the reader of a scope."""
        return KnownNames(self.services)

    @cached_property
    def offers(self) -> Mapping[str, frozenset[str]]:
        """For each cloud, the service types that it offers."""
        return {name: own.layout.services for name, own in self.frontends.items()}

    @cached_property
    def frontends(self) -> Mapping[str, Frontends]:
        """For each cloud, its frontends: a layout, which many clouds share, and its own hosts."""
        return frontends_of(self.clouds)

    def __repr__(self) -> str:
        return f"<Mesh {', '.join(self.clouds)}>"
