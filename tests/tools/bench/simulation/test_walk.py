# SPDX-License-Identifier: Apache-2.0
"""How long workflows take: counted by hand where nothing is drawn."""

from dataclasses import replace
from random import Random

import pytest

from bench.simulation.assumptions import Assumptions
from bench.simulation.costs import Cost, read_costs
from bench.simulation.globe import Site, city, round_trip
from bench.simulation.walk import COLD, LATER, WARM, Met, Took, Walk, World
from bench.simulation.workflows import IMAGES, MANY, SERVER, WORKFLOWS, Hop, Steps

STILL = replace(Assumptions(), jitter=0.0)
FREE = {kind: Cost(kind, 0.0, 0.0, "") for kind in read_costs()}
HOME, PEER = city("Paris"), city("Tokyo")
TRIP = round_trip(HOME, PEER, STILL)


def walked(met: Met, steps: Steps = IMAGES, *, slowly: float = 1.0, world: World | None = None) -> Took:
    peers: list[Site] = [PEER] * MANY
    walk = Walk(world or World(STILL, FREE, 1), HOME, peers, met, Random(1), slowly=slowly)
    return walk.run(steps)


@pytest.mark.parametrize(("met", "trips"), [(COLD, 3 + 3), (LATER, 1 + 1), (WARM, 1)])
def test_each_connection_takes_two_round_trips_and_each_question_one(met: Met, trips: int) -> None:
    took = walked(met)
    assert took.trips == trips
    assert took.wan == pytest.approx(trips * TRIP)


def test_times_of_services_and_networks_are_added() -> None:
    warm, cold = walked(WARM).services * 1e3, walked(COLD).services * 1e3
    assert warm == pytest.approx(STILL.user_ms + STILL.lan_ms + STILL.image_ms)
    # The gateway asks the user's Keystone, and answers the service from that.
    asked = STILL.lan_ms + STILL.identity_ms + STILL.lan_ms
    assert cold == pytest.approx(warm + STILL.handshake_trips * STILL.user_ms + asked)


def test_warm_is_faster_than_later_is_faster_than_cold_in_every_workflow() -> None:
    for workflow in WORKFLOWS:
        cold, later, warm = (walked(met, workflow.steps).total for met in (COLD, LATER, WARM))
        assert warm <= later < cold, workflow.title
        assert warm < later or not workflow.scoped, workflow.title


def test_parallel_requests_take_as_long_as_the_slowest() -> None:
    many = next(workflow for workflow in WORKFLOWS if workflow.peers == MANY)
    peers = [city("Frankfurt")] * (MANY - 1) + [city("Sydney")]
    took = Walk(World(STILL, FREE, 1), HOME, peers, WARM, Random(1)).run(many.steps)
    assert took.wan == pytest.approx(round_trip(HOME, city("Sydney"), STILL))
    assert took.trips == 1


def test_a_server_asks_about_the_token_once_and_all_senders_share_a_connection() -> None:
    # GET / opens it; the image with the question; the list; then Nova's image, schema and file.
    assert walked(COLD, SERVER).trips == 3 + (1 + 3) + 1 + 1 + 1 + 1
    assert walked(LATER, SERVER).trips == 1 + (1 + 1) + 1 + 1 + 1 + 1
    assert walked(WARM, SERVER).trips == 1 + 1 + 1 + 1 + 1 + 1
    assert walked(WARM, SERVER).image > STILL.image_mib * 2**20 * 8 / (STILL.wan_mbit_s * 1e6)


def test_the_users_own_keystone_is_asked_before_the_first_change_and_not_across_clouds() -> None:
    change = (Hop("client", "compute", "POST /servers", python=True),)
    asked = (STILL.lan_ms + STILL.identity_ms) / 1e3
    for steps in ((change,), (change, change)):
        warm, later = walked(WARM, steps), walked(LATER, steps)
        assert later.services == pytest.approx(warm.services + asked)
        assert later.trips == 0


def test_a_slow_peer_and_costly_gateways_take_longer() -> None:
    assert walked(WARM, slowly=20).services - walked(WARM).services == pytest.approx(19 * STILL.image_ms / 1e3)
    costly = World(replace(STILL, load=0.001), {kind: replace(cost, haproxy_us=1e3) for kind, cost in FREE.items()}, 1)
    assert walked(WARM).gateways == 0
    assert walked(WARM, world=costly).gateways > 0


def test_jitter_is_drawn_anew_for_each_round_trip() -> None:
    world = World(Assumptions(), FREE, 1)
    walk = Walk(world, HOME, [PEER], WARM, Random(1))
    times = {walk.run(IMAGES).wan for _ in range(10)}
    assert len(times) == 10
    assert all(TRIP / 2 < seconds < TRIP * 2 for seconds in times)
