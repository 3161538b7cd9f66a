# SPDX-License-Identifier: Apache-2.0
"""The maps of HAProxy: they grow by a row with a cloud, the rules do not.

The common facts of a layout are in the maps once, by its name. So the gateway of a mesh of ten thousand clouds starts like that
of two.
"""

from collections.abc import Iterable, Iterator, Mapping
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton

from openstackoid.mesh import Cloud, Endpoint, Frontends, Layout, Mesh
from openstackoid.routing import own_places
from openstackoid.routing.backend_names import bind_ids
from openstackoid.routing.links import plain_host

ENDPOINTS, CLOUDS, HOSTS, TARGETS, LINKS = "endpoints.map", "clouds.map", "hosts.map", "targets.map", "links.map"
DOWN, WIRES, ROUTES, SLOTS = "down.map", "wire.map", "routes.map", "slots.map"
PATHS, NAMES, LISTENERS = "paths.map", "names.map", "listeners.map"

BOUND_TOKENS, BOUND_SLOTS = "bound.map", "bound_slots.map"

HAPROXYS = (DOWN, WIRES, ROUTES, SLOTS)
"""The maps that HAProxy fills itself: they begin empty."""

BINDING = (BOUND_TOKENS, BOUND_SLOTS)
"""Those that it fills where gateways have certificates."""

SAME = "="
"""In ``targets.map``: the path prefix of the local endpoint."""

Addresses = Mapping[str, str]
"""The addresses of host names known without DNS."""


def all_maps(mesh: Mesh, at: str, addresses: Addresses) -> dict[str, str]:
    """Return the tables of the gateway of ``at``, by their files' names."""
    layouts = layouts_of(mesh, at)
    tables = {
        ENDPOINTS: endpoints_map(mesh.clouds[at]),
        CLOUDS: clouds_map(mesh, layouts, addresses),
        TARGETS: targets_map(mesh, at, layouts),
        LINKS: links_map(mesh, at, layouts),
        **dict.fromkeys(HAPROXYS if mesh.clouds[at].tls is None else HAPROXYS + BINDING, ""),
    }
    return tables if most_hosts(mesh, at) == 1 else tables | {HOSTS: hosts_map(mesh, addresses)}


def listeners_map(cloud: Cloud) -> str:
    """Map the number of a socket, and at a shared one the host, to the number of the listener. Each ends in a bar."""
    ids = bind_ids(cloud)
    return _lines(
        (f"{socket}|{f'{listener.host}|' if len(own) > 1 else ''}", str(ids[listener]))
        for socket, own in cloud.sockets.items()
        for listener in own
    )


def layouts_of(mesh: Mesh, at: str) -> dict[Layout, tuple[str, Cloud]]:
    """Return for each layout its name in the maps, and a cloud of that layout, a peer if possible."""
    found: dict[Layout, str] = {}
    for name, own in mesh.frontends.items():
        if name != at:
            found.setdefault(own.layout, name)
    found.setdefault(mesh.frontends[at].layout, at)
    return {layout: (f"s{number}", mesh.clouds[name]) for number, (layout, name) in enumerate(found.items(), start=1)}


def endpoints_map(cloud: Cloud) -> str:
    """Map listener and path prefix to the endpoint's key; both end in a slash, so that ``/imagefoo`` is not ``/image``."""
    ids = bind_ids(cloud)
    rows: dict[str, str] = {}
    for endpoint in cloud.endpoints:
        rows.setdefault(f"{ids[endpoint.listener]}{endpoint.frontend.prefix}/", endpoint.key)
    return _lines(rows.items())


def clouds_map(mesh: Mesh, layouts: Mapping[Layout, tuple[str, Cloud]], addresses: Addresses) -> str:
    """Map a cloud's name to name, layout, first host, and that host's address, empty if DNS must be asked.

    Each ends in a bar, after which the cache of routes writes the mark, and the home of a user of a third cloud.
    """
    return _lines(
        (name, f"{name}|{layouts[own.layout][0]}|{_host(own.hosts[0], addresses)}|") for name, own in mesh.frontends.items()
    )


def hosts_map(mesh: Mesh, addresses: Addresses) -> str:
    """Map a cloud's name and a host's number to host and address, for clouds of several hosts."""
    return _lines(
        (f"{name}/{number}", _host(host, addresses))
        for name, own in mesh.frontends.items()
        for number, host in enumerate(own.hosts[1:], start=1)
    )


