# SPDX-License-Identifier: Apache-2.0
"""A reader account that logs in to a peer's Keystone, by Identity API v3 and the bridge's own client."""

import asyncio
import json
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from yarl import URL

from openstackoid.bridge.identity.readers import AccountError, Reader
from openstackoid.bridge.log import LOG
from openstackoid.bridge.message.deadline import Deadline
from openstackoid.bridge.upstream.target import Target
from openstackoid.bridge.upstream.upstream import Upstream, UpstreamError, UpstreamRequest, read_answer
from openstackoid.mesh import HTTPS, PASSWORD, Account, Timeouts
from openstackoid.routing.backend_names import account_target

MARGIN = 60.0
"""Seconds before its end from which a token is not used any more; of a short one, half its life."""

PAUSE = 10.0
"""Seconds before a refused log-in is tried again: Keystone may lock an account after failures."""

ANSWER_LIMIT = 1024 * 1024
"""Bytes of the answer to a log-in, which has no catalog."""


@dataclass(frozen=True, slots=True)
class _Token:
    value: str = field(repr=False)
    until: float


@dataclass(frozen=True, slots=True)
class _Refusal:
    """The status of the peer's refusal of the account, and the time of the next try."""

    status: int
    until: float


class KeystoneReader(Reader):
    """The account that the operator of ``peer`` gave to this gateway.

    ``secure``: mutual TLS with the peer's certificate.
    """

    def __init__(self, upstream: Upstream, peer: str, account: Account, timeouts: Timeouts, *, secure: bool) -> None:
        self._upstream = upstream
        self._peer = peer
        self._account = account
        self._secure = secure
        self._timeouts = timeouts
        self._known: _Token | _Refusal | None = None
        self._login: asyncio.Task[_Token] | None = None

    def __repr__(self) -> str:
        return f"<KeystoneReader at {self._peer}: {'a token' if isinstance(self._known, _Token) else 'no token'}>"

    async def token(self) -> str:
        """See :meth:`Reader.token`. The password goes to the account's URL alone: no redirect, no proxy of the environment."""
        match self._known:
            case _Token(value, until) if time.monotonic() < until:
                return value
            case _Refusal(status, until) if time.monotonic() < until:
                raise self.refused(status)
        if self._login is None or self._login.done():
            self._login = asyncio.create_task(self._log_in())
            # All waiting callers may have left when it fails.
            self._login.add_done_callback(lambda done: done.cancelled() or done.exception())
        return (await asyncio.shield(self._login)).value

    def drop(self, token: str) -> None:
        """See :meth:`Reader.drop`."""
        if isinstance(self._known, _Token) and self._known.value == token:
            self._known = None

    def refused(self, status: int) -> AccountError:
        """See :meth:`Reader.refused`. 503: keystonemiddleware makes a 503 of it, and the service's log has the words."""
        what = "; the policy there does not let it validate tokens" if status == 403 else ""
        return self._error(503, f" was refused: {status}{what}")

    async def _log_in(self) -> _Token:
        self._known = None
        try:
            token = self._known = await self._new_token()
        except UpstreamError as error:
            if error.status == 504:
                raise self._error(504, f" gets no answer within {self._timeouts.server:g} s") from None
            subject = " cannot log in: its Keystone" if error.what.startswith(" ") else " cannot log in"
            raise self._error(503, f"{subject}{error.what}") from None
        LOG.info("%s has logged in", self._place)
        return token

    async def _new_token(self) -> _Token:
        """Log in without discovery: a version document could send the password elsewhere."""
        headers = (("Content-Type", "application/json"), ("Accept", "application/json"), ("Accept-Encoding", "identity"))
        request = UpstreamRequest("POST", "nocatalog", headers, json.dumps(log_in_document(self._account)).encode())
        deadline = Deadline(self._timeouts.connect + self._timeouts.server)
        began = time.monotonic()
        target = await self._target()
        async with self._upstream.send(target, request, self._timeouts, deadline) as answer:
            status = answer.status
            if 400 <= status < 500:
                self._known = _Refusal(status, time.monotonic() + PAUSE)
                raise self.refused(status)
            if status >= 500:
                raise self._error(status if status in (503, 504) else 502, f" cannot log in: {status}")
            try:
                content = await read_answer(self._upstream, target, answer, ANSWER_LIMIT)
                token = json.loads(content)["token"]
                # Its life, not its end: the peer's clock may differ.
                life = (_time(token["expires_at"]) - _time(token["issued_at"])).total_seconds()
                value = answer.headers["X-Subject-Token"]
                value.encode("ascii")
            except (UpstreamError, LookupError, TypeError, ValueError, RecursionError):
                raise self._error(502, " cannot log in: the answer is not a token of the Identity API") from None
        return _Token(value, began + life - min(MARGIN, life / 2))

    @property
    def _place(self) -> str:
        return f"identity of {self._peer} at {self._account.auth_url}: the reader account at {self._peer}"

    async def _target(self) -> Target:
        """Return where to log in. A reader account may name another host than the frontends of the peer."""
        url = URL(f"{self._account.auth_url}/auth/tokens", encoded=True)
        host, port = url.host or "", url.port or 0
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError:
            raise self._error(503, " cannot log in: its host name is not known") from None
        of_system = url.scheme == HTTPS and not self._secure
        to = account_target(self._peer, host, str(found[0][4][0]), port, of_system=of_system)
        return Target(str(url), self._place, to, certified=self._peer if self._secure else None)

    def _error(self, status: int, what: str) -> AccountError:
        return AccountError(status, f"gateway of {self._upstream.at}: {self._place}{what}")


