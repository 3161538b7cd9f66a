# SPDX-License-Identifier: Apache-2.0
"""Steps that are left out with many clouds."""

from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.many import Budget, Places


def test_a_folder_has_a_file_for_each_cloud_and_takes_one_more(tmp_path: Path) -> None:
    places = Places([1, 2, 3], [4, 5, 6], 7)
    places.describe(tmp_path / "mesh", 2)
    places.add(tmp_path / "mesh", 3)
    assert sorted(path.name for path in (tmp_path / "mesh").iterdir()) == ["cloud-1.yaml", "cloud-2.yaml", "cloud-3.yaml"]
    assert "  Cloud3:\n" in (tmp_path / "mesh" / "cloud-3.yaml").read_text()


def test_a_step_is_predicted_by_its_growth() -> None:
    budget = Budget(60.0)
    budget.note("start", 2, 1.0)
    budget.note("start", 100, 1.5)
    assert budget.foreseen("start", 1000) == pytest.approx(6.0)


def test_a_step_beyond_the_budget_is_left_out_with_a_reason() -> None:
    budget = Budget(60.0)
    budget.note("start", 2, 0.0)
    budget.note("start", 1000, 10.0)
    budget.check("start", 5000)
    with pytest.raises(BenchError, match="start: not tried; 100 s are to be expected, 60 s are allowed"):
        budget.check("start", 10000)
    budget.check("start", 10000, 200.0, "MB")


def test_a_step_that_was_never_taken_is_tried() -> None:
    Budget(0.1).check("start", 10000)
