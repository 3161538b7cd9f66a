# SPDX-License-Identifier: Apache-2.0
"""The tables that HAProxy looks things up in: they grow with the mesh, the rules do not."""

from collections.abc import Iterable, Iterator

from openstackoid.mesh import Cloud, Endpoint, Mesh
from openstackoid.routing.places import bind_ids, peer_backend

ENDPOINTS, PAIRS, TARGETS, OTHER_PREFIX = "endpoints.map", "pairs.map", "targets.map", "other-prefix.map"


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


def other_prefix_map(mesh: Mesh, at: str) -> str:
    """The targets whose path prefix differs from the local endpoint's: their version documents need other links."""
    return _lines((key, "1") for key, here, target in _targets(mesh, at) if here.frontend.prefix != target.frontend.prefix)


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
