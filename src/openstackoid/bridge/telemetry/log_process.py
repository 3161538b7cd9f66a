# SPDX-License-Identifier: Apache-2.0
"""The numbers that the process of HAProxy's log has counted, told to the process that serves the metrics."""

import asyncio
import json
import socket
from typing import Any

from openstackoid.telemetry import samples

PATIENCE = 5.0
"""Seconds in which the other process must answer."""

_LONGEST = 1 << 30


async def tell_samples(connection: socket.socket) -> None:
    """Answer each line with the samples of this process, in a line of JSON, until the other process ends."""
    reader, writer = await asyncio.open_unix_connection(sock=connection)
    try:
        while await reader.readline():
            writer.write(json.dumps(samples()).encode("ascii") + b"\n")
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


class LogProcess:
    """Asks the process of HAProxy's log for its samples. Without a ``connection`` there is none."""

    def __init__(self, connection: socket.socket | None) -> None:
        self._connection = connection
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._turn = asyncio.Lock()

    async def samples(self) -> list[Any]:
        """Return the samples, or none if the process does not answer."""
        if self._connection is None:
            return []
        async with self._turn:
            if self._streams is None:
                self._streams = await asyncio.open_unix_connection(sock=self._connection, limit=_LONGEST)
            reader, writer = self._streams
            try:
                async with asyncio.timeout(PATIENCE):
                    writer.write(b"\n")
                    return list(json.loads(await reader.readline() or b"[]"))
            except (OSError, TimeoutError):
                self.close()
                return []

    def close(self) -> None:
        """Ask no more."""
        self._connection = None
        if self._streams is not None:
            self._streams[1].close()
