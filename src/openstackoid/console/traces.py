# SPDX-License-Identifier: Apache-2.0
"""Traces that a page has asked for: no page waits while gateways are asked for their records."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from openstackoid.console.errors import ConsoleError
from openstackoid.console.kept import BRIEFLY

KEPT = 10.0
"""Seconds for which a trace is shown before the gateway is asked again: the page asks for it each second until it has it."""

MOST = 50
"""Traces that are asked for, or kept, at one time."""

Told = Mapping[str, Any]


class Traces:
    """Asks for traces by their request ids. ``ask`` returns the gateway's page about one, or raises :class:`ConsoleError`."""

    def __init__(self, ask: Callable[[str], Awaitable[Told]]) -> None:
        self._ask = ask
        self._asking: dict[str, asyncio.Task[Told]] = {}
        self._until: dict[str, float] = {}

    async def get(self, request_id: str) -> Told | None:
        """Return the gateway's page about a request; None while it is asked for. Raises :class:`ConsoleError`."""
        now = time.monotonic()
        for old in [each for each, until in self._until.items() if until < now]:
            del self._until[old], self._asking[old]
        if request_id not in self._asking:
            if len(self._asking) >= MOST:
                raise ConsoleError(f"{MOST} traces are asked for at this time", "try again in a few seconds")
            self._asking[request_id] = asyncio.create_task(self._find(request_id))
        task = self._asking[request_id]
        await asyncio.wait([task], timeout=BRIEFLY)
        return task.result() if task.done() else None

    async def _find(self, request_id: str) -> Told:
        try:
            return await self._ask(request_id)
        finally:
            self._until[request_id] = time.monotonic() + KEPT
            # A user who has left does not read the fault.
            self._asking[request_id].add_done_callback(lambda task: task.cancelled() or task.exception())
