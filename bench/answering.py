# SPDX-License-Identifier: Apache-2.0
"""Serve a cloud's answers over HTTP, for the modules that play clouds: connections are kept, and no request has a body."""

import asyncio
from collections.abc import Awaitable, Callable


async def serve(port: int, answer: Callable[[str], Awaitable[bytes]]) -> None:
    """Serve JSON on a port of loopback until the task is cancelled; ``answer`` returns it for the target of a request."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                body = await answer(head.split(b" ", 2)[1].decode())
                said = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Subject-Token: none\r\nContent-Length: "
                writer.write(said + str(len(body)).encode() + b"\r\n\r\n" + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async with await asyncio.start_server(converse, "127.0.0.1", port) as server:
        await server.serve_forever()
