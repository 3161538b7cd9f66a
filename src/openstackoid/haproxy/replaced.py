# SPDX-License-Identifier: Apache-2.0
"""The requests of an HAProxy that another one replaces: its control socket is then the other's, but not a connection to it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from openstackoid.haproxy.process import CONNECTIONS, REQUESTS, connections_in, requests_in

_PROMPT = b"\n> "
_PATIENCE = 5.0
_LONGEST = "86400s"
"""The time that HAProxy keeps the connection without a command."""


class Replaced:
    """A connection to the control socket of one HAProxy, from before it is replaced."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._due = 0

    async def requests_under_way(self) -> int | None:
        """Return the number of requests that a backend has or waits to get; 0 if this HAProxy has ended, None if it is silent."""
        answer = await self._answer(REQUESTS)
        return None if answer is None else requests_in(answer)

    async def connections(self) -> int | None:
        """Return the number of connections of clients; 0 if this HAProxy has ended, None if it is silent."""
        answer = await self._answer(CONNECTIONS)
        return None if answer is None else connections_in(answer)

    async def _answer(self, command: str) -> str | None:
        """Return the answer to a command: empty if this HAProxy has ended, None if it takes too long.

        A late answer is read before that to the next command, and dropped.
        """
        answer = b""
        try:
            async with asyncio.timeout(_PATIENCE):
                self._writer.write(f"{command}\n".encode())
                self._due += 1
                while self._due:
                    answer = await self._reader.readuntil(_PROMPT)
                    self._due -= 1
        except TimeoutError:
            return None
        except (OSError, asyncio.IncompleteReadError):
            return ""
        return answer.decode(errors="replace").removesuffix(_PROMPT.decode())

    async def begin(self) -> None:
        """Have HAProxy answer several commands on this connection."""
        await self._answer("prompt")
        await self._answer(f"set timeout cli {_LONGEST}")


@asynccontextmanager
async def replaced(stats_socket: Path) -> AsyncIterator[Replaced | None]:
    """Give a view of the HAProxy that serves now, for the time after it is replaced; None if it does not answer."""
    try:
        reader, writer = await asyncio.open_unix_connection(stats_socket, limit=2**24)
    except OSError:
        yield None
        return
    try:
        connection = Replaced(reader, writer)
        await connection.begin()
        yield connection
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
