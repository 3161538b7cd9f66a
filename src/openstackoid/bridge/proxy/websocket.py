# SPDX-License-Identifier: Apache-2.0
"""A WebSocket through the bridge: after ``101 Switching Protocols`` the bytes of both sides are handed on as they come.

aiohttp lends its connections to code that speaks another protocol on them: it feeds the bytes that arrive to a "parser".
"""

import asyncio
from collections.abc import Callable

import aiohttp
from aiohttp import hdrs, web
from aiohttp.http import StreamWriter

from openstackoid.bridge.errors import StreamedAnswer, towards_client
from openstackoid.bridge.message.deadline import Deadline

_READ_AHEAD = 64 * 1024


class _Source:
    """The bytes that arrive on a connection, read no faster than they are handed on."""

    def __init__(self, reader: aiohttp.StreamReader) -> None:
        self.reader = reader

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Take bytes from the connection; the answer says that there will be more."""
        self.reader.feed_data(data)
        return False, b""

    def feed_eof(self) -> None:
        """Take the end of the connection."""
        self.reader.feed_eof()


async def tunnel(
    request: web.BaseRequest,
    answer: aiohttp.ClientResponse,
    response: StreamedAnswer,
    upgrade: str,
    deadline: Deadline,
    *,
    idle: float,
    heard: Callable[[], None],
    taken: asyncio.Event,
) -> None:
    """Send ``response``, a 101, and hand on bytes both ways until one side ends, or both are silent for ``idle`` seconds.

    ``heard`` is called for each piece; ``taken`` ends it. Raises ``TimeoutError`` through ``deadline``, and
    :class:`~openstackoid.bridge.errors.ClientGoneError`.
    """
    loop = asyncio.get_running_loop()
    connection = answer.connection
    if connection is None or connection.protocol is None:
        raise aiohttp.ServerDisconnectedError
    far = connection.protocol
    far.read_timeout = None
    from_far = aiohttp.StreamReader(far, _READ_AHEAD, loop=loop)
    from_client = aiohttp.StreamReader(request.protocol, _READ_AHEAD, loop=loop)
    response.headers[hdrs.CONNECTION], response.headers[hdrs.UPGRADE] = "Upgrade", upgrade
    response.force_close()
    with towards_client():
        await response.prepare(request)
    request.protocol.set_parser(_Source(from_client))  # type: ignore[arg-type]  # its own is one of several
    request.protocol.keep_alive(False)
    far.set_parser(_Source(from_far), from_far)

    def alive() -> None:
        deadline.start(idle)
        heard()

    alive()
    pumps = [
        asyncio.create_task(_pump(from_client, StreamWriter(far, loop), alive)),
        asyncio.create_task(_pump(from_far, StreamWriter(request.protocol, loop), alive)),
        asyncio.create_task(_wait(taken)),
    ]
    try:
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        deadline.stop()


async def _wait(event: asyncio.Event) -> None:
    await event.wait()


async def _pump(source: aiohttp.StreamReader, sink: StreamWriter, alive: Callable[[], None]) -> None:
    """Hand bytes on until there are no more; a side that is gone takes none."""
    try:
        while chunk := await source.readany():
            await sink.write(chunk)
            alive()
    except (ConnectionError, aiohttp.ClientError):
        return
