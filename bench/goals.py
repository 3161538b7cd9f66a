# SPDX-License-Identifier: Apache-2.0
"""The goals: one table, and the judgement of a run's figures by it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bench.results import FIGURES, Part, Row

ANY = "*"


@dataclass(frozen=True, slots=True)
class Goal:
    """What the figure of a row may be at least, or at most. ``ANY`` as part or row: of each that has the figure."""

    part: str
    row: str
    figure: str
    at_least: float | None = None
    at_most: float | None = None

    @property
    def limit(self) -> str:
        """The limit, for a reader."""
        return f">= {self.at_least:g}" if self.at_least is not None else f"<= {self.at_most:g}"


GOALS = (
    # Routing, as ratios to plain HAProxy forwarding.
    Goal("routing", "none", "rate_ratio", at_least=0.95),
    Goal("routing", "stays", "rate_ratio", at_least=0.90),
    Goal("routing", "leaves", "rate_ratio", at_least=0.90),
    Goal("routing", "none", "cpu_ratio", at_most=1.15),
    Goal("routing", "stays", "cpu_ratio", at_most=1.15),
    Goal("routing", "leaves", "cpu_ratio", at_most=1.15),
    # The same over TLS, as ratios to plain HAProxy with TLS.
    Goal("tls", "none", "rate_ratio", at_least=0.95),
    Goal("tls", "stays", "rate_ratio", at_least=0.90),
    Goal("tls", "leaves", "rate_ratio", at_least=0.90),
    Goal("tls", "none", "cpu_ratio", at_most=1.15),
    Goal("tls", "stays", "cpu_ratio", at_most=1.15),
    Goal("tls", "leaves", "cpu_ratio", at_most=1.15),
    # As ratios to the Lua script that reads the same scope.
    Goal("yardstick", "stays_2", "rate_ratio", at_least=8),
    Goal("yardstick", "stays_10", "rate_ratio", at_least=8),
    Goal("yardstick", "stays_100", "rate_ratio", at_least=8),
    # Bodies, as ratios to plain HAProxy's throughput; memory flat is taken for less than 16 MB.
    Goal("bodies", "down_local", "rate_ratio", at_least=0.95),
    Goal("bodies", "down_remote", "rate_ratio", at_least=0.95),
    Goal("bodies", "up_local", "rate_ratio", at_least=0.95),
    Goal("bodies", "up_remote", "rate_ratio", at_least=0.95),
    Goal("bodies", ANY, "grown_mb", at_most=16),
    # Scale: rate_ratio is to the mesh of 2 clouds.
    Goal("scale", "10000", "haproxy_start_s", at_most=1),
    Goal("scale", "10000", "memory_mb", at_most=120),
    Goal("scale", "10000", "rate_ratio", at_least=0.90),
    Goal("scale", "10000", "change_s", at_most=1),
    Goal("scale", ANY, "change_failed", at_most=0),
    # A figure of a run in which requests fail is none.
    Goal(ANY, ANY, "failed", at_most=0),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a goal says of one row. ``value`` is None where the row was to be measured and the figure could not be."""

    goal: Goal
    part: str
    row: str
    value: float | None

    @property
    def met(self) -> bool:
        """Whether the goal is met; what could not be measured is not."""
        if self.value is None:
            return False
        if self.goal.at_least is not None:
            return self.value >= self.goal.at_least
        return self.goal.at_most is not None and self.value <= self.goal.at_most

    def __str__(self) -> str:
        label = FIGURES[self.goal.figure].label
        if self.value is None:
            return f"{self.part}: {self.row}: {label} was not measured; the goal is {self.goal.limit}"
        return f"{self.part}: {self.row}: {label} is {self.value:.4g}; the goal is {self.goal.limit}"


def judge(parts: Iterable[Part], goals: Iterable[Goal] = GOALS) -> list[Verdict]:
    """Return a verdict for each goal and row that it is about. A row that the run was not asked for has none."""
    found = list(parts)
    return [verdict for goal in goals for part in found if goal.part in (part.key, ANY) for verdict in _verdicts(goal, part)]


def _verdicts(goal: Goal, part: Part) -> Iterator[Verdict]:
    for row in part.rows:
        value = _value(goal, row)
        if goal.row == row.key or (goal.row == ANY and value is not None):
            yield Verdict(goal, part.key, row.key, value)


def _value(goal: Goal, row: Row) -> float | None:
    spread = row.figures.get(goal.figure)
    return None if spread is None else spread.median
