# SPDX-License-Identifier: Apache-2.0
"""The page with a user's id, project and roles in each cloud of the scope, or the reason of a refusal.

Only a cloud's own gateway has its policy. So the gateway judges for its own cloud, and asks each of the other gateways. The
token is the only credential, and the page is about its user alone.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from openstackoid.binding import BoundTokenError, Kind, is_bound
from openstackoid.bridge.binding.outgoing import TokenSender
from openstackoid.bridge.errors import AnswerError, without_gateway
from openstackoid.bridge.identity.authorization import Authorizer
from openstackoid.bridge.identity.readers import Reader
from openstackoid.bridge.message.head import Head
from openstackoid.bridge.pages.near_times import NearTimes
from openstackoid.bridge.trace.peer_records import AT_ONCE, ask_gateway
from openstackoid.bridge.upstream.upstream import Upstream, UpstreamRequest
from openstackoid.mesh import Mesh, Timeouts
from openstackoid.policy import Denial, DomainScoped, Grant, Principal, local_user_and_project
from openstackoid.policy.principal import LONGEST_NAME, MOST_ROLES
from openstackoid.routing import Credentials, Request
from openstackoid.routing.pages import ONLY_HERE, USER
from openstackoid.routing.reading import AUTH, InputNeededError, Reading, RefusedError
from openstackoid.scope import Scope, Times, join_token

PATIENCE = 5.0
"""Seconds that a peer may take, beyond the time for a connection."""
AT_MOST = 16
"""Peers that are asked for one page."""

_LIMIT = 128 * 1024
_LONGEST_REASON = 512


class UserPage:
    """Judges the user of a token as the authorizer does, for no request."""

    def __init__(self, upstream: Upstream, authorizer: Authorizer, tokens: TokenSender, near: NearTimes) -> None:
        self._upstream = upstream
        self._near = near
        self._tokens = tokens
        self._authorizer = authorizer
        self._at = upstream.at
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def document(self, head: Head, mesh: Mesh, readers: Mapping[str, Reader]) -> dict[str, Any]:
        """Return the page. Raises :class:`AnswerError`: 401 where the cloud of the token does not accept it."""
        credentials, scope = await self._asked(head, mesh)
        if head.query == ONLY_HERE:
            return {"clouds": [await self._for_a_peer(credentials, head, mesh, readers)]}
        if credentials.issuer != self._at and mesh.clouds[self._at].tls is not None and not is_bound(credentials.token):
            asked = self._tokens.own.asked(mesh, readers.get(self._at))
            await self._tokens.own.refuse(credentials.token, credentials.issuer, head, asked)
        here = await self._here(credentials, head, mesh, readers)
        if here["user"] is None:
            # Otherwise a cloud that is not accepted here could cause questions to others.
            return {"identity": credentials.issuer, "clouds": [here]}
        peers = sorted({*scope.clouds(), credentials.issuer} - {self._at})
        told = await asyncio.gather(*(self._ask(mesh, peer, credentials, scope, head) for peer in peers[:AT_MOST]))
        more = [_refusal(peer, f"{AT_MOST} other clouds are asked at most") for peer in peers[AT_MOST:]]
        return {"identity": credentials.issuer, "clouds": [here, *told, *more]}

    async def _asked(self, head: Head, mesh: Mesh) -> tuple[Credentials, Scope]:
        times: Times = {}
        while True:
            try:
                return self._read(head, mesh, times)
            except InputNeededError as error:
                times = {**times, **await self._near.around(mesh, error.needed.centers)}

    def _read(self, head: Head, mesh: Mesh, times: Times) -> tuple[Credentials, Scope]:
        """Return the token with its issuer, and the scope, completed."""
        request = Request(head.method, head.listener, head.path, head.headers, sender=head.sender, times=times)
        reading = Reading(mesh, self._at, request)
        try:
            token = reading.token(AUTH)
            said = reading.agreed("X-Scope and the scope in X-Auth-Token", reading.plain_scope(), token.scope if token else None)
        except RefusedError as refused:
            raise AnswerError(refused.refusal.status, refused.refusal.message) from None
        if token is None:
            raise AnswerError(401, f"gateway of {self._at}: a token is expected in X-Auth-Token")
        scope = said or Scope.everything_in(self._at)
        issuer, bare = scope.issuer(self._at), token.bare
        if issuer == self._at and is_bound(bare):
            try:
                bare = self._tokens.binder.open(bare, head.sender).token
            except BoundTokenError as error:
                raise AnswerError(401, f"gateway of {self._at}: {error}") from None
        if issuer == self._at and head.sender is not None and head.query != ONLY_HERE:
            # Else a peer could have tokens of this cloud bound to clouds that their scopes do not name.
            message = f"a peer's gateway is told of users of {self._at} by this cloud alone: ?{ONLY_HERE}"
            raise AnswerError(403, f"gateway of {self._at}: {message}")
        return Credentials(issuer, bare), scope

    async def _here(self, credentials: Credentials, head: Head, mesh: Mesh, readers: Mapping[str, Reader]) -> dict[str, Any]:
        principal, judged = await self._authorizer.judge_user(credentials, head, mesh, readers)
        if isinstance(judged, Denial):
            return _refusal(self._at, judged.reason, judged.rule)
        if principal is None:
            raise AssertionError("a user who is not denied is known")
        return _told(self._at, credentials.issuer, principal, judged)

    async def _for_a_peer(
        self, credentials: Credentials, head: Head, mesh: Mesh, readers: Mapping[str, Reader]
    ) -> dict[str, Any]:
        """Return a row for another gateway, which passes no error on."""
        try:
            return await self._here(credentials, head, mesh, readers)
        except AnswerError as error:
            return _refusal(self._at, without_gateway(error.message, self._at))

    async def _ask(self, mesh: Mesh, name: str, credentials: Credentials, scope: Scope, head: Head) -> dict[str, Any]:
        """Return the answer of a peer's gateway about its own cloud, within the limits of a page."""
        timeouts = Timeouts(connect=mesh.clouds[self._at].timeouts.connect, server=PATIENCE)
        token, issuer = credentials.token, credentials.issuer
        # A token is bound anew only for a cloud that its scope names.
        written = (Scope.everything_in(issuer) if issuer in (self._at, name) else scope).to_header()
        try:
            token = await self._tokens.sent(token, Kind.USER, issuer, name, scope=written, head=head, mesh=mesh)
            request = UpstreamRequest("GET", ONLY_HERE, _headers(token, written))
            async with self._slots:
                content = await ask_gateway(self._upstream, mesh, name, request, USER, timeouts=timeouts, limit=_LIMIT)
        except AnswerError as error:
            return _refusal(name, without_gateway(error.message, self._at))
        if content is None:
            return _refusal(name, "its gateway is of an older release, without this page")
        told = _read_answer(content)
        return _refusal(name, "its gateway's answer is not such a page") if told is None else {**told, "cloud": name}


