# SPDX-License-Identifier: Apache-2.0
"""Which goals are met, which are missed, and which nobody asked about."""

import pytest

from bench.goals import ANY, GOALS, Goal, judge
from bench.results import FIGURES, Part, Row
from bench.spread import Spread

AT_LEAST = Goal("routing", "none", "rate_ratio", at_least=0.95)
AT_MOST = Goal("routing", "none", "cpu_ratio", at_most=1.15)


def part(key: str = "routing", row: str = "none", /, **figures: float) -> Part:
    return Part(key, "Title", [Row(row, "Title", {name: Spread.of([value]) for name, value in figures.items()})])


@pytest.mark.parametrize(
    ("goal", "figure", "value", "met"),
    [
        (AT_LEAST, "rate_ratio", 0.95, True),
        (AT_LEAST, "rate_ratio", 0.949, False),
        (AT_MOST, "cpu_ratio", 1.15, True),
        (AT_MOST, "cpu_ratio", 1.151, False),
    ],
)
def test_a_limit_itself_is_met(goal: Goal, figure: str, value: float, met: bool) -> None:
    (verdict,) = judge([part(**{figure: value})], [goal])
    assert verdict.met is met


def test_a_missed_goal_names_part_row_figure_value_and_limit() -> None:
    (verdict,) = judge([part(rate_ratio=0.8)], [AT_LEAST])
    assert str(verdict) == "routing: none: rate, ratio is 0.8; the goal is >= 0.95"


def test_what_could_not_be_measured_is_missed_and_said() -> None:
    (verdict,) = judge([part(rate=1.0)], [AT_LEAST])
    assert not verdict.met
    assert str(verdict) == "routing: none: rate, ratio was not measured; the goal is >= 0.95"


def test_what_was_not_asked_for_is_not_judged() -> None:
    assert judge([part("bodies", rate_ratio=0.1), part("routing", "stays", rate_ratio=0.1)], [AT_LEAST]) == []


def test_a_goal_for_any_row_is_about_those_that_have_the_figure() -> None:
    goal = Goal(ANY, ANY, "failed", at_most=0)
    verdicts = judge([part("routing", "none", failed=0), part("bridge", "write", failed=3), part("bodies", "up", mb_s=1)], [goal])
    assert [(verdict.part, verdict.row, verdict.met) for verdict in verdicts] == [
        ("routing", "none", True),
        ("bridge", "write", False),
    ]


@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: f"{goal.part}-{goal.row}-{goal.figure}")
def test_each_goal_has_one_limit_and_a_figure_that_exists(goal: Goal) -> None:
    assert (goal.at_least is None) != (goal.at_most is None)
    assert goal.figure in FIGURES
