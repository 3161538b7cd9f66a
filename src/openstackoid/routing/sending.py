# SPDX-License-Identifier: Apache-2.0
"""Where a request goes and what is sent: the endpoint that a scope means, the path there, the headers with the scope in them."""

import re

from openstackoid.mesh import Endpoint
from openstackoid.routing.decision import Forward, Relay
from openstackoid.routing.reading import Reading, Token
from openstackoid.routing.request import with_headers
from openstackoid.routing.workflows import Workflow
from openstackoid.scope import EVERY_OTHER, Scope

VERSION_DOCUMENT = re.compile(r"/?|/v[0-9.]+/?")
"""Below a service's root: the documents from whose links clients build every later URL. Where the peer has another prefix, its
links would lead out of the gateway."""

Changes = dict[str, str | None]
"""Headers to set, by lower-case names, or with None to remove."""


class Sending:
    """Sends the request that ``reading`` reads."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.at = reading.at

    def target(self, endpoint: Endpoint, scope: Scope | None) -> Endpoint:
        """Return the endpoint that serves a request to ``endpoint``. Raises :class:`RefusedError` where its cloud has none."""
        cloud = self.at if scope is None else scope.cloud_for(endpoint.service, self.at)
        if cloud == self.at:
            return endpoint
        peer = self.reading.mesh.clouds.get(cloud)
        if peer is None:
            raise self.reading.bad_request(f"the workflow's scope names {cloud}, which is not in the mesh any more")
        target = peer.endpoint(endpoint.service, endpoint.interfaces[0])
        if target is None:
            raise self.reading.bad_request(f"{cloud} has no service '{endpoint.service}', which the scope asks of it")
        return target

    def forward(
        self,
        endpoint: Endpoint,
        target: Endpoint,
        changes: Changes,
        remember: Workflow | None = None,
        recalled: bool = False,
    ) -> Forward | Relay:
        """Return the decision to send the request with ``changes`` to its headers."""
        path = self.path(endpoint, target)
        headers = with_headers(self.reading.request.headers, changes)
        local = target.cloud == self.at
        if not local and target.frontend.prefix != endpoint.frontend.prefix and self.is_version_document(endpoint):
            return Relay(target, endpoint, False, path, headers)
        return Forward(target, local, path, headers, remember, recalled)

    def is_version_document(self, endpoint: Endpoint) -> bool:
        """Return whether the request asks for the versions of a service."""
        request = self.reading.request
        called = request.path[len(endpoint.frontend.prefix) :]
        return request.method in ("GET", "HEAD") and VERSION_DOCUMENT.fullmatch(called) is not None

    def path(self, endpoint: Endpoint, target: Endpoint) -> str:
        """Return the path of the request as the target's frontend knows it."""
        return (target.frontend.prefix + self.reading.request.path[len(endpoint.frontend.prefix) :]) or "/"

    def service_token(self, token: Token, target: Endpoint) -> str:
        """Return a service token, which belongs to the cloud of the service that sends it; abroad it must say which."""
        if target.cloud == self.at:
            return token.marked()
        return token.marked(Scope(((EVERY_OTHER, self.at),)))
