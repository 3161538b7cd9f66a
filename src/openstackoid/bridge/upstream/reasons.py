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

from yarl import URL

from openstackoid.bridge.upstream.failures import Failure, Told
from openstackoid.bridge.upstream.target import Address, Target
from openstackoid.mesh import HTTPS, Timeouts, Tls
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
        self._known: OrderedDict[str, str] = OrderedDict()

    async def failure(self, target: Target, told: Told, timeouts: Timeouts, seconds: float) -> Failure:
        """Return the failure of a target that HAProxy has not reached within ``seconds``."""
        if told.word == DOWN:
            what = self._known.get(target.place) or await self.trial(target, timeouts) or _UNREACHED
        elif told.reason and target.certified is None:
            what = f"{_UNREACHED}: no authority that this system trusts has signed its certificate"
        elif seconds >= TRIALS * timeouts.connect and not told.reason:
            what = _late(timeouts)
        else:
            unknown = ": its certificate is not good, or is not its own" if told.reason else _UNREACHED
            what = await self.trial(target, timeouts, told.address) or unknown
        self._known[target.place] = what
        self._known.move_to_end(target.place)
        if len(self._known) > MOST:
            self._known.popitem(last=False)
        return Failure(503, what, unreached=told.unreached, address=told.address)

    async def trial(self, target: Target, timeouts: Timeouts, told: str = "") -> str | None:
        """Return why there is no connection to the target, as the end of a sentence that names it; None where there is one.

        ``told`` is the address of the backend to try; without it, each is tried in turn.
        """
        what = None
        host, _, port = told.rpartition(":")
        url = URL(target.url, encoded=True)
        addresses: tuple[Address, ...] = target.backends or ((url.host or "", url.port or 0),)
        if target.backends and port.isdigit() and port != "0":
            addresses = ((host.strip("[]"), int(port)),)
        secure = url.scheme == HTTPS and not target.backends
        for host, number in addresses:
            what = await self._try(host, number, target.certified if secure else None, timeouts)
            if what is None:
                break
        return what

    async def _try(self, host: str, port: int, certified: str | None, timeouts: Timeouts) -> str | None:
        context = None
        if certified is not None and self.tls is not None:
            with suppress(TlsError):
                tls = self.tls
                context = context_of(ssl.PROTOCOL_TLS_CLIENT, tls.certificate, tls.authority, tls.revoked)
        name = certified if context else None
        try:
            async with asyncio.timeout(timeouts.connect):
                _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=name)
        except TimeoutError:
            return _late(timeouts)
        except socket.gaierror:
            return f"{_UNREACHED}: its host name is not known"
        except ssl.SSLError as fault:
            return f": {what_was_wrong(fault, certified or '', self.tls.authority if self.tls else '')}"
        except OSError as error:
            return f"{_UNREACHED}: {os.strerror(error.errno).lower() if error.errno else 'no connection'}"
        writer.transport.abort()
        return None


def _late(timeouts: Timeouts) -> str:
    return f"{_UNREACHED}: no connection within {timeouts.connect:g} s"
