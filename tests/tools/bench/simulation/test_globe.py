# SPDX-License-Identifier: Apache-2.0
"""Distances and round trips of places that people know."""

from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from bench.simulation.assumptions import Assumptions
from bench.simulation.globe import CITIES, Site, city, distance_km, round_trip, scatter, transfer

WORLD = Assumptions()


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [("London", "New York", 5570), ("London", "Sydney", 16990), ("Paris", "Frankfurt", 478), ("Tokyo", "San Jose", 8330)],
)
def test_a_distance_is_that_of_an_atlas(one: str, other: str, km: float) -> None:
    assert distance_km(city(one), city(other)) == pytest.approx(km, rel=0.01)
    assert distance_km(city(other), city(one)) == pytest.approx(distance_km(city(one), city(other)))


@pytest.mark.parametrize(
    ("one", "other", "least", "most"),
    # What people measure between data centres of these cities, in ms, with room above and below.
    [
        ("London", "New York", 65, 95),
        ("Paris", "Frankfurt", 7, 15),
        ("London", "Singapore", 150, 185),
        ("Tokyo", "San Jose", 95, 135),
        ("London", "Sydney", 235, 290),
    ],
)
def test_a_round_trip_is_as_people_measure_it(one: str, other: str, least: float, most: float) -> None:
    assert least <= round_trip(city(one), city(other), WORLD) * 1e3 <= most


def test_the_same_place_and_the_other_end_of_the_world() -> None:
    assert distance_km(city("Paris"), city("Paris")) == 0
    assert round_trip(city("Paris"), city("Paris"), WORLD) == WORLD.last_mile_ms / 1e3
    assert distance_km(Site("", 0, 0), Site("", 0, 180)) == pytest.approx(20015, rel=0.001)
    assert distance_km(Site("", 10, 179.9), Site("", 10, -179.9)) < 25, "the date line is no wall"


def test_sites_lie_around_their_cities() -> None:
    sites = scatter(WORLD, Random(1))
    assert len(sites) == WORLD.sites
    assert all(-90 < site.latitude < 90 and -180 <= site.longitude < 180 for site in sites)
    near = [distance_km(site, city(site.city)) for site in sites]
    # Of a normal distribution in two dimensions, 1 in 90 lies beyond three deviations.
    assert sum(km > 3 * WORLD.scatter_km for km in near) / len(near) == pytest.approx(0.0111, abs=0.004)
    counts = Counter(site.city for site in sites)
    weight = {name: share for name, _, _, share in CITIES}
    assert counts["London"] / counts["Paris"] == pytest.approx(weight["London"] / weight["Paris"], rel=0.2)
    assert scatter(WORLD, Random(1)) == sites != scatter(WORLD, Random(2))


def test_a_transfer_begins_slowly_and_ends_at_the_lines_rate() -> None:
    world = replace(WORLD, first_window=10_000)
    assert transfer(5_000, 0.1, 8, world) == pytest.approx(0.005), "one window: no round trip more"
    assert transfer(30_000, 0.1, 8, world) == pytest.approx(0.1 + 0.020), "10 KB, and 20 KB after a round trip"
    long = transfer(1e9, 0.1, 80, world)
    assert 100 <= long <= 101, "1 GB at 10 MB/s, and a few round trips"
    assert transfer(1e6, 0.2, 80, world) > transfer(1e6, 0.1, 80, world)
