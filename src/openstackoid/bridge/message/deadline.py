# SPDX-License-Identifier: Apache-2.0
"""A time limit that other tasks may start and stop."""

import asyncio
from typing import Any


class Deadline:
    """Ends its block with ``TimeoutError`` when a started time is not stopped.

    A wrapper of ``asyncio.timeout`` that other tasks may start and stop, also after the block. ``seconds``: it runs from the
    beginning of the block.
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
        """Start, or restart."""
        self._set(asyncio.get_running_loop().time() + seconds)

    def stop(self) -> None:
        """Stop."""
        self._set(None)

    def _set(self, when: float | None) -> None:
        if self._open and not self._clock.expired():
            self._clock.reschedule(when)
