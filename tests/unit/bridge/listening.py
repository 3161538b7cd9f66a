# SPDX-License-Identifier: Apache-2.0
"""A server of a test's own, which ends with its connections."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(
    serve: Serve, *, path: Path | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[asyncio.Server]:
    """Serve on a free port of loopback, or on the unix socket ``path``, and cut every connection in the end.

    Since Python 3.12.1 a server waits for its connections to end before it is closed, and a script may never end one.
    """
    connections: dict[asyncio.Task[Any], asyncio.StreamWriter] = {}

    async def tracked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections[task] = writer
        await serve(reader, writer)

    if path is None:
        server = await asyncio.start_server(tracked, "127.0.0.1", 0, ssl=tls)
    else:
        server = await asyncio.start_unix_server(tracked, path)
    try:
        yield server
    finally:
        server.close()
        for task, writer in connections.items():
            with suppress(AttributeError):
                # A transport that has ended has no event loop any more, and fails so.
                writer.transport.abort()
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        await server.wait_closed()
