# SPDX-License-Identifier: Apache-2.0
"""Requests to Keystone. It never sees a scope; the token in question decides which Keystone is asked."""

from dataclasses import dataclass
from urllib.parse import quote

from openstackoid.mesh import Endpoint
from openstackoid.routing.decision import Relay, Single
from openstackoid.routing.normal_path import called_path
from openstackoid.routing.reading import AUTH, PLAIN, SERVICE, SUBJECT, Token
from openstackoid.routing.received import Received
from openstackoid.routing.scoped_url import scoped_url
from openstackoid.routing.sending import Changes, Sending
from openstackoid.routing.target import targets_of
from openstackoid.routing.token_routes import CATALOG_PATH, TOKENS_PATH, token_route
from openstackoid.scope import BOUND, IDENTITY, Scope


def asks_for_token(endpoint: Endpoint | None, method: str, path: str) -> bool:
    """Return whether a request is an authentication, whose body may hold a token with a scope."""
    if endpoint is None or endpoint.service != IDENTITY or method != "POST":
        return False
    found = scoped_url(endpoint, path)
    return called_path(endpoint, path if found is None else found.path) == TOKENS_PATH


@dataclass(frozen=True, slots=True)
class IdentityRequest:
    """A request to Keystone under ``scope``: its own, else that of its token, else everything here.

    ``called``: the normalised path below Keystone's root. ``subject`` and ``body``: the tokens in question.
    """

    received: Received
    scope: Scope
    called: str
    subject: Token | None
    service_token: Token | None
    body: Token | None

    @property
    def body_token(self) -> str | None:
        """Return the bare token in the body."""
        return None if self.body is None else self.body.bare


def read_identity(received: Received) -> IdentityRequest:
    """Return the request with its tokens. Raises :class:`~openstackoid.routing.reading.RefusedError` if they differ."""
    reading, own = received.reading, received.scope
    subject, written = reading.token(SUBJECT), received.request.body_token
    body = None if written is None else reading.read_token("the token in the body", written)
    about = reading.agreed(
        "the scopes of X-Subject-Token and of the body", subject.scope if subject else None, body.scope if body else None
    )
    reading.agreed("the scope of the request and the scope of the token that it is about", own, about)
    called, service_token = called_path(received.endpoint, received.request.path), reading.token(SERVICE)
    return IdentityRequest(received, own or about or Scope.everything_in(received.at), called, subject, service_token, body)


def plan_identity(asked: IdentityRequest) -> Single | Relay:
    """Return the plan for the request. Raises :class:`~openstackoid.routing.reading.RefusedError`."""
    received, own = asked.received, asked.received.scope
    sending = Sending(received, targets_of(received.reading, received.endpoint, asked.scope)[0])
    received.reading.refuse_blocked(sending.target.cloud)
    method, tokens = received.request.method, asked.called == TOKENS_PATH
    # Names no cloud of its own, but a foreign token: a service of this cloud validates its user's token.
    own_credential = received.auth is not None and own is None and not sending.local
    validates = own_credential and asked.subject is not None and tokens and method in ("GET", "HEAD")
    if own_credential and not validates:
        raise received.reading.bad_request(
            f"the request is about a token of {sending.target.cloud}, but X-Auth-Token names no cloud, and one of {received.at}"
            " is not sent there; name its cloud in X-Scope"
        )
    bare = _bare(asked, sending, validates=validates)
    if received.in_url and own is not None and _carries_on(asked):
        return _relay(asked, sending, bare, scope=own)
    if asked.body is not None and asked.body.scope is not None:
        return _relay(asked, sending, bare, validates=validates, scope=asked.body.scope)
    has_catalog = (tokens and method in ("GET", "HEAD", "POST")) or (asked.called == CATALOG_PATH and method in ("GET", "HEAD"))
    if has_catalog and not sending.local and (validates or own is not None):
        return _relay(asked, sending, bare, validates=validates)
    return sending.single(bare if sending.local else _scoped(asked, sending))


def _relay(
    asked: IdentityRequest, sending: Sending, changes: Changes, *, validates: bool = False, scope: Scope | None = None
) -> Relay:
    """Return the plan to adapt the answer; the new token is to carry ``scope``."""
    # The decoded path was compared, so all but plain text is encoded again.
    path = sending.target.frontend.prefix + quote(asked.called, safe="/:@!$&'()*+,;=")
    carried, body_token = (None, None) if scope is None else (scope.to_header(), asked.body_token)
    if asked.body is not None and asked.body.bare.startswith(BOUND) and not sending.local:
        # The cloud that has bound the token compares the scope.
        changes = changes | {PLAIN: asked.scope.to_header()}
    headers = sending.headers(changes)
    return Relay(sending.target, asked.received.frontend_endpoint, path, headers, validates, body_token, carried)


def _carries_on(asked: IdentityRequest) -> bool:
    """Return whether the answer to a request at a URL with a scope may hold a token, which is to carry the scope.

    Raises :class:`~openstackoid.routing.reading.RefusedError` where a token would come without it.
    """
    method = asked.received.request.method
    route = token_route(method, asked.called)
    if route is not None and route.instead is not None:
        raise asked.received.reading.bad_request(
            f"the authentication URL has a scope, which {method} {route.path} cannot put into a token; {route.instead}"
        )
    return route is not None or (asked.called == TOKENS_PATH and method in ("GET", "HEAD", "DELETE"))


def _bare(asked: IdentityRequest, sending: Sending, *, validates: bool) -> Changes:
    """Return the headers for a Keystone itself."""
    changes, auth, at = Changes(), asked.received.auth, asked.received.at
    if auth is not None:
        changes[AUTH] = auth.bare
    if asked.subject is not None:
        changes[SUBJECT] = asked.subject.bare
        if validates:
            changes[AUTH] = asked.subject.bare
    if asked.service_token is not None:
        # This Keystone does not know a service of another cloud.
        known = sending.local and asked.service_token.issuer(at) == at
        changes[SERVICE] = asked.service_token.bare if known else None
    return changes


def _scoped(asked: IdentityRequest, sending: Sending) -> Changes:
    """Return the headers for the gateway of another cloud, so that it takes the same decision."""
    changes, auth, own = Changes(), asked.received.auth, asked.received.scope
    if auth is not None and own is not None:
        changes[AUTH] = sending.marked(auth.bare, own)
    elif own is not None:
        changes[PLAIN] = own.to_header()
    if asked.subject is not None:
        changes[SUBJECT] = sending.marked(asked.subject.bare, asked.subject.scope)
    if asked.service_token is not None:
        changes[SERVICE] = sending.sent_service_token(asked.service_token)
    return changes
