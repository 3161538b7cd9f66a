# SPDX-License-Identifier: Apache-2.0
"""A bounded amount that requests share: bytes of answers, or requests to clouds."""

import asyncio
from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most of an amount: of all requests, of one holder, and the seconds for which a request waits for its part."""

    total: int
    of_holder: int
    wait: float


class FullError(Exception):
    """A part that was not free in time. ``of_holder``: the holder had its share."""

    def __init__(self, *, of_holder: bool) -> None:
        super().__init__()
        self.of_holder = of_holder


class SharedAmount:
    """An amount, of which each holder has a share at most."""

    def __init__(self) -> None:
        self._taken = 0
        self._of: Counter[str] = Counter()
        self._given = asyncio.Event()

    @property
    def taken(self) -> int:
        """Return the part that is taken."""
        return self._taken

    async def take(self, holder: str, part: int, bounds: Bounds) -> None:
        """Take a part for ``holder``, once it is free. Raises :class:`FullError`."""
        until = asyncio.get_running_loop().time() + bounds.wait
        while (is_over := self._of[holder] + part > bounds.of_holder) or self._taken + part > bounds.total:
            try:
                async with asyncio.timeout_at(until):
                    await self._given.wait()
            except TimeoutError:
                raise FullError(of_holder=is_over) from None
        self._taken += part
        self._of[holder] += part

    def give(self, holder: str, part: int) -> None:
        """Give a part back."""
        self._taken -= part
        self._of[holder] -= part
        if self._of[holder] <= 0:
            del self._of[holder]
        self._given.set()
        self._given = asyncio.Event()
