# SPDX-License-Identifier: Apache-2.0
"""The target of a request: the backends of an endpoint of this cloud, or a frontend of a peer. HAProxy knows the way there."""

from dataclasses import dataclass

from openstackoid.mesh import HTTPS, Endpoint, Mesh
from openstackoid.routing.backend_names import local_target, peer_target


@dataclass(frozen=True, slots=True)
class Target:
    """The next place of a request: its URL, the words that name it in an error, and its name for HAProxy (``to``).

    ``secure``: a service of this cloud is told that the client speaks https. ``peer`` is the cloud whose gateway is asked;
    ``certified`` the one that the certificate there must name.
    """

    url: str
    place: str
    to: str
    secure: bool = False
    peer: str | None = None
    certified: str | None = None


def target_of(mesh: Mesh, at: str, endpoint: Endpoint, path: str, *, asked: str = "-", home: str = "") -> Target:
    """Return where ``path`` of an endpoint's frontend is served, for the gateway of the cloud ``at``.

    ``asked``: the key of the endpoint of this gateway that the client has asked. ``home``: the cloud whose user sends a request
    that is written down as leaving.
    """
    frontend = endpoint.frontend
    if endpoint.cloud == at:
        backend = endpoint.backends[0] if endpoint.backends else frontend
        url, place = f"http://{backend.host}:{backend.port}{path}", f"{endpoint.service} of {at}"
        return Target(url, place, local_target(endpoint), secure=frontend.scheme == HTTPS)
    number = mesh.frontends[endpoint.cloud].hosts.index(frontend.host)
    to = peer_target(endpoint.cloud, number, frontend.port, asked, home)
    place = f"{endpoint.service} of {endpoint.cloud} at {frontend.root()}"
    return Target(frontend.origin() + path, place, to, peer=endpoint.cloud, certified=endpoint.cloud)
