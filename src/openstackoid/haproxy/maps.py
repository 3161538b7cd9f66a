# SPDX-License-Identifier: Apache-2.0
"""The tables that HAProxy looks things up in: they grow with the mesh, the rules do not."""

from collections.abc import Iterable, Iterator

from openstackoid.mesh import Cloud, Endpoint, Mesh
from openstackoid.routing import own_places, peer_places, relinked
from openstackoid.routing.places import bind_ids, peer_backend

ENDPOINTS, PAIRS, TARGETS = "endpoints.map", "pairs.map", "targets.map"
LINKS, RELINKED = "links.map", "relinked.map"
SENDERS = "senders.map"


def endpoints_map(cloud: Cloud) -> str:
    """Socket and path prefix to the endpoint's key; both sides end in a slash, so that ``/imagefoo`` is not ``/image``."""
    ids = bind_ids(cloud)
    rows: dict[str, str] = {}
    for endpoint in cloud.endpoints:
        rows.setdefault(f"{ids[endpoint.listener]}{endpoint.frontend.prefix}/", endpoint.key)
    return _lines(rows.items())


def pairs_map(mesh: Mesh) -> str:
    """Every entry that a scope may hold, as it is written: what is not in here is not decided by HAProxy."""
    rows = []
    for name, cloud in mesh.clouds.items():
        rows.append((f'"*":"{name}"', name))
        rows.extend((f'"{service}":"{name}"', name) for service in sorted(cloud.services))
    return _lines(rows)


def targets_map(mesh: Mesh, at: str) -> str:
    """Peer and local endpoint to the HAProxy backend of the socket where that peer serves the same service."""
    return _lines((key, peer_backend(mesh.clouds[target.cloud], target.listener)) for key, _, target in _targets(mesh, at))


def relinked_map(mesh: Mesh, at: str) -> str:
    """The targets in whose answers the bridge mends links, and in which of them."""
    return _lines((key, which) for key, here, target in _targets(mesh, at) if (which := relinked(here, target)))


def senders_map(mesh: Mesh) -> str:
    """The clouds whose gateways may show a certificate."""
    return _lines((name, name) for name in mesh.clouds)


def links_map(mesh: Mesh, at: str) -> str:
    """What a link in an answer's header may name, and what of ours it means.

    A key is who was asked for what, and a path on the client's own host; or peer and interface, and a frontend of that peer. It
    ends in a slash, as the keys of ``endpoints.map`` do. A value is how many segments of the path to cut, then the number of our
    socket, its origin, and our prefix.
    """
    here = mesh.clouds[at]
    ids = bind_ids(here)

    def row(key: str, prefix: str, ours: Endpoint) -> tuple[str, str]:
        value = f"{prefix.count('/')}|{ids[ours.listener]}|{ours.frontend.origin()}|{ours.frontend.prefix}"
        return f"{key}{prefix}/", value

    rows: dict[str, str] = {}
    asked = [(endpoint.key, endpoint, endpoint) for endpoint in here.endpoints]
    for key, entrance, target in (*asked, *_targets(mesh, at)):
        rows.update(row(f"{key}|", prefix, ours) for prefix, ours in own_places(here, entrance, target).items())
    interfaces = sorted({endpoint.interfaces[0] for endpoint in here.endpoints})
    for name, peer in mesh.clouds.items():
        for interface in interfaces if name != at else ():
            for host, prefix, ours in peer_places(here, peer, interface):
                key, value = row(f"{name}/{interface}|{host}", prefix, ours)
                rows.setdefault(key, value)
    return _lines(rows.items())


def _targets(mesh: Mesh, at: str) -> Iterator[tuple[str, Endpoint, Endpoint]]:
    for name, peer in mesh.clouds.items():
        if name == at:
            continue
        for endpoint in mesh.clouds[at].endpoints:
            target = peer.endpoint(endpoint.service, endpoint.interfaces[0])
            if target is not None:
                yield f"{name}/{endpoint.key}", endpoint, target


def _lines(rows: Iterable[tuple[str, str]]) -> str:
    return "".join(f"{key} {value}\n" for key, value in rows)
