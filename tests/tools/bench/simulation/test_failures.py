# SPDX-License-Identifier: Apache-2.0
"""Losses in the right share, and the outcome of each request, second by second."""

from dataclasses import replace
from random import Random
from statistics import fmean, median

import pytest

from bench.simulation.assumptions import Assumptions
from bench.simulation.costs import read_costs
from bench.simulation.failures import (
    CHECKS,
    MEMORY,
    NO_ANSWER,
    NO_CONNECTION,
    NOTHING,
    PROBE,
    REFUSED_CONNECTION,
    TOLD_AT_ONCE,
    TOLD_TOO_LONG,
    WAYS,
    Found,
    Knowing,
    Loss,
    follow,
    losses,
    pairs,
    usual,
)
from bench.simulation.globe import scatter
from bench.simulation.walk import World

WORLD = replace(Assumptions(), sites=60, gateways=40, partners=5, hours=200, mtbf_h=9, mttr_h=1, cut_mtbf_h=1e9, requests_s=0.05)
TRIP = 0.1
SILENT, LOUD = Loss(100, 1000, silent=True), Loss(100, 1000, silent=False)


def knowing(way: str, loss: Loss = SILENT) -> Knowing:
    return Knowing(way, Assumptions(), [loss], TRIP, Random(1))


def found(world: Assumptions = WORLD, seed: int = 1) -> Found:
    return follow(world, scatter(world, Random(seed)), seed)


def test_requests_are_lost_for_the_share_of_outages() -> None:
    rng = Random(1)
    lost = [sum(min(loss.end, 1000) - loss.start for loss in losses(90, 10, 0.3, 1000, rng)) for _ in range(500)]
    assert fmean(lost) / 1000 == pytest.approx(0.1, rel=0.05)
    every = [loss for _ in range(500) for loss in losses(90, 10, 0.3, 1000, rng)]
    assert fmean(loss.silent for loss in every) == pytest.approx(0.3, rel=0.1)
    assert fmean(loss.start == 0 for _ in range(2000) for loss in losses(90, 10, 0.3, 0.001, rng)) == 1


def test_requests_fail_in_the_share_in_which_sites_are_lost() -> None:
    result = found()
    assert result.requests == pytest.approx(40 * 0.05 * 200 * 3600)
    assert result.lost / result.requests == pytest.approx(0.1, rel=0.1)
    assert len(result.seen[NOTHING].waits) == result.lost, "whoever knows nothing fails where the peer is lost, and nowhere else"
    for way in (MEMORY, PROBE, CHECKS):
        failed = result.seen[way].failed
        assert len(result.seen[way].waits) - len(failed[TOLD_TOO_LONG]) == result.lost


def test_without_outages_no_request_fails() -> None:
    assert found(replace(WORLD, mtbf_h=1e12)).lost == 0


def test_cuts_of_ways_are_losses_too_and_silent() -> None:
    result = found(replace(WORLD, mtbf_h=1e12, cut_mtbf_h=19, cut_mttr_h=1))
    assert result.lost / result.requests == pytest.approx(0.05, rel=0.2)
    assert result.seen[NOTHING].failed[REFUSED_CONNECTION] == []


def test_losses_that_overlap_are_not_counted_twice() -> None:
    result = found(replace(WORLD, cut_mtbf_h=9, cut_mttr_h=1))
    assert result.lost / result.requests == pytest.approx(1 - 0.9 * 0.9, rel=0.1)


def test_the_same_seed_gives_the_same_figures_and_another_others() -> None:
    world = replace(WORLD, hours=10)
    assert found(world, 7) == found(world, 7)
    assert found(world, 7) != found(world, 8)


def test_a_silent_loss_is_waited_for_twice_and_then_remembered() -> None:
    peer = knowing(MEMORY)
    assert not peer.down(200)
    assert peer.fail(200, SILENT) == (NO_CONNECTION, 6.0)
    assert [peer.down(now) for now in (200, 205.9, 206, 207.9, 208)] == [False, False, True, True, False]


