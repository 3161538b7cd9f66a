# SPDX-License-Identifier: Apache-2.0
"""Requests to Keystone: it never sees a scope, and which Keystone is asked is what the token that the request is about says."""

from dataclasses import dataclass
from urllib.parse import quote

from openstackoid.mesh import Endpoint
from openstackoid.routing.decision import Decision, Relay
from openstackoid.routing.normal_path import called_path
from openstackoid.routing.reading import AUTH, PLAIN, SERVICE, SUBJECT, Reading, Token
from openstackoid.routing.request import with_headers
from openstackoid.routing.scoped_url import scoped_url
from openstackoid.routing.sending import Changes, Sending
from openstackoid.routing.token_routes import CATALOG_PATH, TOKENS_PATH, token_route
from openstackoid.scope import IDENTITY, Scope


def asks_for_token(endpoint: Endpoint | None, method: str, path: str) -> bool:
    """Return whether a request is an authentication, whose body may hold a token with a scope."""
    if endpoint is None or endpoint.service != IDENTITY or method != "POST":
        return False
    found = scoped_url(endpoint, path)
    return called_path(endpoint, path if found is None else found.path) == TOKENS_PATH


@dataclass(frozen=True, slots=True)
class IdentityRequest:
    """A request to Keystone, read: ``scope`` is its own, ``about`` that of the token that it is about."""

    called: str
    auth: Token | None
    subject: Token | None
    service_token: Token | None
    body: Token | None
    scope: Scope | None
    about: Scope | None


def decide_identity(reading: Reading, endpoint: Endpoint, auth: Token | None, scope: Scope | None) -> Decision:
    """Return the decision on a request to Keystone. Raises :class:`~openstackoid.routing.reading.RefusedError`."""
    asked = _read(reading, endpoint, auth, scope)
    sending = Sending(reading)
    target = sending.target(endpoint, asked.scope or asked.about)
    local = target.cloud == reading.at
    method = reading.request.method
    tokens = asked.called == TOKENS_PATH
    # Names no cloud of its own, but a foreign token: a service of this cloud that validates its user's token.
    own_credential = asked.auth is not None and asked.scope is None and not local
    validates = own_credential and asked.subject is not None and tokens and method in ("GET", "HEAD")
    if own_credential and not validates:
        raise reading.bad_request(
            f"the request is about a token of {target.cloud}, but X-Auth-Token names no cloud, and one of {reading.at}"
            " is not sent there; say in X-Scope whose it is"
        )
    # Of what was decoded to be compared, everything but plain text is written anew.
    path = target.frontend.prefix + quote(asked.called, safe="/:@!$&'()*+,;=")
    frontend_endpoint = sending.frontend_endpoint(endpoint)
    bare = _bare(asked, reading.at, target.cloud, validates)
    headers = with_headers(reading.request.headers, sending.identified(target) | bare)
    body_token = None if asked.body is None else asked.body.bare
    if reading.segment is not None and asked.scope is not None and _carries_on(reading, asked.called):
        return Relay(target, frontend_endpoint, local, path, headers, False, body_token, asked.scope.to_header())
    if asked.body is not None and asked.body.scope is not None:
        return Relay(target, frontend_endpoint, local, path, headers, validates, body_token, asked.body.scope.to_header())
    has_catalog = (tokens and method in ("GET", "HEAD", "POST")) or (asked.called == CATALOG_PATH and method in ("GET", "HEAD"))
    if has_catalog and not local and (validates or asked.scope is not None):
        return Relay(target, frontend_endpoint, local, path, headers, validates)
    return sending.forward(endpoint, target, bare if local else _scoped(asked, sending, target))


def _carries_on(reading: Reading, called: str) -> bool:
    """Return whether the answer to a request at a URL with a scope may hold a token, which is to carry the scope on.

    Raises :class:`~openstackoid.routing.reading.RefusedError` where a token would come without it.
    """
    method = reading.request.method
    route = token_route(method, called)
    if route is not None and route.instead is not None:
        raise reading.bad_request(
            f"the authentication URL has a scope, which {method} {route.path} cannot put into a token; {route.instead}"
        )
    return route is not None or (called == TOKENS_PATH and method in ("GET", "HEAD", "DELETE"))


def _read(reading: Reading, endpoint: Endpoint, auth: Token | None, scope: Scope | None) -> IdentityRequest:
    request = reading.request
    subject = reading.token(SUBJECT)
    body = None if request.body_token is None else reading.read_token("the token in the body", request.body_token)
    about = reading.agreed(
        "the scopes of X-Subject-Token and of the body", subject.scope if subject else None, body.scope if body else None
    )
    reading.agreed("the scope of the request and the scope of the token that it is about", scope, about)
    called = called_path(endpoint, request.path)
    return IdentityRequest(called, auth, subject, reading.token(SERVICE), body, scope, about)


def _bare(asked: IdentityRequest, at: str, issuer: str, validates: bool) -> Changes:
    """Return the headers for a Keystone itself."""
    changes: Changes = {PLAIN: None}
    if asked.auth is not None:
        changes[AUTH] = asked.auth.bare
    if asked.subject is not None:
        changes[SUBJECT] = asked.subject.bare
        if validates:
            changes[AUTH] = asked.subject.bare
    if asked.service_token is not None:
        # A service of another cloud is a stranger to this Keystone.
        mark = asked.service_token.scope
        known = mark is None or mark.cloud_for(IDENTITY, at) == issuer
        changes[SERVICE] = asked.service_token.bare if known and issuer == at else None
    return changes


def _scoped(asked: IdentityRequest, sending: Sending, target: Endpoint) -> Changes:
    """Return the headers for the gateway of another cloud, which is to come to the same decision."""
    changes: Changes = {PLAIN: None}
    if asked.auth is not None and asked.scope is not None:
        changes[AUTH] = sending.marked(asked.auth.bare, asked.scope, target)
    elif asked.scope is not None:
        changes[PLAIN] = asked.scope.to_header()
    if asked.subject is not None:
        changes[SUBJECT] = sending.marked(asked.subject.bare, asked.subject.scope, target)
    if asked.service_token is not None:
        changes[SERVICE] = sending.service_token(asked.service_token, target)
    return changes
