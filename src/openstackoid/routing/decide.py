# SPDX-License-Identifier: Apache-2.0
"""The routing decision: the one meaning of a scope, of which the generated HAProxy configuration is a compilation."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from openstackoid.mesh import Endpoint, Mesh
from openstackoid.routing.decision import Decision, Forward, Refuse, Relay
from openstackoid.routing.links import relinks
from openstackoid.routing.request import Request, with_headers
from openstackoid.scope import EVERY_OTHER, Scope, ScopeError, join_token, parse, split_token

IDENTITY = "identity"
TOKENS_PATH = "/v3/auth/tokens"
CATALOG_PATH = "/v3/auth/catalog"
AUTH, SUBJECT, SERVICE, PLAIN = "x-auth-token", "x-subject-token", "x-service-token", "x-scope"


def called_path(endpoint: Endpoint, path: str) -> str:
    """Return what ``path`` asks of the service, below its root, in one form: decoded, with single slashes and none at its end.

    Web frameworks read ``/v3/auth/%74okens/`` as they read ``/v3/auth/tokens``; a decision that did not would be got round.
    """
    return re.sub("/+", "/", unquote(path[len(endpoint.frontend.prefix) :])).rstrip("/")


class _RefusedError(Exception):
    def __init__(self, decision: Refuse) -> None:
        super().__init__(decision.message)
        self.decision = decision


@dataclass(frozen=True, slots=True)
class _Token:
    """A token header: its bare token, and the completed scope that it carries or None."""

    bare: str
    scope: Scope | None

    def marked(self, scope: Scope | None = None) -> str:
        """Return the token with its scope, or with ``scope`` where it has none of its own."""
        carried = self.scope or scope
        return self.bare if carried is None else join_token(self.bare, carried.wire())


def decide(mesh: Mesh, at: str, request: Request) -> Decision:
    """Return what the gateway of the cloud ``at`` does with ``request``.

    Every scope that the request carries is read strictly, completed with its home and, where two of them speak of the same
    thing, compared: a difference is refused, never chosen between.
    """
    try:
        return _Gateway(mesh, at).decide(request)
    except _RefusedError as refused:
        return refused.decision


class _Gateway:
    def __init__(self, mesh: Mesh, at: str) -> None:
        self.mesh = mesh
        self.at = at

    def decide(self, request: Request) -> Decision:
        cloud = self.mesh.clouds[self.at]
        endpoint = cloud.locate(request.listener, request.path)
        if endpoint is None:
            roots = sorted({known.frontend.root() for known in cloud.endpoints if known.listener == request.listener})
            raise self._refused(404, "Not Found", f"no service is served at this path; served are: {', '.join(roots)}")
        auth = self._token(request, AUTH)
        service_token = self._token(request, SERVICE)
        scope = self._agreed("X-Scope and the scope in X-Auth-Token", self._plain_scope(request), auth.scope if auth else None)
        if endpoint.service == IDENTITY:
            return self._identity(request, endpoint, auth, service_token, scope)
        target = self._target(endpoint, scope)
        changes: dict[str, str | None] = {PLAIN: None}
        if scope is not None:
            if auth is not None:
                changes[AUTH] = join_token(auth.bare, scope.wire())
            elif target.cloud != self.at:
                changes[PLAIN] = scope.wire()
        if service_token is not None:
            changes[SERVICE] = self._service_token(service_token, target)
        return self._forward(request, endpoint, target, changes)

    def _identity(
        self, request: Request, endpoint: Endpoint, auth: _Token | None, service_token: _Token | None, scope: Scope | None
    ) -> Decision:
        """Keystone never sees a scope; which Keystone is asked is what the token that the request is about says."""
        subject = self._token(request, SUBJECT)
        body = None if request.body_token is None else self._read("the token in the body", request.body_token)
        about = self._agreed(
            "the scopes of X-Subject-Token and of the body", subject.scope if subject else None, body.scope if body else None
        )
        self._agreed("the scope of the request and the scope of the token that it is about", scope, about)
        target = self._target(endpoint, scope or about)
        local = target.cloud == self.at
        called = called_path(endpoint, request.path)
        tokens = called == TOKENS_PATH
        # Names no cloud of its own, but a foreign token: a service of this cloud that validates its user's token.
        validates = (
            scope is None
            and auth is not None
            and subject is not None
            and tokens
            and request.method in ("GET", "HEAD")
            and not local
        )
        if auth is not None and scope is None and not local and not validates:
            raise self._refused(
                400,
                "Bad Request",
                f"the request is about a token of {target.cloud}, but X-Auth-Token names no cloud, and one of {self.at}"
                " is not sent there; say in X-Scope whose it is",
            )
        bare: dict[str, str | None] = {PLAIN: None}
        if auth is not None:
            bare[AUTH] = auth.bare
        if subject is not None:
            bare[SUBJECT] = subject.bare
        if service_token is not None:
            # A service of another cloud is a stranger to this Keystone.
            known = service_token.scope is None or service_token.scope.cloud_for(IDENTITY, self.at) == target.cloud
            bare[SERVICE] = service_token.bare if known and local else None
        if validates and subject is not None:
            bare[AUTH] = subject.bare
        has_catalog = (tokens and request.method in ("GET", "HEAD", "POST")) or (
            called == CATALOG_PATH and request.method in ("GET", "HEAD")
        )
        path, headers = target.frontend.prefix + called, with_headers(request.headers, bare)
        if body is not None and body.scope is not None:
            return Relay(target, endpoint, local, path, headers, validates, body.bare, body.scope.wire())
        if has_catalog and not local and (validates or scope is not None):
            return Relay(target, endpoint, local, path, headers, validates)
        if local:
            return Forward(target, endpoint, True, self._path(request, endpoint, target), headers)
        changes: dict[str, str | None] = {PLAIN: None}
        if auth is not None and scope is not None:
            changes[AUTH] = join_token(auth.bare, scope.wire())
        elif scope is not None:
            changes[PLAIN] = scope.wire()
        if subject is not None:
            changes[SUBJECT] = subject.marked()
        if service_token is not None:
            changes[SERVICE] = self._service_token(service_token, target)
        return self._forward(request, endpoint, target, changes)

    def _forward(self, request: Request, endpoint: Endpoint, target: Endpoint, changes: dict[str, str | None]) -> Forward:
        path = self._path(request, endpoint, target)
        headers = with_headers(request.headers, changes)
        return Forward(target, endpoint, target.cloud == self.at, path, headers, relinks(endpoint, target, request))

    @staticmethod
    def _path(request: Request, endpoint: Endpoint, target: Endpoint) -> str:
        return (target.frontend.prefix + request.path[len(endpoint.frontend.prefix) :]) or "/"

    def _target(self, endpoint: Endpoint, scope: Scope | None) -> Endpoint:
        cloud = self.at if scope is None else scope.cloud_for(endpoint.service, self.at)
        if cloud == self.at:
            return endpoint
        target = self.mesh.clouds[cloud].endpoint(endpoint.service, endpoint.interfaces[0])
        if target is None:
            raise self._refused(400, "Bad Request", f"{cloud} has no service '{endpoint.service}', which the scope asks of it")
        return target

    def _service_token(self, token: _Token, target: Endpoint) -> str:
        """A service token belongs to the cloud of the service that sends it; abroad it must say which."""
        if target.cloud == self.at:
            return token.marked()
        return token.marked(Scope(((EVERY_OTHER, self.at),)))

    def _plain_scope(self, request: Request) -> Scope | None:
        value = self._single(request, PLAIN)
        return None if value is None else self._parse("X-Scope", value)

    def _token(self, request: Request, header: str) -> _Token | None:
        value = self._single(request, header)
        return self._read(header.title(), value) if value else None

    def _read(self, where: str, value: str) -> _Token:
        bare, text = split_token(value)
        if text is None:
            return _Token(bare, None)
        if not bare:
            raise self._refused(400, "Bad Request", f"{where}: no token stands before its scope; a scope alone goes into X-Scope")
        return _Token(bare, self._parse(where, text))

    def _parse(self, where: str, text: str) -> Scope:
        try:
            scope = parse(text, services=self.mesh.services, clouds=self.mesh.clouds, offers=self.mesh.offers)
        except ScopeError as error:
            raise self._refused(400, "Bad Request", f"{where}: {error}") from None
        return scope.completed(self.at)

    def _single(self, request: Request, header: str) -> str | None:
        values = request.values(header)
        if len(values) > 1:
            raise self._refused(400, "Bad Request", f"{header.title()} stands {len(values)} times; once is accepted")
        return values[0] if values else None

    def _agreed(self, what: str, first: Scope | None, second: Scope | None) -> Scope | None:
        if first is not None and second is not None and first != second:
            raise self._refused(
                400, "Bad Request", f"{what} differ: {first.wire()} and {second.wire()}; say it once, or say the same"
            )
        return first or second

    def _refused(self, status: int, title: str, message: str) -> _RefusedError:
        return _RefusedError(Refuse(status, title, f"gateway of {self.at}: {message}"))
