# SPDX-License-Identifier: Apache-2.0
"""Read a request strictly: tokens and scopes in its headers, its path and the token in its body.

Each scope is user input: it is parsed, completed with the home cloud, and compared with the others. Scopes that differ are
refused.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from openstackoid.mesh import Endpoint, Mesh
from openstackoid.routing.decision import ReadTimes, Refuse
from openstackoid.routing.near import with_plain_clouds
from openstackoid.routing.normal_path import decoded
from openstackoid.routing.request import Request
from openstackoid.routing.scoped_url import SIGNED, is_misspelt, scoped_url
from openstackoid.scope import (
    IDENTITY,
    MARKER,
    MAX_LENGTH,
    Issuer,
    Scope,
    ScopeError,
    centers_of,
    holds_scope,
    may_resolve_to,
    parse,
    parse_json,
    parse_url_form,
    split_token,
)

AUTH, SUBJECT, SERVICE, PLAIN = "x-auth-token", "x-subject-token", "x-service-token", "x-scope"
NOT_FOR_SCOPES = ("x-storage-token", "authorization")
"""Other headers in which keystonemiddleware finds a user's token (``auth_token/_request.py``, ``oauth2_token.py``)."""

_VISIBLE = re.compile(r"[!-~]*")


def is_visible(token: str) -> bool:
    """Return whether a token has only visible ASCII characters, so that all readers read the same."""
    return _VISIBLE.fullmatch(token) is not None


class RefusedError(Exception):
    """Ends the decision: ``refusal`` is its plan."""

    def __init__(self, at: str, status: int, title: str, message: str, fault: ScopeError | None = None) -> None:
        super().__init__(message)
        self.refusal = Refuse(status, title, f"gateway of {at}: {message}", fault)


class InputNeededError(Exception):
    """Ends the decision until ``needed`` is there."""

    def __init__(self, needed: ReadTimes) -> None:
        super().__init__()
        self.needed = needed


@dataclass(frozen=True, slots=True)
class Token:
    """A token header: its bare token, and the completed scope in it, or None."""

    bare: str = field(repr=False)
    scope: Scope | None

    def issuer(self, home: str) -> Issuer:
        """Return the cloud that issued the token: ``home`` without a scope."""
        return Issuer(home) if self.scope is None else self.scope.issuer(home)


@dataclass(frozen=True, slots=True)
class UrlScope:
    """A completed scope in a URL: ``segment`` is its text, ``path`` the path without it."""

    scope: Scope
    segment: str
    path: str


@dataclass(frozen=True, slots=True)
class Reading:
    """Reads a request to the gateway of ``at``.

    Every method raises :class:`RefusedError` for an invalid part, and :class:`InputNeededError` for ``around`` without times.
    """

    mesh: Mesh
    at: str
    request: Request

    def single(self, header: str) -> str | None:
        """Return the value of a header that may be sent once, or None."""
        values = self.request.values(header)
        if len(values) > 1:
            raise self.bad_request(f"{header.title()} is sent {len(values)} times; once is accepted")
        return values[0] if values else None

    def refuse_blocked(self, *clouds: str | None) -> None:
        """Refuse a request that has to do with a cloud that the operator has blocked."""
        for cloud in self.mesh.blocked.intersection(clouds):
            raise RefusedError(self.at, 403, "Forbidden", f"its operator has blocked {cloud}")

    def refuse_scopes_elsewhere(self) -> None:
        """Refuse a scope in a header that no decision reads, but a service would read as the user's token."""
        for name in NOT_FOR_SCOPES:
            if any(map(holds_scope, self.request.values(name))):
                raise self.bad_request(f"{name.title()} carries a scope; one is accepted in X-Auth-Token")

    def plain_scope(self) -> Scope | None:
        """Return the scope in ``X-Scope``, in either form."""
        value = self.single(PLAIN)
        return None if value is None else self._parsed("X-Scope", value, parse)

    def token(self, header: str) -> Token | None:
        """Return the token in a header, with its scope; an empty header holds none."""
        value = self.single(header)
        return self.read_token(header.title(), value) if value else None

    def read_token(self, where: str, value: str) -> Token:
        """Return a token; ``where`` names its position in an error."""
        try:
            bare, text = split_token(value)
        except ScopeError as error:
            raise self.bad_request(f"{where}, {error}") from None
        if text is None:
            return Token(bare, None)
        if not bare:
            raise self.bad_request(f"{where}: there is no token before the scope; send a scope alone in X-Scope")
        return Token(bare, self._parsed(where, text, parse_json))

    def url_scope(self, endpoint: Endpoint) -> UrlScope | None:
        """Return the scope in the URL, or None."""
        request, cloud = self.request, self.mesh.clouds[self.at]
        found = scoped_url(endpoint, request.path)
        rest = request.path if found is None else found.path
        if any(cloud.locate(request.listener, path) != endpoint for path in {rest, decoded(rest)} - {request.path}):
            raise self.bad_request(f"the path behind the scope belongs to another service than {endpoint.service}")
        if is_misspelt(endpoint, rest) or (found is not None and scoped_url(endpoint, rest) is not None):
            root = f"{endpoint.frontend.root()}{MARKER}"
            raise self.bad_request(
                f"a scope in a URL is accepted once, directly after the service's root: {root}image=CloudTwo/..."
            )
        if found is None:
            return None
        where = "the authentication URL" if endpoint.service == IDENTITY else "the URL"
        if any(value.lower().startswith(SIGNED) for value in request.values("authorization")):
            raise self.bad_request(
                f"{where} has a scope, and Authorization is a signature over the URL; sign a request to"
                f" {endpoint.frontend.root()}, and send the scope in X-Scope"
            )
        return UrlScope(self._parsed(where, found.segment, parse_url_form), found.segment, rest)

    def agreed(self, what: str, first: Scope | None, second: Scope | None) -> Scope | None:
        """Return the one scope of two parts, or None.

        A token that was given out for ``around`` has the clouds of that time: it agrees with the URL at which it was.
        """
        if first is not None and second is not None and first != second:
            if first.written is not None and second.written is None and may_resolve_to(first.written, second):
                return second
            if second.written is not None and first.written is None and may_resolve_to(second.written, first):
                return first
            raise self.bad_request(f"{what} differ: {first.to_header()} and {second.to_header()}; send one, or equal ones")
        return first or second

    def bad_request(self, message: str, fault: ScopeError | None = None) -> RefusedError:
        """Return the error for an invalid request."""
        return RefusedError(self.at, 400, "Bad Request", message, fault)

    def _parsed(self, where: str, text: str, parser: Callable[..., Scope]) -> Scope:
        try:
            scope = parser(text, services=self.mesh.known_services, clouds=self.mesh.known_clouds, offers=self.mesh.offers)
        except ScopeError as error:
            raise self.bad_request(f"{where}, {error}", error) from None
        centers = centers_of(scope)
        if not centers:
            return scope.completed(self.at)
        if not self.request.times.keys() >= set(centers):
            raise InputNeededError(ReadTimes(centers))
        plain = with_plain_clouds(self.mesh, self.at, scope, self.request.times)
        if len(plain.to_header()) > MAX_LENGTH:
            length = f"{len(plain.to_header())} characters with the clouds that are near"
            raise self.bad_request(f"{where}: too large: {length}, at most {MAX_LENGTH} are accepted")
        return plain