def targets_map(mesh: Mesh, at: str, layouts: Mapping[Layout, tuple[str, Cloud]]) -> str:
    """Map layout and local endpoint to the same endpoint in clouds of that layout: number of the host, port, path prefix."""
    return _lines((key, where) for key, _, _, where in _targets(mesh, at, layouts))


def links_map(mesh: Mesh, at: str, layouts: Mapping[Layout, tuple[str, Cloud]]) -> str:
    """Map links in headers of answers to their meaning here.

    A key is the requested endpoint, and a path on the client's own host; or layout and interface, and a frontend of such a peer:
    the number of its host with its port, and the path. It ends in a slash, like the keys of ``endpoints.map``. A value is the
    number of segments to cut, the number of our socket, its origin, our prefix, and the key of our endpoint.
    """
    here = mesh.clouds[at]
    ids = bind_ids(here)

    def row(key: str, prefix: str, ours: Endpoint) -> tuple[str, str]:
        place = f"{ids[ours.listener]}|{ours.frontend.origin()}|{ours.frontend.prefix}|{ours.key}"
        return f"{key}{prefix}/", f"{prefix.count('/')}|{place}"

    rows: dict[str, str] = {}
    asked = [(endpoint.key, endpoint, endpoint) for endpoint in here.endpoints]
    asked += [(key, frontend_endpoint, target) for key, frontend_endpoint, target, _ in _targets(mesh, at, layouts)]
    for key, frontend_endpoint, target in asked:
        rows.update(row(f"{key}|", prefix, ours) for prefix, ours in own_places(here, frontend_endpoint, target).items())
    for name, peer in layouts.values():
        hosts = mesh.frontends[peer.name].hosts
        for interface in sorted({endpoint.interfaces[0] for endpoint in here.endpoints}):
            for endpoint in peer.endpoints:
                ours = here.endpoint(endpoint.service, interface)
                if ours is not None and peer.name != at:
                    frontend = endpoint.frontend
                    host = plain_host(f"{hosts.index(frontend.host)}:{frontend.port}", here)
                    key, value = row(f"{name}/{interface}|{host}", frontend.prefix, ours)
                    rows.setdefault(key, value)
    return _lines(rows.items())


def most_hosts(mesh: Mesh, at: str) -> int:
    """Return the largest number of hosts that a peer has."""
    return max((len(own.hosts) for name, own in mesh.frontends.items() if name != at), default=1)


def has_names(mesh: Mesh, at: str, addresses: Addresses) -> bool:
    """Return whether DNS must be asked about a host of a peer."""
    peers: Iterator[Frontends] = (own for name, own in mesh.frontends.items() if name != at)
    return any(_address(host, addresses) == "" for own in peers for host in own.hosts)


def _targets(mesh: Mesh, at: str, layouts: Mapping[Layout, tuple[str, Cloud]]) -> Iterator[tuple[str, Endpoint, Endpoint, str]]:
    """Yield the key, the local endpoint, that of a peer of the layout, and its place, for each service of both."""
    for name, peer in layouts.values():
        if peer.name == at:
            continue
        hosts = mesh.frontends[peer.name].hosts
        for endpoint in mesh.clouds[at].endpoints:
            target = peer.endpoint(endpoint.service, endpoint.interfaces[0])
            if target is not None:
                frontend = target.frontend
                prefix = SAME if frontend.prefix == endpoint.frontend.prefix else frontend.prefix
                yield f"{name}/{endpoint.key}", endpoint, target, f"{hosts.index(frontend.host)}|{frontend.port}|{prefix}"


def _host(host: str, addresses: Addresses) -> str:
    return f"{host}|{_address(host, addresses)}"


def _address(host: str, addresses: Addresses) -> str:
    bare = host.strip("[]")
    try:
        # Of thousands of hosts, and some twenty times as fast as ipaddress.
        if ":" in bare:
            return inet_ntop(AF_INET6, inet_pton(AF_INET6, bare))
        inet_pton(AF_INET, bare)
    except OSError:
        return addresses.get(bare.lower(), "")
    return bare


def _lines(rows: Iterable[tuple[str, str]]) -> str:
    return "".join(f"{key} {value}\n" for key, value in rows)
