# SPDX-License-Identifier: Apache-2.0
"""The numbers that the process of HAProxy's log has counted, told to the process that serves requests and metrics."""

import asyncio
import json
import socket
import time
from collections.abc import Callable
from typing import Any

from openstackoid.telemetry import samples

PATIENCE = 5.0
"""Seconds in which the other process must answer."""

_LONGEST = 1 << 30


FRESH = 1.0
"""Seconds for which the numbers of a page are cached: any client may ask for it."""

_SAMPLES, _DELEGATED = b"samples\n", b"delegated\n"


async def tell_numbers(connection: socket.socket, delegated: Callable[[], Any]) -> None:
    """Answer each line with the samples of this process, or with what ``delegated`` returns, in a line of JSON.

    It ends with the other process.
    """
    reader, writer = await asyncio.open_unix_connection(sock=connection)
    try:
        while line := await reader.readline():
            writer.write(json.dumps(samples() if line == _SAMPLES else delegated()).encode("ascii") + b"\n")
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


class LogProcess:
    """Asks the process of HAProxy's log for its numbers. Without a ``connection`` there is none."""

    def __init__(self, connection: socket.socket | None) -> None:
        self._connection = connection
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._turn = asyncio.Lock()
        self._delegated: list[Any] = []
        self._until = 0.0

    async def samples(self) -> list[Any]:
        """Return the samples, or none if the process does not answer."""
        return await self._ask(_SAMPLES)

    async def delegated(self) -> list[tuple[str | None, str, str, int]]:
        """Return the counts of requests of peers in the name of users here that HAProxy served alone, at most a second old."""
        if time.monotonic() >= self._until:
            self._until = time.monotonic() + FRESH
            self._delegated = await self._ask(_DELEGATED)
        return [(peer, rule, outcome, count) for peer, rule, outcome, count in self._delegated]

    async def _ask(self, what: bytes) -> list[Any]:
        if self._connection is None:
            return []
        async with self._turn:
            if self._streams is None:
                self._streams = await asyncio.open_unix_connection(sock=self._connection, limit=_LONGEST)
            reader, writer = self._streams
            try:
                async with asyncio.timeout(PATIENCE):
                    writer.write(what)
                    return list(json.loads(await reader.readline() or b"[]"))
            except (OSError, TimeoutError):
                self.close()
                return []

    def close(self) -> None:
        """Ask no more."""
        self._connection = None
        if self._streams is not None:
            self._streams[1].close()
