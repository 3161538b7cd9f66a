# SPDX-License-Identifier: Apache-2.0
"""The number of lines that were lost since the Python service began, counted by its two processes."""

import mmap
from enum import IntEnum


class Loss(IntEnum):
    """The places where lines are lost."""

    HAPROXY = 0
    SERVICE = 1
    READER = 2
    SYSLOG = 3


class Losses:
    """Counts, in memory that a process and those that it forks share. Each place is counted by one of them."""

    def __init__(self) -> None:
        self._counts = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("Q")

    def add(self, place: Loss, number: int) -> None:
        """Count lines that are lost."""
        self._counts[place] += number

    def count(self, *places: Loss) -> int:
        """Return how many lines were lost in these places together."""
        return sum(self._counts[place] for place in places)
