# SPDX-License-Identifier: Apache-2.0
"""The places that failed a moment ago, for requests that have another place to go to."""

import time
from collections.abc import Callable
from typing import NamedTuple


class _Outage(NamedTuple):
    until: float
    failure: str
    seconds: float


class Outages:
    """The failures of places, each with its text and its time. ``clock`` returns seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed: dict[str, _Outage] = {}

    def known(self, place: str) -> str | None:
        """Return the failure of a place, or None for one to try.

        When its time is over, one request tries the place; the others are told the failure for that time once more.
        """
        outage = self._failed.get(place)
        if outage is None:
            return None
        if self._clock() < outage.until:
            return outage.failure
        self.note(place, outage.failure, outage.seconds)
        return None

    def failed(self, place: str) -> bool:
        """Return whether a place failed a moment ago."""
        outage = self._failed.get(place)
        return outage is not None and self._clock() < outage.until

    def note(self, place: str, failure: str, seconds: float) -> None:
        """Note a failure, which is told for some seconds; at least those that it took, so that trials take half of the time."""
        self._failed[place] = _Outage(self._clock() + seconds, failure, seconds)

    def forget(self, place: str) -> None:
        """Note that a place has answered."""
        self._failed.pop(place, None)
