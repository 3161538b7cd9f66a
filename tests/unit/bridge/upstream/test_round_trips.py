# SPDX-License-Identifier: Apache-2.0
"""Times are smoothed as RFC 6298 says, one peer at a time, and bounded in number."""

import pytest

from openstackoid.bridge.upstream import round_trips
from openstackoid.bridge.upstream.round_trips import RoundTrips


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_first_time_counts_as_it_is_and_each_further_one_by_an_eighth() -> None:
    trips = RoundTrips()
    trips.note("Two", 8.0)
    assert trips.times(60) == {"Two": 8.0}
    trips.note("Two", 80.0)
    assert trips.times(60) == {"Two": 17.0}
    for _ in range(3):
        trips.note("Two", 1.0)
    assert trips.times(60) == {"Two": 1 + 16 * (7 / 8) ** 3}


def test_a_small_change_is_not_told_so_that_the_order_of_clouds_is_steady() -> None:
    trips = RoundTrips()
    for milliseconds in (8.0, 16.0, 8.0, 9.0):
        trips.note("Two", milliseconds)
    assert trips.times(60) == {"Two": 8.0}
    for milliseconds in (0.03, 0.008, 0.3):
        trips.note("Three", milliseconds)
    assert trips.times(60)["Three"] == 0.03
    for _ in range(20):
        trips.note("Two", 16.0)
    assert 12 < trips.times(60)["Two"] < 16


def test_haproxys_header_has_microseconds() -> None:
    trips = RoundTrips()
    trips.note_header("Two", ["1250"])
    assert trips.times(60) == {"Two": 1.25}


@pytest.mark.parametrize("value", ["", "0", "-1", "1.5", "NaN", "inf", "1e3", "²", "1234567890", "9" * 5000, "12 "])
def test_a_header_that_is_no_time_counts_for_nothing(value: str) -> None:
    trips = RoundTrips()
    trips.note_header("Two", [value])
    assert trips.times(60) == {}


def test_an_old_time_is_not_told() -> None:
    trips = RoundTrips(clock := Clock())
    trips.note("Two", 1.0)
    clock.now += 61
    assert (trips.times(60), trips.since("Two"), trips.since("Three")) == ({}, 100.0, float("-inf"))


def test_the_peers_are_bounded_and_the_oldest_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(round_trips, "MOST", 2)
    trips = RoundTrips()
    for peer in ("One", "Two", "One", "Three"):
        trips.note(peer, 1.0)
    assert sorted(trips.times(60)) == ["One", "Three"]
    trips.keep(["Three"])
    assert len(trips) == 1
