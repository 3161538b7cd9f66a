# SPDX-License-Identifier: Apache-2.0
"""The memory of places that failed a moment ago."""

from openstackoid.bridge.upstream.outages import Outages
from unit.bridge.stage import Clock


def test_a_failure_is_told_for_its_time_and_then_one_request_tries() -> None:
    clock = Clock()
    outages = Outages(clock)
    assert outages.known("image of A") is None
    outages.note("image of A", "refused", 2.0)
    assert outages.known("image of B") is None
    clock.now += 1.9
    assert outages.known("image of A") == "refused"
    clock.now += 0.1
    assert [outages.known("image of A") for _ in range(3)] == [None, "refused", "refused"]
    clock.now += 2
    assert outages.known("image of A") is None
    outages.forget("image of A")
    assert outages.known("image of A") is None


def test_forgetting_an_unknown_place_changes_nothing() -> None:
    Outages().forget("image of A")