def test_after_the_memory_ends_one_request_tries_the_peer_and_the_others_are_refused() -> None:
    memory, probe = knowing(MEMORY), knowing(PROBE)
    for peer in (memory, probe):
        peer.fail(200, SILENT)
        assert [peer.down(now) for now in (205.9, 206, 208)] == [False, True, False]
        peer.fail(208, SILENT)
    assert [memory.down(now) for now in (208.1, 213.9, 214.1, 216)] == [False, False, True, False]
    assert [probe.down(now) for now in (208.1, 213.9, 214.1, 216)] == [True, True, True, False]
    sparse = knowing(PROBE)
    sparse.fail(200, SILENT)
    sparse.fail(205, SILENT)
    assert [sparse.down(now) for now in (207, 209, 211.5)] == [True, False, True], "two that have failed, none that tries"
    probe.answered(1001)
    assert not probe.down(1001), "the one that was answered tells for all"
    probe.fail(1020, SILENT)
    assert [probe.down(now) for now in (1021, 1026.1)] == [False, True], "the next loss is learnt anew"


def test_a_refused_connection_is_tried_again_after_a_pause() -> None:
    peer = knowing(MEMORY, LOUD)
    outcome, seconds = peer.fail(200, LOUD)
    assert outcome == REFUSED_CONNECTION
    assert seconds == pytest.approx(1 + 2 * TRIP)
    assert [peer.down(now) for now in (201, 201.3, 203.3)] == [False, True, False]


def test_a_kept_connection_to_a_silent_peer_hangs_once_and_marks_no_peer_down() -> None:
    peer = knowing(MEMORY)
    peer.answered(99)
    assert peer.fail(101, SILENT) == (NO_ANSWER, 60.0)
    assert not peer.down(162)
    assert peer.fail(102, SILENT) == (NO_CONNECTION, 6.0)
    idle, refused = knowing(MEMORY), knowing(MEMORY, LOUD)
    idle.answered(99)
    assert idle.fail(105, SILENT)[0] == NO_CONNECTION, "the request for the peer's health hangs on it"
    refused.answered(99)
    assert refused.fail(101, LOUD)[0] == REFUSED_CONNECTION, "who stops closes his connections"


def test_without_memory_each_request_waits() -> None:
    peer = knowing(NOTHING)
    peer.fail(200, SILENT)
    assert not peer.down(206.5)


def test_checks_find_a_loss_after_two_that_fail_and_its_end_soon() -> None:
    silent, loud = knowing(CHECKS), knowing(CHECKS, LOUD)
    assert [silent.down(now) for now in (99, 107.9, 110.1, 999, 1001)] == [False, False, True, True, False]
    assert [loud.down(now) for now in (101.9, 104.3)] == [False, True]


def test_remembering_helps_more_where_more_is_asked_and_the_longer_it_lasts() -> None:
    def told(rate: float, seconds: float) -> tuple[float, int]:
        result = found(replace(WORLD, hours=6, requests_s=rate, check_s=seconds))
        failed = result.seen[MEMORY].failed
        return len(failed[TOLD_AT_ONCE]) / result.lost, len(failed[TOLD_TOO_LONG])

    assert told(0.05, 2)[0] < told(1, 2)[0] < told(1, 30)[0] > 0.75
    assert told(1, 2)[1] < told(1, 30)[1], "the price: a peer that is back is still taken for lost"


def test_users_wait_less_the_more_the_gateway_knows() -> None:
    seen = found(replace(WORLD, hours=6, requests_s=1)).seen
    nothing, memory, probe, checks = (fmean(seen[way].waits) for way in WAYS)
    assert nothing > memory > probe > checks


def test_partners_are_others_and_ranked() -> None:
    world = replace(WORLD, sites=10, partners=50)
    every = list(pairs(world, 10, Random(1)))
    assert len(every) == 10 * 9, "there are no more partners than other sites"
    assert all(pair.home != pair.peer for pair in every)
    assert sum(pair.rate for pair in every) == pytest.approx(10 * world.requests_s)
    assert every[0].rate == pytest.approx(2 * every[1].rate)


def test_frequent_requests_find_cached_validations() -> None:
    world = World(replace(WORLD, hours=40, users=1, partners=1, requests_s=0.001), read_costs(), 1)
    often = World(replace(world.assumed, requests_s=2, hours=1), read_costs(), 1)
    sites = scatter(world.assumed, Random(1))
    rare, frequent = (usual(one, sites, 5, Random(1)) for one in (world, often))
    assert len(rare) == pytest.approx(5 * 0.001 * 40 * 3600, rel=0.2)
    assert median(frequent) * 2 < median(rare)
    assert median(usual(often, sites, 5, Random(1), slowly=20)) - median(frequent) == pytest.approx(19 * 0.012, rel=0.2)
