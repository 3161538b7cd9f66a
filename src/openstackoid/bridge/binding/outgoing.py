# SPDX-License-Identifier: Apache-2.0
"""A request that leaves for a peer: each token in it is bound to the gateway of that peer."""

from dataclasses import dataclass, replace
from typing import TypeVar

from openstackoid.binding import Kind, is_bound
from openstackoid.bridge.binding.binder import Binder, cut
from openstackoid.bridge.binding.credentials import (
    AUTHORIZATION,
    FOR_OTHER_CLOUDS,
    PASSWORDS,
    STORAGE,
    bearer_token,
    can_leave,
    possible_token,
    takes_token_in_body,
    takes_token_in_path,
)
from openstackoid.bridge.binding.exchange import TokenExchange
from openstackoid.bridge.errors import AnswerError, token_not_accepted
from openstackoid.bridge.identity.own_tokens import OwnTokens
from openstackoid.bridge.identity.token_documents import body_token
from openstackoid.bridge.identity.token_validation import Asked
from openstackoid.bridge.message.head import Head
from openstackoid.mesh import Mesh
from openstackoid.routing import IDENTITY, Decision, Relay, ScopeSource, Single, called_path
from openstackoid.routing.reading import AUTH, PLAIN, SERVICE, SUBJECT
from openstackoid.scope import SEPARATOR, split_token

S = TypeVar("S", Single, Relay)

_SPEAKS_OF_TOKENS = "message"
"""Zaqar's WebSocket: its messages hold tokens."""


@dataclass(frozen=True, slots=True)
class TokenSender:
    """Makes the tokens that the gateway of ``at`` sends to peers."""

    at: str
    binder: Binder
    exchange: TokenExchange
    own: OwnTokens

    async def refuse_own(self, plan: Single | Relay, issuer: str, body: bytes | None, head: Head, asked: Asked | None) -> None:
        """Refuse a token of this cloud that the request calls one of ``issuer``. Raises :class:`AnswerError`."""
        found = {cut(value)[0] for name, value in plan.headers if name.lower() in (AUTH, SUBJECT, STORAGE)}
        found |= {cut(possible_token(value) or "")[0] for value in head.values(AUTHORIZATION)}
        if plan.endpoint.service == IDENTITY and body is not None:
            found.add(cut(body_token(body) or "")[0])
        for token in found:
            if SEPARATOR[0] in token:
                # No Keystone issues such a token: a part of it may be one.
                raise token_not_accepted(self.at, issuer)
            if token and not is_bound(token):
                await self.own.refuse(token, issuer, head, asked)

    async def sent(self, token: str, kind: Kind, issuer: str, audience: str, *, scope: str, head: Head, mesh: Mesh) -> str:
        """Return a token of ``issuer``, which came with ``head``, as the gateway of ``audience`` gets it; ``scope`` is completed.

        Raises :class:`AnswerError`, and :class:`~openstackoid.binding.BoundTokenError` for a token that is bound already.
        """
        if issuer == audience or mesh.clouds[self.at].tls is None:
            return token
        if issuer != self.at:
            return await self.exchange.bound(mesh, issuer, token, audience, scope=scope, headers=head.headers)
        if is_bound(token):
            token = self.binder.open(token, head.sender).token
        return self.binder.bind(token, kind, audience, scope, mesh.clouds[self.at].bound_tokens.seconds)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Binds the tokens of one request that leaves this cloud."""

    sender: TokenSender
    mesh: Mesh
    decision: Decision
    head: Head

    async def bound(self, plan: S) -> S:
        """Return a plan for a peer with no token of this cloud in it.

        Raises :class:`AnswerError`, and :class:`~openstackoid.binding.BoundTokenError` for a token that is bound already.
        """
        self._refuse_what_cannot_be_bound(plan)
        headers = [(name, await self._value(name.lower(), value, plan)) for name, value in plan.headers]
        return replace(plan, headers=tuple(headers))

    async def _value(self, name: str, value: str, plan: Single | Relay) -> str:
        bearer = bearer_token(value) if name == AUTHORIZATION and plan.endpoint.service != IDENTITY else None
        if bearer is not None:
            return f"Bearer {await self._sent(bearer, Kind.USER, plan)}"
        if name not in (AUTH, SUBJECT, SERVICE, STORAGE) or not value:
            return value
        of_service = name == SERVICE or self.decision.source is ScopeSource.RECALLED
        return await self._sent(value, Kind.SERVICE if of_service else Kind.USER, plan)

    async def _sent(self, value: str, kind: Kind, plan: Single | Relay) -> str:
        """Return a token, with or without a scope behind it, as the peer gets it."""
        token, mark = cut(value)
        issuer = self.sender.at if kind is Kind.SERVICE else str(self.decision.issuer)
        scope = (split_token(value)[1] if mark else None) or self._scope(plan)
        audience = plan.endpoint.cloud
        sent = await self.sender.sent(token, kind, issuer, audience, scope=scope, head=self.head, mesh=self.mesh)
        return sent + mark

    def _scope(self, plan: Single | Relay) -> str:
        """Return the scope that the peer gets beside the tokens: of several clouds, that of this one."""
        for name, value in plan.headers:
            told = split_token(value)[1] if name.lower() == AUTH else value if name.lower() == PLAIN else None
            if told is not None:
                return told
        return "" if self.decision.scope is None else self.decision.scope.to_header()

    def _refuse_what_cannot_be_bound(self, plan: Single | Relay) -> None:
        peer = plan.endpoint.cloud
        of_identity = plan.endpoint.service == IDENTITY
        given = self.head.values(AUTHORIZATION)
        stays = not of_identity and not all(can_leave(value, plan.endpoint.service) for value in given)
        for name in (*PASSWORDS, *FOR_OTHER_CLOUDS, *([AUTHORIZATION] if stays else [])):
            if self.head.spelt(name):
                message = f"{name.title()} cannot be bound to {peer}; log in, and send X-Auth-Token"
                raise AnswerError(400, f"gateway of {self.sender.at}: {message}")
        called = called_path(plan.endpoint, plan.path) if of_identity else ""
        if of_identity and self.head.method == "POST" and takes_token_in_body(called):
            message = (
                f"a token in the body cannot be bound to {peer}; exchange it by POST /v3/auth/tokens, or ask without the scope"
            )
            raise AnswerError(400, f"gateway of {self.sender.at}: {message}")
        if of_identity and takes_token_in_path(called):
            message = f"a token in the path cannot be bound to {peer}; ask by GET /v3/auth/tokens, or ask without the scope"
            raise AnswerError(400, f"gateway of {self.sender.at}: {message}")
        if plan.endpoint.service == _SPEAKS_OF_TOKENS and self.head.values("upgrade"):
            message = f"the messages of a WebSocket to {_SPEAKS_OF_TOKENS} hold tokens, which cannot be bound to {peer}"
            raise AnswerError(400, f"gateway of {self.sender.at}: {message}")
