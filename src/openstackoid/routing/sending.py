# SPDX-License-Identifier: Apache-2.0
"""Where a request goes and what is sent: the endpoint that a scope means, the path there, the headers with the scope in them."""

from openstackoid.mesh import Endpoint
from openstackoid.routing.decision import Forward
from openstackoid.routing.egress import given_id, sole_id
from openstackoid.routing.links import relinks
from openstackoid.routing.loops import refuse_third
from openstackoid.routing.reading import Reading, RefusedError, Token
from openstackoid.routing.request import with_headers
from openstackoid.routing.scoped_url import with_segment
from openstackoid.routing.workflows import REQUEST_ID, Workflow
from openstackoid.scope import EVERY_OTHER, IDENTITY, WIRE, Scope, join_token

Changes = dict[str, str | None]
"""Headers to set, by lower-case names, or with None to remove."""


class Sending:
    """Sends the request that ``reading`` reads."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.at = reading.at

    def target(self, endpoint: Endpoint, scope: Scope | None) -> Endpoint:
        """Return the endpoint that serves a request to ``endpoint``. Raises :class:`RefusedError` where its cloud has none."""
        in_force = self.reading.in_force = scope or Scope(((EVERY_OTHER, self.at),))
        cloud = in_force.cloud_for(endpoint.service, self.at)
        if cloud == self.at:
            return endpoint
        refuse_third(self.reading, cloud)
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
    ) -> Forward:
        """Return the decision to send the request with ``changes`` to its headers."""
        request = self.reading.request
        headers = with_headers(request.headers, self.identified(target) | changes)
        rewrite_links = relinks(endpoint, target, request, scoped=self.reading.segment is not None)
        path = self.path(endpoint, target)
        return Forward(
            target, self.frontend_endpoint(endpoint), target.cloud == self.at, path, headers, rewrite_links, remember, recalled
        )

    def frontend_endpoint(self, endpoint: Endpoint) -> Endpoint:
        """Return the endpoint as the client knows it, whose URL may have a scope in it."""
        return with_segment(endpoint, self.reading.segment)

    def identified(self, target: Endpoint) -> Changes:
        """Return the change that gives a request one id where it leaves for another cloud without."""
        request = self.reading.request
        if target.cloud == self.at or sole_id(request.headers) is not None:
            return {}
        return {REQUEST_ID: given_id(request.fresh_id)}

    def path(self, endpoint: Endpoint, target: Endpoint) -> str:
        """Return the path of the request as the target's frontend knows it."""
        return (target.frontend.prefix + self.reading.request.path[len(endpoint.frontend.prefix) :]) or "/"

    def marked(self, token: str, scope: Scope | None, target: Endpoint) -> str:
        """Return a bare token with a scope, in the form that those who read it at ``target`` are known to understand."""
        if scope is None:
            return token
        newer = target.cloud == self.at or target.cloud in self.reading.request.announced
        return join_token(token, scope.to_header(), WIRE if newer else 1)

    def may_leave(self, target: Endpoint) -> bool:
        """Return whether a token of a service of this cloud may be sent to ``target``.

        A receiver of such a token can use it here, with the role ``service`` at least. So it leaves only for a cloud that shares
        a data plane.
        """
        return target.cloud == self.at or self.reading.mesh.share_data_plane(self.at, target.cloud)

    def service_token(self, token: Token, target: Endpoint) -> str | None:
        """Return a service token as ``target`` gets it: abroad it names its issuer. None where it does not leave.

        One of another cloud's service goes no further. Raises :class:`RefusedError` where a token names another issuer than the
        cloud whose gateway has proved to be the sender.
        """
        request, here = self.reading.request, self.reading.mesh.clouds[self.at]
        issuer = self.at if token.scope is None else token.scope.cloud_for(IDENTITY, self.at)
        if issuer != self.at and target.cloud == self.at and here.policy.of(issuer) is None:
            message = f"X-Service-Token is of {issuer}, and the policy here does not accept users of {issuer}"
            raise RefusedError(self.at, 403, "Forbidden", message)
        if token.scope is not None and here.tls is not None and issuer != request.sender:
            who = "no gateway" if request.sender is None else f"the gateway of {request.sender}"
            raise RefusedError(
                self.at,
                403,
                "Forbidden",
                f"X-Service-Token says that it is of {issuer}, but {who} has sent it; a service's token comes from the"
                " gateway of its own cloud",
            )
        if target.cloud == self.at:
            return self.marked(token.bare, token.scope, target)
        if issuer != self.at or not self.may_leave(target):
            return None
        return self.marked(token.bare, Scope(((EVERY_OTHER, self.at),)), target)
