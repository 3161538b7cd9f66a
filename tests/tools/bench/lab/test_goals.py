# SPDX-License-Identifier: Apache-2.0
"""The goals of the gateways, and whether a run meets them for sure."""

import pytest

from bench.goals import Goal, judge
from bench.lab.goals import ACROSS, CHAIN, JUDGED, LAB_GOALS, THROUGH, sureness, table
from bench.results import FIGURES, Part, Row
from bench.spread import Spread

GOAL = Goal("images", THROUGH, "time_ratio", at_most=1.02)


def part(spread: Spread, row: str = THROUGH) -> Part:
    return Part("images", "Images", [Row(row, "Title", {"time_ratio": spread})])


def test_each_part_has_a_goal_for_one_gateway_and_for_two() -> None:
    limits = [(goal.part, goal.row, goal.at_most) for goal in LAB_GOALS]
    assert limits[:-7] == [(key, way, limit) for key in JUDGED for way, limit in ((THROUGH, 1.02), (ACROSS, 1.10))]
    assert limits[-7:] == [
        ("images", ACROSS, 1.12),
        ("download", f"{ACROSS}_by_{CHAIN}", 1.15),
        ("images", "guest_by_entrance", 1.05),
        ("delegated", "delegated", 1.15),
        ("composition", "both", 1.15),
        ("composition", "traced", 1.15),
        ("otherwise", "otherwise_dead", 1.2),
    ]
    assert {goal.figure for goal in LAB_GOALS} <= set(FIGURES)


@pytest.mark.parametrize(
    ("spread", "met", "words"),
    [
        (Spread(1.01, 1.00, 1.015, 9), True, "the limit lies outside the spread"),
        (Spread(1.01, 0.95, 1.08, 9), True, "the limit lies within the spread"),
        (Spread(1.03, 0.99, 1.08, 9), False, "the limit lies within the spread"),
        (Spread(1.30, 1.20, 1.40, 9), False, "the limit lies outside the spread"),
        (Spread(1.30, 1.30, 1.30, 1), False, "a single round"),
    ],
)
def test_the_median_decides_and_the_spread_says_how_surely(spread: Spread, met: bool, words: str) -> None:
    (verdict,) = judge([part(spread)], [GOAL])
    assert verdict.met is met
    assert sureness(verdict, spread) == words


def test_the_table_has_each_goal_with_its_figure() -> None:
    found = part(Spread(1.3, 1.2, 1.4, 9))
    first, line = table(judge([found], [GOAL]), [found])
    assert first == ["", "limit", "median", "p10 to p90", "", "how sure"]
    assert line == ["images: through", "<= 1.02", "1.300", "1.200 to 1.400", "missed", "the limit lies outside the spread"]


def test_a_goal_without_a_measurement_is_missed() -> None:
    lacking = Part("images", "Images", [Row(THROUGH, "Title", {})])
    _, line = table(judge([lacking], [GOAL]), [lacking])
    assert line == ["images: through", "<= 1.02", "-", "-", "missed", "not measured"]
