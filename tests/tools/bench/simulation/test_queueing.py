# SPDX-License-Identifier: Apache-2.0
"""The queue against the formulas that are known for it."""

from math import factorial
from random import Random
from statistics import fmean

import pytest

from bench.simulation.queueing import sojourns


@pytest.mark.parametrize("load", [0.1, 0.5, 0.8])
def test_one_server_is_as_the_formula_says(load: float) -> None:
    """M/M/1: the mean is s / (1 - load), and the time is exponentially distributed."""
    times = sorted(sojourns(2.0, load, 200_000, Random(1)))
    mean = 2.0 / (1 - load)
    assert fmean(times) == pytest.approx(mean, rel=0.05)
    assert times[len(times) // 2] == pytest.approx(mean * 0.693, rel=0.05)


def test_several_servers_are_as_erlangs_formula_says() -> None:
    servers, load = 3, 0.7
    offered = servers * load
    last = offered**servers / factorial(servers) / (1 - load)
    waits = last / (sum(offered**number / factorial(number) for number in range(servers)) + last)
    expected = 1 + waits / (servers * (1 - load))
    assert fmean(sojourns(1.0, load, 200_000, Random(2), servers)) == pytest.approx(expected, rel=0.05)


def test_the_number_of_sojourns_and_their_values_are_reproducible() -> None:
    assert len(sojourns(1.0, 0.5, 100, Random(3))) == 100
    assert sojourns(1.0, 0.5, 100, Random(3)) == sojourns(1.0, 0.5, 100, Random(3))
