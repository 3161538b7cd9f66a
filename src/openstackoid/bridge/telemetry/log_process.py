# SPDX-License-Identifier: Apache-2.0
"""The numbers that the process of HAProxy's log has counted, told to the process that serves requests and metrics."""

import asyncio
import json
import socket
import time
from collections.abc import Callable, Mapping
from typing import Any

from openstackoid.telemetry import TokenAnswers

PATIENCE = 5.0
"""Seconds in which the other process must answer a question, which may wait for the turn of another."""

_LONGEST = 1 << 30

FRESH = 1.0
"""Seconds for which the numbers of a page are cached: any client may ask for it."""

SAMPLES, DELEGATED, TOKENS = "samples", "delegated", "tokens"
"""The words of questions."""


async def tell_numbers(connection: socket.socket, numbers: Mapping[str, Callable[[], Any]]) -> None:
    """Answer each question, a word of ``numbers`` and a number, with that number and the result of the function.

    An answer is a line of JSON. It ends with the other process.
    """
    reader, writer = await asyncio.open_unix_connection(sock=connection)
    try:
        while words := (await reader.readline()).decode("ascii").split():
            writer.write(json.dumps([int(words[1]), numbers[words[0]]()]).encode("ascii") + b"\n")
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
        self._asked = 0
        self._asking: set[asyncio.Task[list[Any]]] = set()
        self._delegated: list[Any] = []
        self._until = 0.0

    async def samples(self) -> list[Any]:
        """Return the samples, or none if the process does not answer."""
        return await self._ask(SAMPLES) or []

    async def delegated(self) -> list[tuple[str | None, str, str, int]]:
        """Return the counts of requests of peers in the name of users here that HAProxy served alone, asked once a second.

        If the process does not answer in time, those that it told last.
        """
        if time.monotonic() >= self._until:
            self._until = time.monotonic() + FRESH
            self._delegated = await self._ask(DELEGATED) or self._delegated
        return [(peer, rule, outcome, count) for peer, rule, outcome, count in self._delegated]

    async def token_answers(self) -> TokenAnswers:
        """Return the questions about tokens of the last seconds; none if the process does not answer."""
        return TokenAnswers(*await self._ask(TOKENS))

    async def _ask(self, what: str) -> list[Any]:
        if self._connection is None:
            return []
        # A client that hangs up has its request cancelled, and the answer is still to be read.
        task = asyncio.create_task(self._exchange(what))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)
        return await asyncio.shield(task)

    async def _exchange(self, what: str) -> list[Any]:
        try:
            async with asyncio.timeout(PATIENCE), self._turn:
                if self._connection is None:
                    return []
                self._asked += 1
                if self._streams is None:
                    self._streams = await asyncio.open_unix_connection(sock=self._connection, limit=_LONGEST)
                reader, writer = self._streams
                writer.write(f"{what} {self._asked}\n".encode("ascii"))
                while True:
                    number, told = json.loads(await reader.readline())
                    # An earlier answer may have come too late.
                    if number == self._asked:
                        return list(told)
        except TimeoutError:
            return []
        except (OSError, ValueError):
            # The process has ended.
            self.close()
            return []

    def close(self) -> None:
        """Ask no more."""
        self._connection = None
        if self._streams is not None:
            self._streams[1].close()
