# SPDX-License-Identifier: Apache-2.0
"""Keep a connection to the gateways that were asked lately.

A gateway ends an idle connection after ten seconds, so that idle users take no place from others; HAProxy cannot give gateways
more time than users. So each gateway that was asked lately is asked for its health, on the connection that HAProxy keeps.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

EVERY = 4.0
"""Seconds between two requests."""

LASTING = 180.0
"""Seconds after the last request of the Python service to a peer in which its connection is kept."""


class KeptConnections:
    """The gateways to keep a connection to; ``ask`` asks one for its health, by its name for HAProxy."""

    def __init__(self, ask: Callable[[str], Awaitable[None]], clock: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._clock = clock
        self._used: dict[str, float] = {}

    def note(self, gateway: str) -> None:
        """Note that a gateway is asked now."""
        self._used[gateway] = self._clock()

    async def run(self) -> None:
        """Ask the gateways until the task is cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            await self.ask_all()

    async def ask_all(self) -> None:
        """Ask each gateway once, and forget those that were not used lately."""
        since = self._clock() - LASTING
        self._used = {gateway: used for gateway, used in self._used.items() if used > since}
        await asyncio.gather(*(self._ask(gateway) for gateway in self._used))