def _headers(token: str, scope: str) -> tuple[tuple[str, str], ...]:
    return (
        ("Accept", "application/json"),
        ("Accept-Encoding", "identity"),
        ("X-Auth-Token", join_token(token, scope)),
    )


def _refusal(cloud: str, reason: str, rule: str | None = None) -> dict[str, Any]:
    return {"cloud": cloud, "user": None, "project": None, "roles": [], "rule": rule, "reason": reason}


def _told(cloud: str, issuer: str, principal: Principal, judged: Grant | None) -> dict[str, Any]:
    user, project, roles = principal.user, principal.project, principal.roles
    if judged is not None:
        user, project = local_user_and_project(issuer, principal, judged)
        roles = judged.roles
    rule = None if judged is None else judged.rule
    return {"cloud": cloud, "user": _party(user), "project": _party(project), "roles": list(roles), "rule": rule, "reason": None}


def _party(owned: DomainScoped) -> dict[str, str]:
    return {"id": owned.id, "name": owned.name, "domain": owned.domain.name}


def _read_answer(content: bytes) -> dict[str, Any] | None:
    """Return a peer's row about its cloud, or None unless it has the form of :func:`_told` or :func:`_refusal`."""
    try:
        (row,) = json.loads(content)["clouds"]
        told = {key: row[key] for key in ("user", "project", "roles", "rule", "reason")}
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    parties = (told["user"], told["project"])
    texts = (told["rule"], told["reason"])
    roles = told["roles"]
    sound = (
        all(party is None or _is_party(party) for party in parties)
        and all(text is None or _is_text(text, _LONGEST_REASON) for text in texts)
        and isinstance(roles, list)
        and len(roles) <= MOST_ROLES
        and all(_is_text(role, LONGEST_NAME) for role in roles)
    )
    return told if sound else None


def _is_party(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"id", "name", "domain"}
        and all(_is_text(v, LONGEST_NAME) for v in value.values())
    )


def _is_text(value: Any, longest: int) -> bool:
    return isinstance(value, str) and len(value) <= longest and value.isprintable()
