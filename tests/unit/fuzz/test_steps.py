# SPDX-License-Identifier: Apache-2.0
import pytest

from fuzz.steps import steps


def lines(number: int) -> None:
    for _ in range(number):
        pass


def test_work_is_counted_and_bounded() -> None:
    assert steps(lambda: lines(10), 1000) < steps(lambda: lines(100), 1000)
    with pytest.raises(AssertionError, match="time grows"):
        steps(lambda: lines(100_000), 1000)


def test_steps_are_counted_when_an_error_is_raised() -> None:
    assert steps(lambda: int("x"), 100) > 0
