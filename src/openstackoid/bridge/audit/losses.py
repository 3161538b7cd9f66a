# SPDX-License-Identifier: Apache-2.0
"""The number of lost lines since the start of the Python service, counted by its two processes."""

import mmap
from enum import IntEnum


class Loss(IntEnum):
    """The places of losses."""

    HAPROXY = 0
    SERVICE = 1
    READER = 2
    SYSLOG = 3


class Losses:
    """Counts in memory shared by a process and its forks. One of them counts each place."""

    def __init__(self) -> None:
        self._counts = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("Q")

    def add(self, place: Loss, number: int) -> None:
        """Count lost lines."""
        self._counts[place] += number

    def count(self, *places: Loss) -> int:
        """Return the number of lost lines in these places."""
        return sum(self._counts[place] for place in places)
