# SPDX-License-Identifier: Apache-2.0
"""The page at which a peer's gateway has a token of this cloud bound to the next cloud that the scope names (RFC 8693)."""

import json
from dataclasses import dataclass, field
from typing import Any

from openstackoid.binding import BoundToken, BoundTokenError, Kind, is_bound
from openstackoid.bridge.binding.binder import Binder
from openstackoid.bridge.binding.exchange import TOKEN_TYPE
from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.message.head import Head
from openstackoid.mesh import Mesh
from openstackoid.routing import Request
from openstackoid.routing.reading import AUTH, InputNeededError, Reading, RefusedError, Token, is_visible
from openstackoid.scope import join_token

LIMIT = 32 * 1024
"""Bytes of the body of an exchange."""

_KEYS = ("subject_token", "audience", "scope")


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a peer's gateway asks for: ``token`` bound to ``audience`` under ``scope``.

    ``unscoped``: the peer alone says the scope. The token came unbound, or was issued by way of the peer.
    """

    token: str = field(repr=False)
    audience: str
    scope: str
    unscoped: bool


class TokenPage:
    """Binds tokens of the cloud ``at`` anew, each for the audience's own gateway and the same scope."""

    def __init__(self, at: str, binder: Binder) -> None:
        self._at = at
        self._binder = binder

    def exchange(self, head: Head, body: bytes | None, mesh: Mesh) -> Exchange:
        """Return what a request asks for. Raises :class:`AnswerError` where it may not."""
        if head.sender is None:
            raise self._error(401, "a token is bound anew for the gateway of a peer, which proves to be one by its certificate")
        if head.sender in mesh.blocked:
            raise self._error(403, f"its operator has blocked {head.sender}")
        said = _said(body)
        if said is None:
            raise self._error(400, f"a JSON object with the texts {', '.join(_KEYS)} is accepted")
        subject, audience, written = (said[key] for key in _KEYS)
        token = self._read(head, mesh, subject, written)
        scope = token.scope
        if scope is None or scope.issuer(self._at) != self._at:
            raise self._error(400, f"scope: a completed scope is accepted whose issuer is {self._at}")
        if audience in (self._at, head.sender) or audience not in scope.clouds():
            raise self._error(403, f"audience: the next cloud that the scope names is accepted, and '{audience[:64]}' is not")
        if not is_bound(token.bare):
            return Exchange(token.bare, audience, scope.to_header(), unscoped=True)
        bound = self._opened(head, token.bare, scope.to_header())
        return Exchange(bound.token, audience, scope.to_header(), unscoped=bound.kind is Kind.ISSUED)

    def document(self, asked: Exchange, mesh: Mesh) -> dict[str, Any]:
        """Return the answer, with the new token."""
        seconds = mesh.clouds[self._at].bound_tokens.seconds
        bound = self._binder.bind(asked.token, Kind.USER, asked.audience, asked.scope, seconds)
        return {"access_token": bound, "issued_token_type": TOKEN_TYPE, "token_type": "N_A", "expires_in": int(seconds)}

    def _opened(self, head: Head, text: str, scope: str) -> BoundToken:
        """Return the content of a bound token. Raises :class:`AnswerError` for one that may not go on."""
        try:
            bound = self._binder.open(text, head.sender)
        except BoundTokenError as error:
            raise self._error(401, str(error)) from None
        if not bound.holds_for(scope):
            raise self._error(401, "the token is bound to another scope")
        if bound.kind is Kind.SERVICE:
            raise self._error(403, "the token of a service goes to no third cloud")
        return bound

    def _read(self, head: Head, mesh: Mesh, subject: str, scope: str) -> Token:
        """Return the token with its scope, read as strictly as in a request."""
        if not subject or not is_visible(subject) or any(mark in subject for mark in "~!%"):
            raise self._error(400, "subject_token: a token without a scope is accepted")
        request = Request("POST", head.listener, head.path, ((AUTH, join_token(subject, scope)),), sender=head.sender)
        try:
            token = Reading(mesh, self._at, request).token(AUTH)
        except RefusedError as refused:
            raise AnswerError(refused.refusal.status, refused.refusal.message) from None
        except InputNeededError:
            raise self._error(400, "scope: clouds are accepted; the first gateway puts them in the place of around") from None
        if token is None:
            raise AssertionError("a token that is written is read")
        return token

    def _error(self, status: int, message: str) -> AnswerError:
        return AnswerError(status, f"gateway of {self._at}: {message}")


def _said(body: bytes | None) -> dict[str, str] | None:
    try:
        document = json.loads(body or b"")
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or not all(isinstance(document.get(key), str) for key in _KEYS):
        return None
    return {key: document[key] for key in _KEYS}
