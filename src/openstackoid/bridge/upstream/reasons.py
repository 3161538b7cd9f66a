# SPDX-License-Identifier: Apache-2.0
"""Why a target cannot be reached.

HAProxy keeps neither the error of a connection nor that of a certificate until its answer: the connection alone is tried once
more from here, and no request is sent on it.
"""

import asyncio
import os
import socket
import ssl
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, replace

from yarl import URL

from openstackoid.bridge.upstream.failures import Failure, Told
from openstackoid.bridge.upstream.target import Target
from openstackoid.mesh import ANY_NAME, HTTPS, Address, Timeouts, Tls
from openstackoid.routing.backend_names import DOWN
from openstackoid.tls import TlsError, context_of, what_was_wrong

MOST = 1000
"""Targets whose last reason is kept, for those that HAProxy has not tried again."""

TRIALS = 2
"""Connections that HAProxy tries, each for the time that it has."""

_UNREACHED = " cannot be reached"


class Reasons:
    """The reasons of failed connections. ``tls``: this gateway's certificate and authority, if it has them."""

    def __init__(self) -> None:
        self.tls: Tls | None = None
        self._known: OrderedDict[str, _Reason] = OrderedDict()

    async def failure(self, target: Target, told: Told, timeouts: Timeouts, seconds: float) -> Failure:
        """Return the failure of a target that HAProxy has not reached within ``seconds``."""
        if told.word == DOWN:
            reason = self._known.get(target.place) or await self._try(target, timeouts) or _Reason(_UNREACHED)
        elif told.reason and target.certified is None and not target.backends:
            reason = _Reason(f"{_UNREACHED}: no authority that this system trusts has signed its certificate", certificate=True)
        elif seconds >= TRIALS * timeouts.connect and not told.reason:
            reason = _Reason(_late(timeouts))
        else:
            bad = _Reason(": its certificate is not good, or is not its own", certificate=True)
            reason = await self._try(target, timeouts, told.address) or (bad if told.reason else _Reason(_UNREACHED))
        self._known[target.place] = reason
        self._known.move_to_end(target.place)
        if len(self._known) > MOST:
            self._known.popitem(last=False)
        return Failure(503, reason.what, told.unreached, told.address, reason.certificate)

    async def trial(self, target: Target, timeouts: Timeouts) -> str | None:
        """Return why there is no connection to the target, as the end of a sentence that names it; None where there is one.

        Each of its backends is tried in turn.
        """
        reason = await self._try(target, timeouts)
        return None if reason is None else reason.what

    async def _try(self, target: Target, timeouts: Timeouts, told: str = "") -> "_Reason | None":
        """Return why there is no connection to the target; ``told`` is the address of the backend to try, each by default."""
        reason = None
        for peer in self._trials(target, told):
            reason = await _try(peer, timeouts)
            if reason is None:
                break
        return reason

    def _trials(self, target: Target, told: str) -> "list[_Trial]":
        """Return the connections to try: to the backend that was ``told``, or to each; or to the peer."""
        if target.backends:
            asked = [backend for backend in target.backends if f"{backend.host}:{backend.port}" == told]
            return [_Trial.of(backend) for backend in asked or target.backends]
        url, tls = URL(target.url, encoded=True), self.tls
        trial = _Trial(url.host or "", url.port or 0)
        if url.scheme == HTTPS and target.certified is not None and tls is not None:
            with suppress(TlsError):
                context = context_of(ssl.PROTOCOL_TLS_CLIENT, tls.certificate, tls.authority, tls.revoked)
                return [replace(trial, context=context, name=target.certified, authority=tls.authority)]
        return [trial]


@dataclass(frozen=True, slots=True)
class _Reason:
    """Why there is no connection, as the end of a sentence that names the target. ``certificate``: its own is at fault."""

    what: str
    certificate: bool = False


@dataclass(frozen=True, slots=True)
class _Trial:
    """A connection to try: host and port; with TLS its context, the name in the certificate, and the file of the authority."""

    host: str
    port: int
    context: ssl.SSLContext | None = None
    name: str = ""
    authority: str = ""

    @classmethod
    def of(cls, backend: Address[str]) -> "_Trial":
        trial = cls(backend.host.strip("[]"), backend.port)
        if backend.secure:
            with suppress(OSError):
                context = ssl.create_default_context(cafile=backend.authority or None)
                context.check_hostname = backend.name != ANY_NAME
                return replace(trial, context=context, name=backend.name, authority=backend.authority or "this system")
        return trial


async def _try(trial: _Trial, timeouts: Timeouts) -> _Reason | None:
    """Return why there is no connection; None where there is one."""
    name = trial.name if trial.context else None
    try:
        async with asyncio.timeout(timeouts.connect):
            _, writer = await asyncio.open_connection(trial.host, trial.port, ssl=trial.context, server_hostname=name)
    except TimeoutError:
        return _Reason(_late(timeouts))
    except socket.gaierror:
        return _Reason(f"{_UNREACHED}: its host name is not known")
    except ssl.SSLError as fault:
        certificate = isinstance(fault, ssl.SSLCertVerificationError)
        return _Reason(f": {what_was_wrong(fault, trial.name, trial.authority)}", certificate)
    except OSError as error:
        return _Reason(f"{_UNREACHED}: {os.strerror(error.errno).lower() if error.errno else 'no connection'}")
    writer.transport.abort()
    return None


def _late(timeouts: Timeouts) -> str:
    return f"{_UNREACHED}: no connection within {timeouts.connect:g} s"
