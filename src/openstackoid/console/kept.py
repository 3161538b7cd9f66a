# SPDX-License-Identifier: Apache-2.0
"""A value that is asked for again once it is old, without a reader that waits for long."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")

BRIEFLY = 0.15
"""Seconds that a page waits for a fresher value than the one that is there."""


class Kept(Generic[Value]):
    """A value with an age. ``ask`` returns a new one and raises nothing; one is good for ``seconds``."""

    def __init__(self, ask: Callable[[], Awaitable[Value]], seconds: float) -> None:
        self._ask = ask
        self._seconds = seconds
        self._value: Value | None = None
        self._until = 0.0
        self._asking: asyncio.Task[Value] | None = None

    async def get(self) -> Value:
        """Return a good value, or an old one if the new one does not come at once; the first one is waited for."""
        if self._value is None or time.monotonic() >= self._until:
            if self._asking is None:
                self._asking = asyncio.create_task(self._renew())
            await asyncio.wait([self._asking], timeout=None if self._value is None else BRIEFLY)
        if self._value is None:
            raise AssertionError("the first value was waited for")
        return self._value

    async def _renew(self) -> Value:
        try:
            value = await self._ask()
            self._value, self._until = value, time.monotonic() + self._seconds
            return value
        finally:
            self._asking = None
