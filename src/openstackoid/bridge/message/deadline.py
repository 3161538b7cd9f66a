# SPDX-License-Identifier: Apache-2.0
"""A bound on the time of an exchange that other tasks may start and stop."""

import asyncio
from typing import Any


class Deadline:
    """Ends the block that it guards with ``TimeoutError`` when what was started is not stopped in time.

    A wrapper of ``asyncio.timeout`` that other tasks may start and stop, also when the block is already left. ``seconds``: it
    runs from the beginning of the block.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self._clock = asyncio.timeout(seconds)
        self._open = False

    async def __aenter__(self) -> "Deadline":
        await self._clock.__aenter__()
        self._open = True
        return self

    async def __aexit__(self, *raised: Any) -> None:
        self._open = False
        await self._clock.__aexit__(*raised)

    def start(self, seconds: float) -> None:
        """Start, or start anew."""
        self._set(asyncio.get_running_loop().time() + seconds)

    def stop(self) -> None:
        """Stop: nothing is awaited."""
        self._set(None)

    def _set(self, when: float | None) -> None:
        if self._open and not self._clock.expired():
            self._clock.reschedule(when)
