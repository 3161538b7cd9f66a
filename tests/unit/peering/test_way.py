# SPDX-License-Identifier: Apache-2.0
"""Doctor names the same clock as ``openstackoid status``."""

import pytest

from openstackoid.peering.way import Result, of_clocks
from openstackoid.telemetry import remedies


def clock(ahead: float) -> Result:
    return Result(abs(ahead) <= 5, f"{ahead:g}", "" if abs(ahead) <= 5 else remedies.PEER_CLOCK_OFF, ahead=ahead)


@pytest.mark.parametrize("peers", [(60.0,), (60.0, 0.5), (60.0, 0.5, -1.0), (0.0, 0.0)])
def test_a_peers_clock_is_told_as_it_is(peers: tuple[float, ...]) -> None:
    results = [Result(True, "it answers"), *map(clock, peers)]
    assert of_clocks(results) == results


def test_where_most_peers_differ_this_machines_clock_is_the_one_that_is_off() -> None:
    reached = Result(True, "it answers")
    found = of_clocks([reached, clock(60), clock(61), clock(1)])
    assert [(result.good, result.todo) for result in found] == [(True, ""), (True, ""), (False, remedies.CLOCK_OFF)]
    assert found[-1].text == "the clock of this machine differs from those of most peers"
