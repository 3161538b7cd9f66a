# SPDX-License-Identifier: Apache-2.0
"""Keep a connection to the gateways that were asked lately, and in a small mesh to all of them from the start.

A gateway ends an idle connection after ten seconds, so that idle users take no place from others; HAProxy cannot give gateways
more time than users. So each gateway that is kept is asked for its health, on the connection that HAProxy keeps.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable

EVERY = 4.0
"""Seconds between two requests."""

LASTING = 180.0
"""Seconds after the last request of the Python service to a peer in which its connection is kept."""

FROM_THE_START = 32
"""The most gateways of all peers that are asked before any request: of ten thousand clouds, each would ask each."""


class KeptConnections:
    """The gateways to keep a connection to; ``ask`` asks one for its health, by its name for HAProxy."""

    def __init__(self, ask: Callable[[str], Awaitable[None]], clock: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._clock = clock
        self._used: dict[str, float] = {}
        self._all: frozenset[str] = frozenset()

    def set_peers(self, gateways: Iterable[str]) -> None:
        """Set the gateways of all peers in force: where they are few, they are kept whether they are used or not."""
        peers: set[str] = set()
        for gateway in gateways:
            peers.add(gateway)
            if len(peers) > FROM_THE_START:
                peers.clear()
                break
        self._all = frozenset(peers)

    def note(self, gateway: str) -> None:
        """Note that a gateway is asked now."""
        self._used[gateway] = self._clock()

    async def run(self) -> None:
        """Ask the gateways until the task is cancelled."""
        while True:
            await self.ask_all()
            await asyncio.sleep(EVERY)

    async def ask_all(self) -> None:
        """Ask each gateway once. Those that were not used lately are forgotten, unless all are kept."""
        since = self._clock() - LASTING
        self._used = {gateway: used for gateway, used in self._used.items() if used > since}
        await asyncio.gather(*(self._ask(gateway) for gateway in self._all | self._used.keys()))
