# SPDX-License-Identifier: Apache-2.0
"""The goals: one table, and the judgement of a run's figures by it.

A goal can be out of reach: nothing that is built on HAProxy is faster than plain HAProxy, which reads no scope. Each run says so
of such a goal, and judges the figure by what can be had, so that a change for the worse is still noticed. Any other goal that is
not met is missed, whether or not the reason is known.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bench.results import FIGURES, Part, Row
from bench.revocation import BOUND

ANY = "*"
MARGIN = 0.10
"""How much worse than what can be had, or than what is documented, a figure may be and still be as good."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What the figure of a row may be at least, or at most. ``ANY`` as part or row: of each that has the figure.

    ``limit_at``: the row of the same part whose figure is the best that anything can have. ``known``: the figure's value of
    today, where it misses the goal and ``explained``, a section of the documentation, says why.
    """

    part: str
    row: str
    figure: str
    at_least: float | None = None
    at_most: float | None = None
    limit_at: str | None = None
    known: float | None = None
    explained: str = ""

    @property
    def limit(self) -> str:
        """The limit, for a reader."""
        return f">= {self.at_least:g}" if self.at_least is not None else f"<= {self.at_most:g}"

    def is_met_by(self, value: float) -> bool:
        """Return whether a value is as good as the goal, or better."""
        if self.at_least is not None:
            return value >= self.at_least
        return self.at_most is not None and value <= self.at_most

    def is_worse(self, value: float, measure: float) -> bool:
        """Return whether a value is worse than another one by more than :data:`MARGIN`."""
        return value < measure * (1 - MARGIN) if self.at_least is not None else value > measure * (1 + MARGIN)


_YARDSTICK = "docs/understand/benchmarks.md#beside-the-old-way"
_SCOPE, _CHANGE = "docs/understand/benchmarks.md#what-a-scope-costs", "docs/understand/benchmarks.md#what-a-change-costs"
_COUNTING = "docs/understand/benchmarks.md#what-counting-costs"

GOALS = (
    # Routing, as ratios to plain HAProxy forwarding. Instructions are the same on a busy machine, rates are not.
    Goal("routing", "none", "instructions_ratio", at_most=1.20),
    Goal("routing", "stays", "instructions_ratio", at_most=1.45, known=1.530, explained=_SCOPE),
    Goal("routing", "leaves", "instructions_ratio", at_most=1.80, known=2.416, explained=_SCOPE),
    # A known guest, as a ratio to a scope that stays; and 10,000 a second on a core.
    Goal("routing", "guest", "instructions_ratio", at_most=2.0),
    Goal("routing", "guest", "cpu_us", at_most=100),
    # A bound token may take 0.25 of plain above the goal of a scope that leaves. Both sides speak TLS: without it none is bound.
    Goal("routing", "bound_tls", "instructions_ratio", at_most=2.05),
    # The same over TLS, as ratios to plain HAProxy with TLS.
    Goal("tls", "none", "rate_ratio", at_least=0.95),
    Goal("tls", "stays", "rate_ratio", at_least=0.90),
    Goal("tls", "leaves", "rate_ratio", at_least=0.90, known=0.890, explained=_SCOPE),
    Goal("tls", "none", "cpu_ratio", at_most=1.15),
    Goal("tls", "stays", "cpu_ratio", at_most=1.15),
    Goal("tls", "leaves", "cpu_ratio", at_most=1.15, known=1.193, explained=_SCOPE),
    # As ratios to the Lua script that reads the same scope; plain HAProxy, which reads none, is the most that can be had.
    Goal("yardstick", "stays_2", "rate_ratio", at_least=8, limit_at="plain_2", known=2.10, explained=_YARDSTICK),
    Goal("yardstick", "stays_10", "rate_ratio", at_least=8, limit_at="plain_10", known=2.47, explained=_YARDSTICK),
    Goal("yardstick", "stays_100", "rate_ratio", at_least=8, limit_at="plain_100", known=7.76, explained=_YARDSTICK),
    # Bodies, as ratios to plain HAProxy's throughput; memory flat is taken for less than 16 MB.
    Goal("bodies", "down_local", "rate_ratio", at_least=0.95),
    Goal("bodies", "down_remote", "rate_ratio", at_least=0.95),
    Goal("bodies", "up_local", "rate_ratio", at_least=0.95),
    Goal("bodies", "up_remote", "rate_ratio", at_least=0.95),
    Goal("bodies", ANY, "grown_mb", at_most=16),
    # Scale: rate_ratio is to the mesh of 2 clouds.
    Goal("scale", "10000", "start_again_s", at_most=1),
    Goal("scale", "10000", "haproxy_start_s", at_most=1),
    Goal("scale", "10000", "memory_mb", at_most=120),
    Goal("scale", "10000", "rate_ratio", at_least=0.90),
    Goal("scale", "10000", "change_s", at_most=1, known=1.20, explained=_CHANGE),
    Goal("scale", ANY, "change_failed", at_most=0),
    # A kept connection of the Python service to its HAProxy, as a ratio to a connection of its own.
    Goal("bridge", "sent_kept", "cpu_ratio", at_most=0.75),
    # What a peer's Keystone said is never believed for longer than policy.seconds.
    Goal("bridge", "revocation", "let_in_s", at_most=BOUND),
    # While another address abuses the gateway: the p99 of a known user's writes, as a ratio to that without abuse.
    Goal("abuse", ANY, "p99_ratio", at_most=2),
    Goal("abuse", ANY, "abuse_ms", at_most=50),
    # A refusal that the Python service makes by itself.
    Goal("refusals", ANY, "refusal_us", at_most=200),
    Goal("refusals", ANY, "long_refusal_us", at_most=1000),
    # A merged list of 100,000 items: items of 1.5 KiB a second, and 64 MiB above an idle process.
    Goal("composition", ANY, "items_rate", at_least=10_000),
    Goal("composition", ANY, "items_s", at_least=10_000),
    Goal("composition", ANY, "grown_mb", at_most=67),
    # All clouds at once, as a ratio to the slowest; of two in turn, to the one that answers.
    Goal("composition", "at_once_2", "time_ratio", at_most=1.15),
    Goal("composition", "at_once_8", "time_ratio", at_most=1.15),
    Goal("composition", "first", "time_ratio", at_most=1.2),
    Goal("composition", "otherwise", "time_ratio", at_most=1.2),
    # Counting, in relation to all CPU time of a request; and HAProxy's instructions.
    Goal("metrics", "local", "cpu_ratio", at_most=1.02),
    Goal("metrics", "remote", "cpu_ratio", at_most=1.02),
    Goal("metrics", "guest", "cpu_ratio", at_most=1.02),
    Goal("metrics", "mixed", "cpu_ratio", at_most=1.02, known=1.032, explained=_COUNTING),
    Goal("metrics", "write", "cpu_ratio", at_most=1.02),
    Goal("metrics", "haproxy", "instructions_ratio", at_most=1.02),
    # A figure of a run in which requests fail is none.
    Goal(ANY, ANY, "failed", at_most=0),
)

SCOPED_WRITE_GOALS = (Goal("scoped_write", ANY, "cpu_ratio", at_most=1.5),)
"""Of ``python -m bench.scoped_write --against``: the CPU time of a write, as a ratio to that in the other checkout."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a goal says of one row. ``value`` is None where the row was to be measured and the figure could not be.

    ``best`` is the best that could be had in this run, where the goal says what that is.
    """

    goal: Goal
    part: str
    row: str
    value: float | None
    best: float | None = None

    @property
    def met(self) -> bool:
        """Whether the goal is met; what could not be measured is not."""
        return self.value is not None and self.goal.is_met_by(self.value)

    @property
    def out_of_reach(self) -> bool:
        """Whether nothing could meet the goal in this run."""
        return self.best is not None and not self.goal.is_met_by(self.best)

    @property
    def slower(self) -> bool:
        """Whether the figure is worse than what is documented, or than what can be had where the goal is out of reach."""
        measure = self.best if self.goal.known is None and self.out_of_reach else self.goal.known
        return self.value is not None and measure is not None and self.goal.is_worse(self.value, measure)

    @property
    def passed(self) -> bool:
        """Whether nobody has to look at it: the goal is met, or is out of reach and the figure as good as it can be."""
        return self.met or (self.out_of_reach and self.value is not None and not self.slower)

    @property
    def word(self) -> str:
        """The verdict in a word or two: ``met``, ``out of reach`` or ``missed``."""
        return "met" if self.met else "out of reach" if self.passed else "missed"

    def __str__(self) -> str:
        goal, label = self.goal, FIGURES[self.goal.figure].label
        said = f"{self.part}: {self.row}: {label}"
        said += " was not measured" if self.value is None else f" is {self.value:.4g}"
        if self.best is None:
            said += f"; the goal is {goal.limit}"
        elif self.out_of_reach:
            said += f"; the goal of {goal.limit} cannot be met: {goal.limit_at} itself is at {self.best:.4g}"
        else:
            said += f"; the goal is {goal.limit}; {goal.limit_at} is at {self.best:.4g}"
        if self.slower:
            said += "; SLOWER than " + ("what can be had" if goal.known is None else f"documented, which is {goal.known:.4g}")
        elif goal.known is not None and not self.met:
            said += f"; documented as {goal.known:.4g}"
        return said if self.met or not goal.explained else f"{said} (see {goal.explained})"


def judge(parts: Iterable[Part], goals: Iterable[Goal] = GOALS) -> list[Verdict]:
    """Return a verdict for each goal and row that it is about. A row that the run was not asked for has none."""
    found = list(parts)
    return [verdict for goal in goals for part in found if goal.part in (part.key, ANY) for verdict in _verdicts(goal, part)]


def _verdicts(goal: Goal, part: Part) -> Iterator[Verdict]:
    if goal.figure in part.not_judged:
        return
    for row in part.rows:
        value = _value(goal, row)
        if goal.row == row.key or (goal.row == ANY and value is not None):
            best = next((_value(goal, other) for other in part.rows if other.key == goal.limit_at), None)
            yield Verdict(goal, part.key, row.key, value, best)


def _value(goal: Goal, row: Row) -> float | None:
    spread = row.figures.get(goal.figure)
    return None if spread is None else spread.median