class KeystoneValidator(KeystoneReader):
    """The account of this cloud that validates its tokens; it logs in at ``target``, the backends of identity here."""

    def __init__(self, upstream: Upstream, account: Account, timeouts: Timeouts, target: Target) -> None:
        super().__init__(upstream, upstream.at, account, timeouts, secure=False)
        self._log_in_at = target

    @property
    def _place(self) -> str:
        return f"{self._log_in_at.place}: the account of 'validator'"

    async def _target(self) -> Target:
        return self._log_in_at


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def log_in_document(account: Account) -> Mapping[str, Any]:
    """Return the body of the log-in, by Identity API v3."""
    options = account.options
    if account.plugin == PASSWORD:
        user = {**_named(options, "user_id", "username", "user_domain"), "password": options["password"]}
        identity = {"methods": ["password"], "password": {"user": user}}
        project = _named(options, "project_id", "project_name", "project_domain")
        scope = {"project": project} if project else {"system": {"all": True}}
        return {"auth": {"identity": identity, "scope": scope}}
    credential: dict[str, Any] = {"secret": options["application_credential_secret"]}
    if "application_credential_id" in options:
        credential["id"] = options["application_credential_id"]
    else:
        credential["name"] = options["application_credential_name"]
        credential["user"] = _named(options, "user_id", "username", "user_domain")
    return {"auth": {"identity": {"methods": ["application_credential"], "application_credential": credential}}}


def _named(options: Mapping[str, str], key: str, name: str, domain: str) -> dict[str, Any]:
    """Return a user or a project: by its id, else by its name and domain; empty without either."""
    if key in options:
        return {"id": options[key]}
    if name not in options:
        return {}
    part = "id" if f"{domain}_id" in options else "name"
    return {"name": options[name], "domain": {part: options[f"{domain}_{part}"]}}


def readers_of(
    accounts: Mapping[str, Account],
    upstream: Upstream,
    timeouts: Timeouts,
    *,
    secure: bool = False,
    own: Target | None = None,
) -> Mapping[str, Reader]:
    """Return a reader for each account, by peer.

    ``secure`` is as in :class:`KeystoneReader`; ``own`` is where the account of this cloud itself logs in.
    """
    readers: dict[str, Reader] = {}
    for peer, account in accounts.items():
        if peer == upstream.at and own is not None:
            readers[peer] = KeystoneValidator(upstream, account, timeouts, own)
        else:
            readers[peer] = KeystoneReader(upstream, peer, account, timeouts, secure=secure)
    return readers
