# SPDX-License-Identifier: Apache-2.0
"""The least rate at which the body of a request must come, as a mean: a client that sends a byte now and then is given up."""

GRACE = 10.0
"""Seconds of waiting that a body has beside those that its bytes earn."""


class Pace:
    """The waits for one body. ``rate``: the bytes that each second of waiting must bring, or None. ``longest``: of one wait."""

    def __init__(self, rate: int | None, longest: float) -> None:
        self._rate = rate
        self._longest = longest
        self._credit = min(GRACE, longest)

    @property
    def patience(self) -> float:
        """Return for how many seconds the next bytes may be waited for."""
        return self._longest if self._rate is None else min(self._longest, max(0.0, self._credit))

    def take(self, size: int, waited: float) -> None:
        """Note that bytes have come after a wait."""
        if self._rate is not None:
            self._credit += size / self._rate - waited
