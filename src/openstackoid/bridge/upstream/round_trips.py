# SPDX-License-Identifier: Apache-2.0
"""Round-trip times to the gateways of peers, smoothed as RFC 6298 smooths them.

HAProxy tells the Python service the time that the kernel has measured on the connection of each answer (``bc_rtt``, since 2.8).
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import NamedTuple

ALPHA = 1 / 8
"""The part of a new time in the smoothed one: RFC 6298, section 2.3."""

STEADY, LEAST_STEP = 1 / 4, 0.5
"""A time is told anew once the smoothed one has left it by this part and these milliseconds: the order of clouds is steady."""

MOST = 10_000
"""The most peers whose time is kept; the one that was measured longest ago goes first."""

LONGEST_DIGITS = 9


class _Smoothed(NamedTuple):
    """A smoothed time, the one that is told, and the clock's time of the last measurement."""

    milliseconds: float
    told: float
    since: float


class RoundTrips:
    """The smoothed time to each peer, in milliseconds. ``clock`` returns seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: OrderedDict[str, _Smoothed] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def note(self, peer: str, milliseconds: float) -> None:
        """Note a measured time."""
        known, told = self._known.pop(peer, None), milliseconds
        if known is not None:
            milliseconds = (1 - ALPHA) * known.milliseconds + ALPHA * milliseconds
            step = max(STEADY * known.told, LEAST_STEP)
            told = milliseconds if abs(milliseconds - known.told) > step else known.told
        self._known[peer] = _Smoothed(milliseconds, told, self._clock())
        if len(self._known) > MOST:
            self._known.popitem(last=False)

    def note_header(self, peer: str, values: Iterable[str]) -> None:
        """Note the microseconds in HAProxy's header, if it has any."""
        for value in values:
            if value.isascii() and value.isdecimal() and len(value) <= LONGEST_DIGITS and int(value) > 0:
                self.note(peer, int(value) / 1000)

    def since(self, peer: str) -> float:
        """Return the clock's time of the last measurement; minus infinity without one."""
        known = self._known.get(peer)
        return float("-inf") if known is None else known.since

    def times(self, seconds: float) -> dict[str, float]:
        """Return the times that were measured in the last ``seconds``, in milliseconds."""
        since = self._clock() - seconds
        return {peer: known.told for peer, known in self._known.items() if known.since >= since}

    def keep(self, peers: Iterable[str]) -> None:
        """Forget all other peers."""
        for peer in self._known.keys() - set(peers):
            del self._known[peer]
