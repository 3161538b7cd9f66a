# SPDX-License-Identifier: Apache-2.0
"""The targets of a request: the backends of an endpoint of this cloud, or the frontend of a peer's."""

from dataclasses import dataclass

from openstackoid.mesh import HTTPS, Endpoint


@dataclass(frozen=True, slots=True)
class Target:
    """The next place of a request: its URL, and the words that name it in an error.

    ``prefix``: what a backend is told of the frontend's path prefix, in the place of what the client may say; ``secure``: it is
    told that the client speaks https. ``peer`` is the cloud whose gateway must be there: it is told in ``Via`` who asks, and may
    not speak for the host that the client knows. ``address`` is a backend's: the log names it, no answer does. ``certificate``
    is the cloud whose certificate must be there, if it is no gateway that is asked; over https without either, the authorities
    of this system are believed.
    """

    url: str
    place: str
    prefix: str | None = None
    secure: bool = False
    peer: str | None = None
    address: str | None = None
    certificate: str | None = None

    @property
    def certified(self) -> str | None:
        """The cloud that the certificate must name."""
        return self.peer or self.certificate


def targets(endpoint: Endpoint, local: bool, path: str) -> list[Target]:
    """Return where ``path`` of an endpoint's frontend is served: by each of its backends in turn, or by the peer's frontend."""
    if not local:
        place = f"{endpoint.service} of {endpoint.cloud} at {endpoint.frontend.root()}"
        return [Target(endpoint.frontend.origin() + path, place, peer=endpoint.cloud)]
    rest = path.removeprefix(endpoint.frontend.prefix)
    found = []
    for backend in endpoint.backends:
        tail = (backend.path + rest) or "/"
        found.append(
            Target(
                f"http://{backend.host}:{backend.port}{tail}",
                f"{endpoint.service} of {endpoint.cloud}",
                endpoint.forwarded_prefix,
                endpoint.frontend.scheme == HTTPS,
                address=backend.url(),
            )
        )
    return found
