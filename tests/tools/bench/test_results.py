# SPDX-License-Identifier: Apache-2.0
"""How figures are shown."""

import pytest

from bench.results import FIGURES, Part, Row, columns, grid, in_full, in_short
from bench.spread import Spread

MANY = Spread(1234.5678, 1200.0, 1300.0, 7)


def test_a_figure_is_shown_with_its_spread_and_its_digits() -> None:
    assert in_full("rate", MANY) == "1,235 (1,200 to 1,300)"
    assert in_short("rate", MANY) == "1,235 ±50"
    assert in_full("cpu_ratio", MANY) == "1,234.568 (1,200.000 to 1,300.000)"


def test_a_single_value_has_no_spread_to_show() -> None:
    assert in_full("memory_mb", Spread.of([83.4])) == in_short("memory_mb", Spread.of([83.4])) == "83"


@pytest.fixture
def part() -> Part:
    rows = [
        Row("plain", "plain HAProxy", {"rate": Spread.of([5.0])}),
        Row("none", "no scope", {"cpu_us": Spread.of([2.0]), "rate": Spread.of([4.0])}),
    ]
    return Part("routing", "Routing", rows)


def test_a_table_has_the_figures_of_any_row_in_one_order(part: Part) -> None:
    assert columns(part) == ["rate", "cpu_us"]
    assert grid(part, in_full) == [
        ["", FIGURES["rate"].label, FIGURES["cpu_us"].label],
        ["plain HAProxy", "5", ""],
        ["no scope", "4", "2.00"],
    ]


def test_an_upright_table_has_a_column_for_each_row(part: Part) -> None:
    upright = Part(part.key, part.title, part.rows, upright=True)
    assert grid(upright, in_full) == [
        ["", "plain HAProxy", "no scope"],
        [FIGURES["rate"].label, "5", "4"],
        [FIGURES["cpu_us"].label, "", "2.00"],
    ]
