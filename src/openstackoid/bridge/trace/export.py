# SPDX-License-Identifier: Apache-2.0
"""Send the records of traced workflows to a collector of OpenTelemetry, by OTLP over HTTP.

A request adds to a bounded queue and goes on. One task sends what is there: a collector that is slow, or gone, costs spans alone.
"""

import asyncio
import importlib
from collections import deque
from collections.abc import Callable, Sequence

import aiohttp

from openstackoid.bridge.log import LOG
from openstackoid.bridge.trace.otel_extra import PACKAGE
from openstackoid.bridge.trace.records import Record
from openstackoid.telemetry import count_spans

PATH = "/v1/traces"
"""The path of OTLP at each collector."""

QUEUE = 2048
"""The most spans that wait; further ones are lost."""

AT_ONCE = 512
"""The most spans of one message, with one request more."""

EACH = 1.0
"""Seconds between two messages."""

PATIENCE = 5.0
"""Seconds in which the collector must have answered."""

_HEADERS = {"Content-Type": "application/x-protobuf"}


class SpanExport:
    """Exports the records of the gateway of the cloud ``at``. ``collector`` returns the collector's address, None for none."""

    def __init__(self, at: str, collector: Callable[[], str | None]) -> None:
        self._at = at
        self._collector = collector
        self._queue: deque[tuple[str, Sequence[Record]]] = deque()
        self._waiting = 0
        self._works = True

    def add(self, request_id: str, records: Sequence[Record]) -> None:
        """Queue the records of a request, its own one last; without a collector, do nothing."""
        if self._collector() is None:
            return
        if self._waiting + len(records) > QUEUE:
            count_spans("lost", len(records))
            return
        self._queue.append((request_id, records))
        self._waiting += len(records)

    async def run(self) -> None:
        """Send the records each second, until it is cancelled."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as session:
            while True:
                await asyncio.sleep(EACH)
                while self._queue:
                    await self._send(session, self._next())

    def _next(self) -> list[tuple[str, Sequence[Record]]]:
        found, number = list[tuple[str, Sequence[Record]]](), 0
        while self._queue and number < AT_ONCE:
            found.append(self._queue.popleft())
            number += len(found[-1][1])
        self._waiting -= number
        return found

    async def _send(self, session: aiohttp.ClientSession, told: list[tuple[str, Sequence[Record]]]) -> None:
        number = sum(len(records) for _, records in told)
        why = await self._refused(session, told)
        count_spans("lost" if why else "sent", number)
        if why and self._works:
            LOG.warning("spans are lost: %s", why)
        elif not why and not self._works:
            LOG.info("spans are sent again")
        self._works = not why

    async def _refused(self, session: aiohttp.ClientSession, told: list[tuple[str, Sequence[Record]]]) -> str:
        """Send a message; return the reason of its failure, or nothing. The body of the answer is not read."""
        collector = self._collector()
        try:
            encoded = importlib.import_module("openstackoid.bridge.trace.spans").encoded
        except ImportError:
            return f"gateway.traces: its package is not installed: pip install {PACKAGE}"
        body = await asyncio.to_thread(encoded, self._at, told)
        try:
            async with session.post(f"http://{collector}{PATH}", data=body, headers=_HEADERS, allow_redirects=False) as answer:
                answer.close()
                return "" if answer.status == 200 else f"the collector at {collector} answers {answer.status}"
        except TimeoutError:
            return f"the collector at {collector} does not answer within {PATIENCE:g} s"
        except (aiohttp.ClientError, OSError):
            return f"the collector at {collector} cannot be reached"
