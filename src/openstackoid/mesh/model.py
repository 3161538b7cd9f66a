# SPDX-License-Identifier: Apache-2.0
"""The mesh as the routing decision sees it: immutable, indexed, and without any input or output."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from openstackoid.mesh.collaboration import Collaboration
from openstackoid.mesh.outline import Outline, outlines
from openstackoid.mesh.urls import HTTPS, FrontendUrl
from openstackoid.policy import NOBODY, Policy
from openstackoid.scope import KnownNames

INTERFACES = ("public", "internal", "admin")


@dataclass(frozen=True, slots=True, order=True)
class Listener:
    """A socket of a gateway: the host and port that the catalog's URLs name."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """Where a service process of the local cloud listens, and the path under which it answers (``/compute``, or empty)."""

    host: str
    port: int
    path: str

    def url(self) -> str:
        """Return the address as a URL."""
        return f"http://{self.host}:{self.port}{self.path}"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One frontend URL of a service of a cloud, for one or more interfaces, and the backends behind it.

    ``catalog_type`` is the service type in the catalog; ``service`` the official type that it means. They differ for aliases:
    a catalog's ``volumev3`` is the service ``block-storage``. ``fixed_links``: the service writes an address of its configuration
    into the links of its answers, not the ``Host`` that it is sent.
    """

    cloud: str
    catalog_type: str
    service: str
    name: str
    interfaces: tuple[str, ...]
    frontend: FrontendUrl
    backends: tuple[Address, ...]
    fixed_links: bool = False

    @property
    def listener(self) -> Listener:
        """The socket of the gateway that serves this endpoint."""
        return Listener(self.frontend.host, self.frontend.port)

    @property
    def key(self) -> str:
        """A name that is unique among the endpoints of a cloud: catalog type and first interface."""
        return f"{self.catalog_type}.{self.interfaces[0]}"

    @property
    def forwarded_prefix(self) -> str | None:
        """The part of the frontend's prefix that a backend does not have in its own path, as ``X-Forwarded-Prefix`` tells it.

        None where it has the whole, or answers under a path that is no end of the prefix.
        """
        path = self.backends[0].path if self.backends else ""
        return self.frontend.prefix.removesuffix(path) or None if self.frontend.prefix.endswith(path) else None


@dataclass(frozen=True)
class Timeouts:
    """How long a gateway waits, in seconds.

    ``connect``: for a connection to a backend or peer; ``client`` and ``server``: for the next bytes of either side;
    ``check``: between two health checks of a backend; for so long, a peer that was not reached is not tried again.
    """

    connect: float = 3.0
    client: float = 60.0
    server: float = 60.0
    check: float = 2.0


@dataclass(frozen=True)
class Memory:
    """How many workflows the store keeps at most, and for how many seconds after the last request of each.

    ``user`` and ``peer`` are the most of one user, and of all users of another cloud together; None for the usual share.
    """

    workflows: int = 100_000
    seconds: float = 21_600.0
    user: int | None = None
    peer: int | None = None

    @property
    def of_user(self) -> int:
        """The most workflows of one user: a quarter, if nothing else is said."""
        return max(1, self.workflows // 4) if self.user is None else self.user

    @property
    def of_peer(self) -> int:
        """The most workflows of another cloud's users: half, if nothing else is said."""
        return max(1, self.workflows // 2) if self.peer is None else self.peer


@dataclass(frozen=True, slots=True)
class DatabaseServer:
    """The operator's database for the store: its URL, in which there is no password, and the file that holds the password."""

    url: str
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Tls:
    """The files by which a gateway proves who it is: its certificate with the key, and the authority of the mesh's gateways."""

    certificate: str
    authority: str


@dataclass(frozen=True)
class Limits:
    """How much a gateway takes on.

    ``connections`` are those of all clients at once; further ones wait to be accepted. ``bridge``: requests that the Python
    service works on at once; further ones wait ``wait`` seconds. ``source_connections`` and ``source_requests`` (a second) are
    those of one source address, None where there is no limit; addresses and networks in ``exempt`` have none.
    """

    connections: int = 10_000
    bridge: int = 500
    wait: float = 5.0
    source_connections: int | None = None
    source_requests: int | None = None
    exempt: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cloud:
    """One independent OpenStack and the gateway in front of it.

    ``force``: users may override a refused collaboration at this gateway. ``store``: the database that the cloud's gateways
    share, None where a gateway keeps a file of its own. ``readers`` is the path of the file with the accounts that the operators
    of peers have given to this gateway, if there is one. ``policy`` says whose users come in from abroad: nobody's, unless it was
    written. ``tls``: the gateway speaks https to its peers, and to users where its frontends are https.
    """

    name: str
    region: str
    endpoints: tuple[Endpoint, ...]
    bind: str | None = None
    timeouts: Timeouts = Timeouts()
    memory: Memory = Memory()
    force: bool = False
    store: DatabaseServer | None = None
    readers: str | None = None
    policy: Policy = NOBODY
    tls: Tls | None = None
    limits: Limits = Limits()

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
        """Return the endpoint that a request to ``listener`` for ``path`` names: the longest prefix, cut at a segment's end."""
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
    """The clouds that know of each other, what must be of one cloud, and which of them share a data plane.

    ``clouds`` may be thousands, each made when it is asked for; what is to be known of all of them, :attr:`outlines` tell.
    ``shared`` has, for a service type, the groups of clouds whose resources of that service reach each other.
    """

    clouds: Mapping[str, Cloud]
    collaborations: tuple[Collaboration, ...] = ()
    shared: tuple[tuple[str, frozenset[str]], ...] = ()

    def together(self, service: str, one: str, other: str) -> bool:
        """Return whether what ``service`` has in one cloud can be used in the other for good."""
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
        return frozenset(service for shape in {own.shape for own in self.outlines.values()} for service in shape.services)

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
        return {name: own.shape.services for name, own in self.outlines.items()}

    @cached_property
    def outlines(self) -> Mapping[str, Outline]:
        """For each cloud, what its frontends are: a shape, which many clouds share, and its own hosts."""
        return outlines(self.clouds)

    def __repr__(self) -> str:
        return f"<Mesh {', '.join(self.clouds)}>"
