# SPDX-License-Identifier: Apache-2.0
"""The request for its target: the path there, and the headers with the scope."""

from dataclasses import dataclass

from openstackoid.mesh import Endpoint
from openstackoid.routing.decision import Credentials, Single
from openstackoid.routing.egress import given_id, sole_id
from openstackoid.routing.links import rewrites_links
from openstackoid.routing.reading import PLAIN, SERVICE, RefusedError, Token
from openstackoid.routing.received import Received
from openstackoid.routing.request import Headers, with_headers
from openstackoid.routing.workflows import REQUEST_ID, Workflow
from openstackoid.scope import WIRE, Scope, join_token

Changes = dict[str, str | None]
"""Headers to set, by lower-case names, or with None to remove."""


@dataclass(frozen=True, slots=True)
class Sending:
    """Sends the request ``received`` to the endpoint ``target``."""

    received: Received
    target: Endpoint

    @property
    def local(self) -> bool:
        """Return whether the target is in this cloud."""
        return self.target.cloud == self.received.at

    def single(self, changes: Changes, user: Credentials | None = None, remember: Workflow | None = None) -> Single:
        """Return the plan to send the request with ``changes`` to its headers."""
        received, target = self.received, self.target
        links = rewrites_links(received.endpoint, target, received.request, scoped=received.in_url)
        prefix = received.endpoint.frontend.prefix
        path = (target.frontend.prefix + received.request.path[len(prefix) :]) or "/"
        return Single(target, received.frontend_endpoint, path, self.headers(changes), links, user, remember)

    def headers(self, changes: Changes) -> Headers:
        """Return the headers of the request with ``changes``; a request that leaves has a request id."""
        headers = self.received.request.headers
        named = self.local or sole_id(headers) is not None
        own: Changes = {} if named else {REQUEST_ID: given_id(self.received.request.fresh_id)}
        return with_headers(headers, own | {PLAIN: None} | changes)

    def marked(self, token: str, scope: Scope | None) -> str:
        """Return a bare token with a scope, in the newest form that the target is known to read."""
        if scope is None:
            return token
        newer = self.local or self.target.cloud in self.received.request.announced
        return join_token(token, scope.to_header(), WIRE if newer else 1)

    def may_leave(self) -> bool:
        """Return whether a token of a service of this cloud may be sent to the target.

        Without certificates, a receiver could use it here, with the role ``service`` at least.
        """
        return self.local or self.received.reading.mesh.sends_service_tokens(self.received.at, self.target.cloud)

    def service_token(self) -> Changes:
        """Return the change to the service token of the request, if it has one."""
        token = self.received.reading.token(SERVICE)
        if token is None:
            # An empty header goes where a token could go.
            return {} if self.local or self.may_leave() else {SERVICE: None}
        return {SERVICE: self.sent_service_token(token)}

    def sent_service_token(self, token: Token) -> str | None:
        """Return a service token for the target: abroad with its issuer; None where it does not leave.

        A token of another cloud's service goes no further. Raises :class:`RefusedError` where a token names another issuer than
        the cloud in the sender's certificate.
        """
        at, sender = self.received.at, self.received.request.sender
        here, issuer = self.received.reading.mesh.clouds[at], token.issuer(at)
        if issuer != at and self.local and here.policy.of(issuer) is None:
            message = f"X-Service-Token is of {issuer}, and the policy here does not accept users of {issuer}"
            raise RefusedError(at, 403, "Forbidden", message)
        if token.scope is not None and here.tls is not None and issuer != sender:
            who = "no gateway" if sender is None else f"the gateway of {sender}"
            raise RefusedError(
                at,
                403,
                "Forbidden",
                f"X-Service-Token names {issuer} as its issuer, but {who} has sent it; a service's token comes from the"
                " gateway of its own cloud",
            )
        if self.local:
            return self.marked(token.bare, token.scope)
        if issuer != at or not self.may_leave():
            return None
        return self.marked(token.bare, Scope.everything_in(at))
