# SPDX-License-Identifier: Apache-2.0
"""A reader account that logs in to a peer's Keystone, with keystoneauth, in a thread."""

import asyncio
import ssl
import time
from dataclasses import dataclass, field
from typing import Any

import requests
from keystoneauth1 import exceptions
from keystoneauth1.identity import v3
from keystoneauth1.session import Session

from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.identity.bounded_adapter import BoundedAdapter, in_thread
from openstackoid.bridge.identity.readers import Reader
from openstackoid.bridge.log import LOG
from openstackoid.mesh import PASSWORD, Account, Timeouts
from openstackoid.tls import Identity, fault_of, what_was_wrong

MARGIN = 60.0
"""Seconds before its end from which a token is not used any more; of a short one, half its life."""

PAUSE = 10.0
"""Seconds for which a refused log-in is not tried again: Keystone can be told to lock an account after some failures."""

ANSWER_LIMIT = 1024 * 1024
"""Bytes of the answer to a log-in, which has no catalog."""


@dataclass(frozen=True, slots=True)
class _Token:
    value: str = field(repr=False)
    until: float


class _Proving(BoundedAdapter):
    """Connections of requests on which both sides prove who they are, as the bridge's own do."""

    def __init__(self, peer: str, context: ssl.SSLContext, seconds: float) -> None:
        self._proof: Any = {"ssl_context": context, "server_hostname": peer}
        super().__init__(ANSWER_LIMIT, seconds)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
        """Have each connection made with our context, which knows no authority but the mesh's."""
        super().init_poolmanager(connections, maxsize, block, **kwargs, **self._proof)

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Leave out the authorities of the public web, which requests would add to the context."""


@dataclass(frozen=True, slots=True)
class _Access:
    """The way of the gateway of ``at`` to log in at ``peer``. ``context`` is its own: urllib3 changes those that it is given."""

    at: str
    peer: str
    account: Account
    timeouts: Timeouts
    identity: Identity | None
    context: ssl.SSLContext | None

    @property
    def who(self) -> str:
        """Return the words that begin an error about the account."""
        return f"gateway of {self.at}: identity of {self.peer} at {self.account.auth_url}: the reader account at {self.peer}"

    @property
    def patience(self) -> float:
        """Return the seconds for a whole log-in."""
        return self.timeouts.connect + self.timeouts.server

    def new_token(self) -> _Token:
        """Log in. The way is v3's own, without discovery: a version document could name another place for the password."""
        plugin = v3.Password if self.account.plugin == PASSWORD else v3.ApplicationCredential
        options: dict[str, Any] = {**self.account.options}
        auth = plugin(self.account.auth_url, include_catalog=False, **options)
        began = time.monotonic()
        with requests.Session() as http:
            http.trust_env = False
            http.headers["Accept-Encoding"] = "identity"
            for scheme in ("http://", "https://"):
                http.mount(scheme, BoundedAdapter(ANSWER_LIMIT, self.patience))
            if self.context is not None:
                http.mount("https://", _Proving(self.peer, self.context, self.patience))
            access = auth.get_access(Session(session=http, timeout=self.timeouts.server, redirect=False))
        if access.auth_token is None or access.expires is None or access.issued is None:
            raise ValueError("not a token")
        # Its life, not its end: the peer's clock may not be this one's.
        life = (access.expires - access.issued).total_seconds()
        return _Token(access.auth_token, began + life - min(MARGIN, life / 2))


class KeystoneReader(Reader):
    """The account that the operator of ``peer`` gave to the gateway of ``at``."""

    def __init__(self, at: str, peer: str, account: Account, timeouts: Timeouts, identity: Identity | None = None) -> None:
        self._access = _Access(at, peer, account, timeouts, identity, None if identity is None else identity.again())
        self._token: _Token | None = None
        self._refusal = 0
        self._again_at = 0.0
        self._login: asyncio.Task[_Token] | None = None
        self._asking: asyncio.Future[_Token] | None = None

    def __repr__(self) -> str:
        return f"<KeystoneReader at {self._access.peer}: {'a token' if self._token else 'no token'}>"

    async def token(self) -> str:
        """See :meth:`Reader.token`. The password goes to the account's URL alone: no redirect, no proxy of the environment."""
        now = time.monotonic()
        if self._token is not None and now < self._token.until:
            return self._token.value
        if self._refusal and now < self._again_at:
            raise self.refused(self._refusal)
        if self._login is None or self._login.done():
            self._login = asyncio.create_task(self._log_in())
            # All that waited for it may have gone when it fails.
            self._login.add_done_callback(lambda done: done.cancelled() or done.exception())
        return (await asyncio.shield(self._login)).value

    def drop(self, token: str) -> None:
        """See :meth:`Reader.drop`."""
        if self._token is not None and self._token.value == token:
            self._token = None

    def refused(self, status: int) -> AnswerError:
        """See :meth:`Reader.refused`. 503: keystonemiddleware makes a 503 of it, and the service's log has the words."""
        what = "; the policy there does not let it validate tokens" if status == 403 else ""
        return AnswerError(503, f"{self._access.who} was refused: {status}{what}")

    async def _log_in(self) -> _Token:
        access = self._access
        self._token, self._refusal = None, 0
        late = AnswerError(504, f"{access.who} gets no answer within {access.timeouts.server:g} s")
        if self._asking is not None and not self._asking.done():
            # A head of an answer that never ends; one thread may wait for it.
            raise late
        self._asking = in_thread(access.new_token)
        try:
            async with asyncio.timeout(access.patience):
                self._token = await asyncio.shield(self._asking)
        except TimeoutError:
            raise late from None
        except exceptions.HttpError as error:
            status = error.http_status
            if 400 <= status < 500:
                self._refusal, self._again_at = status, time.monotonic() + PAUSE
                raise self.refused(status) from None
            raise AnswerError(status if status in (503, 504) else 502, f"{access.who} cannot log in: {status}") from None
        except exceptions.ConnectTimeout:
            raise late from None
        except exceptions.ConnectionError as error:
            fault = fault_of(error)
            if fault is not None and access.identity is not None:
                what = what_was_wrong(fault, access.peer, access.identity.authority)
                raise AnswerError(503, f"{access.who} cannot log in: {what}") from None
            raise AnswerError(503, f"{access.who} cannot log in: its Keystone cannot be reached") from None
        except (exceptions.ClientException, KeyError, TypeError, ValueError, AttributeError):
            raise AnswerError(502, f"{access.who} cannot log in: the answer is not a token of the Identity API") from None
        LOG.info("the reader account at %s has logged in", access.peer)
        return self._token
