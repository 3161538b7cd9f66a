# SPDX-License-Identifier: Apache-2.0
"""Medians and their spread; ratios round by round."""

import pytest

from bench.spread import Spread, differences, ratios


def test_the_median_is_not_moved_by_one_bad_round() -> None:
    spread = Spread.of([10.0, 11.0, 12.0, 13.0, 900.0])
    assert spread.median == 12.0
    assert spread.p10 == pytest.approx(10.4)
    assert spread.p90 > 100
    assert spread.count == 5


def test_one_value_is_its_own_spread() -> None:
    assert Spread.of([3.0]) == Spread(3.0, 3.0, 3.0, 1)


def test_of_two_values_the_spread_stays_between_them() -> None:
    spread = Spread.of([1.0, 2.0])
    assert 1.0 <= spread.p10 <= spread.median == 1.5 <= spread.p90 <= 2.0


def test_no_value_has_no_spread() -> None:
    with pytest.raises(ValueError, match="no values"):
        Spread.of([])


def test_a_ratio_is_that_of_each_round() -> None:
    # The machine was half as fast in every other round. Each round by itself says 0.9.
    assert ratios([90.0, 45.0, 90.0, 45.0], [100.0, 50.0, 100.0, 50.0]) == Spread(0.9, 0.9, 0.9, 4)


def test_a_difference_is_that_of_each_round() -> None:
    assert differences([7.0, 9.0, 11.0], [5.0, 6.0, 7.0]).median == 3.0


def test_rounds_of_different_number_are_not_compared() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratios([1.0, 2.0], [1.0])


def test_a_results_file_has_all_of_it() -> None:
    assert Spread(2.0, 1.0, 3.0, 7).as_json() == {"median": 2.0, "p10": 1.0, "p90": 3.0, "count": 7}
