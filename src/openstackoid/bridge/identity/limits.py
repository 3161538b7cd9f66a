# SPDX-License-Identifier: Apache-2.0
"""Limit the requests of each peer's users: a rate, so that they cannot crowd out others, and a budget for a longer time.

Each gateway counts from its start. Every request with a foreign identity counts, also those that local services make for such a
user.
"""

import math
from dataclasses import dataclass

from openstackoid.policy import PeerPolicy

SHARE = 10
"""One in so many of the requests that are left is set aside at a time."""

MOST_ASIDE = 4
"""One in so many of a budget is set aside in all: users with many tokens that they never use again take no more from others."""

RATE_SECONDS = 3.0
"""Seconds for which requests of a peer with a rate are set aside: users cannot save them for a burst."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """Requests that are counted: how many, or None for any number, and for how long they may be made."""

    requests: int | None
    seconds: float


@dataclass(slots=True)
class _Count:
    tokens: float
    refilled: float
    spent: int = 0
    aside: int = 0
    began: float = -math.inf


class Limits:
    """Counts requests by the issuer of their tokens. Times are seconds of a monotonic clock."""

    def __init__(self) -> None:
        self._counts: dict[str, _Count] = {}

    def take(self, issuer: str, peer: PeerPolicy, now: float) -> float | None:
        """Count one request. Return None within the limits, else the seconds until the next is allowed."""
        count = self._counts.setdefault(issuer, _Count(math.inf, now))
        wait = self._rate(count, peer.rate, now)
        if wait is None and peer.budget is not None:
            if now - count.began >= peer.budget.seconds:
                count.began, count.spent, count.aside = now, 0, 0
            if count.spent >= peer.budget.requests:
                return count.began + peer.budget.seconds - now
            count.spent += 1
        return wait

    def set_aside(self, issuer: str, peer: PeerPolicy, now: float) -> SetAside:
        """Take further requests behind :meth:`take`, for HAProxy to let in. They are spent, used or not."""
        if peer.rate is None and peer.budget is None:
            return SetAside(None, math.inf)
        count = self._counts[issuer]
        left = most = math.inf
        seconds = math.inf if peer.rate is None else RATE_SECONDS
        if peer.budget is not None:
            left, most = peer.budget.requests - count.spent, max(0, peer.budget.requests // MOST_ASIDE - count.aside)
            seconds = min(seconds, count.began + peer.budget.seconds - now)
        number = int(min(count.tokens / SHARE, left / SHARE, most))
        count.tokens -= number
        count.spent += number
        count.aside += number
        return SetAside(number, seconds)

    def _rate(self, count: _Count, rate: float | None, now: float) -> float | None:
        """Take from a bucket that holds the requests of one second, and refills at that rate."""
        if rate is None:
            return None
        size = max(1.0, rate)
        count.tokens = min(size, count.tokens + (now - count.refilled) * rate)
        count.refilled = now
        if count.tokens < 1:
            return (1 - count.tokens) / rate
        count.tokens -= 1
        return None
