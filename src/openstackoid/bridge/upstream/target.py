# SPDX-License-Identifier: Apache-2.0
"""The target of a request: the backends of an endpoint of this cloud, or a frontend of a peer. HAProxy knows the way there."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from openstackoid.bridge.errors import AnswerError
from openstackoid.mesh import HTTPS, Address, Cloud, Endpoint, Mesh
from openstackoid.routing import Destination
from openstackoid.routing.backend_names import leaving_target, local_target, peer_target


@dataclass(frozen=True, slots=True)
class Target:
    """The next place of a request: its URL, the words that name it in an error, and its name for HAProxy (``to``).

    ``secure``: a service of this cloud is told that the client speaks https. ``peer`` is the cloud whose gateway is asked;
    ``certified`` the one that the certificate there must name. ``backends`` are those of a service of this cloud: the log names
    them, no answer does. ``gateway`` names the peer's gateway for HAProxy, for pages of its own.
    """

    url: str
    place: str
    to: str
    secure: bool = False
    peer: str | None = None
    certified: str | None = None
    backends: tuple[Address[str], ...] = ()
    gateway: str = ""


def target_of(mesh: Mesh, at: str, endpoint: Endpoint, path: str) -> Target:
    """Return the target for ``path`` of an endpoint's frontend, for a request of the gateway of the cloud ``at`` itself.

    Raises :class:`AnswerError` for an endpoint of that cloud without a backend.
    """
    if endpoint.cloud == at:
        return _local(endpoint, path)
    gateway = _gateway(mesh, endpoint)
    return _peer(endpoint, path, gateway, gateway)


def gateway_targets(mesh: Mesh, at: str, peer: Cloud, page: str) -> list[Target]:
    """Return the targets for a page of a peer's gateway, one for each of its sockets."""
    sockets = {endpoint.frontend.origin(): endpoint for endpoint in peer.endpoints}
    return [
        replace(target_of(mesh, at, endpoint, page), place=f"the gateway of {peer.name} at {endpoint.listener}")
        for endpoint in sockets.values()
    ]


def peer_gateways(mesh: Mesh, at: str) -> Iterator[str]:
    """Yield the name for HAProxy of each gateway of the peers of ``at``, of those with several endpoints again and again."""
    for cloud in mesh.clouds.values():
        if cloud.name != at and cloud.name not in mesh.blocked:
            for endpoint in cloud.endpoints:
                yield _gateway(mesh, endpoint)


def leg_target(mesh: Mesh, at: str, plan: Destination, home: str) -> Target:
    """Return the target for the request of a plan of the gateway of the cloud ``at``.

    The audit log records a request that leaves with ``home``, the cloud of its user. HAProxy is sent the path below the frontend
    of this gateway, as it logs it, and puts the peer's prefix in the place of ours; a scope in the URL is left out.
    """
    asked, endpoint = plan.frontend_endpoint, plan.endpoint
    if plan.local:
        return _local(endpoint, plan.path)
    prefix = next(own.frontend.prefix for own in mesh.clouds[at].endpoints if own.key == asked.key)
    path = (prefix + plan.path[len(endpoint.frontend.prefix) :]) or "/"
    return _peer(endpoint, path, leaving_target(asked, endpoint.cloud, home), _gateway(mesh, endpoint))


def place_of(endpoint: Endpoint) -> str:
    """Return the service and cloud of an endpoint, as errors name them."""
    return f"{endpoint.service} of {endpoint.cloud}"


def _local(endpoint: Endpoint, path: str) -> Target:
    place = place_of(endpoint)
    if not endpoint.backends:
        raise AnswerError(503, f"gateway of {endpoint.cloud}: {place} has no backend in the mesh")
    backends = endpoint.backends
    url = f"http://{backends[0].host}:{backends[0].port}{path}"
    return Target(url, place, local_target(endpoint), secure=endpoint.frontend.scheme == HTTPS, backends=backends)


def _gateway(mesh: Mesh, endpoint: Endpoint) -> str:
    number = mesh.frontends[endpoint.cloud].hosts.index(endpoint.frontend.host)
    return peer_target(endpoint.cloud, number, endpoint.frontend.port)


def _peer(endpoint: Endpoint, path: str, to: str, gateway: str) -> Target:
    frontend, cloud = endpoint.frontend, endpoint.cloud
    place = f"{place_of(endpoint)} at {frontend.root()}"
    return Target(frontend.origin() + path, place, to, peer=cloud, certified=cloud, gateway=gateway)
