# SPDX-License-Identifier: Apache-2.0
"""Connections of the Python service to its own HAProxy, by a unix socket.

Reads share connections, which saves half of the time to send one. Each other request has a connection of its own, because a kept
one may end while the request is on its way, and HAProxy gives no answer then.
"""

import asyncio
from pathlib import Path

import aiohttp
from aiohttp import hdrs

from openstackoid.bridge.message.verbatim import LIMITS, Outgoing, Request
from openstackoid.routing import READS

IDLE = 2.0
"""Seconds in which an idle connection waits for the next read. HAProxy would end it later."""

PATIENCE = 2.0
"""Seconds in which HAProxy is tried again that is not there, as when it is started again."""

_GLANCE = 0.05


class ToHaproxy:
    """Sends requests to HAProxy at the unix socket ``path``."""

    def __init__(self, path: Path) -> None:
        self._single = _session(aiohttp.UnixConnector(str(path), limit=0, force_close=True))
        self._kept = _session(aiohttp.UnixConnector(str(path), limit=0, keepalive_timeout=IDLE))

    async def close(self) -> None:
        """Close all connections."""
        await self._single.close()
        await self._kept.close()

    async def send(self, method: str, message: Outgoing) -> aiohttp.ClientResponse:
        """Send a request, and return HAProxy's answer. A read is sent once more if its connection ends without an answer."""
        if method in READS and message.body is None and hdrs.UPGRADE not in message.headers:
            message.headers[hdrs.CONNECTION] = "keep-alive"
            try:
                return await self._begin(self._kept, method, message)
            except aiohttp.ClientConnectorError:
                raise
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                message.headers[hdrs.CONNECTION] = "close"
        return await self._begin(self._single, method, message)

    async def _begin(self, session: aiohttp.ClientSession, method: str, message: Outgoing) -> aiohttp.ClientResponse:
        """Send a request by a session. An HAProxy that is not there may be back in a moment."""
        until = asyncio.get_running_loop().time() + PATIENCE
        while True:
            try:
                return await session.request(method, "http://haproxy/", data=message, allow_redirects=False)
            except aiohttp.ClientConnectorError:
                if asyncio.get_running_loop().time() > until:
                    raise
            await asyncio.sleep(_GLANCE)


def _session(connector: aiohttp.UnixConnector) -> aiohttp.ClientSession:
    session = aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        request_class=Request,
        timeout=aiohttp.ClientTimeout(total=None),
        **LIMITS,
    )
    # aiohttp would send a PUT again, and a read on a second kept connection. Its own TestClient sets this, too.
    session._retry_connection = False
    return session
