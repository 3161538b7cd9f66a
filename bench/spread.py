# SPDX-License-Identifier: Apache-2.0
"""The statistics: a median with what lies around it, and ratios that are made round by round.

Two ways that are measured in the same round share what the machine was doing then. So a ratio is the median of the rounds'
ratios, not the ratio of two medians.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from operator import sub, truediv
from typing import Any


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of ``count`` values, and between which two of them eight in ten lie."""

    median: float
    p10: float
    p90: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Return the spread of at least one value. Raises ``ValueError`` for none."""
        if not values:
            raise ValueError("a spread of no values")
        if len(values) == 1:
            return cls(values[0], values[0], values[0], 1)
        deciles = statistics.quantiles(values, n=10, method="inclusive")
        return cls(statistics.median(values), deciles[0], deciles[-1], len(values))

    def as_json(self) -> dict[str, Any]:
        """Return the spread for a results file."""
        return {"median": self.median, "p10": self.p10, "p90": self.p90, "count": self.count}


def ratios(values: Sequence[float], baseline: Sequence[float]) -> Spread:
    """Return the spread of the rounds' ratios. Raises ``ValueError`` where the two have not the same rounds."""
    return Spread.of([truediv(*pair) for pair in zip(values, baseline, strict=True)])


def differences(values: Sequence[float], baseline: Sequence[float]) -> Spread:
    """Return the spread of the rounds' differences. Raises ``ValueError`` where the two have not the same rounds."""
    return Spread.of([sub(*pair) for pair in zip(values, baseline, strict=True)])
