# SPDX-License-Identifier: Apache-2.0
"""Scrapes ask the peers of a large mesh in turn, and tell each answer until there is the next one."""

import asyncio
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

from openstackoid.bridge.pages import peer_questions
from openstackoid.bridge.pages.peer_watch import CLOCK_KEPT, FOR_A_SCRAPE, PeerWatch
from openstackoid.bridge.upstream.kept_connections import FROM_THE_START
from openstackoid.mesh import Mesh
from openstackoid.telemetry import PeerAnswer
from unit.bridge.pages.test_reachability import peers
from unit.bridge.stage import played

MANY = 200
BETWEEN = 15.0
"""Seconds between two scrapes."""

GOOD = PeerAnswer(True, same=True, ahead=0.0)


class Peers(PeerWatch):
    """Has the answers of peers: ``changed`` by name, others are good."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **changed: PeerAnswer) -> None:
        super().__init__(SimpleNamespace(at="CloudOne"))  # type: ignore[arg-type]
        self.changed = changed
        self.asked: list[str] = []
        self.later = 0.0
        monkeypatch.setattr(peer_questions, "time", SimpleNamespace(monotonic=lambda: time.monotonic() + self.later))

    async def _answer(self, mesh: Mesh, name: str) -> PeerAnswer:
        self.asked.append(name)
        return self.changed.get(name, GOOD)

    async def scrape(self, mesh: Mesh) -> dict[str, PeerAnswer]:
        """Return the answers that a scrape tells; the next one is due when it returns."""
        told = dict(self.scraped(mesh))
        await self._questions.wait(10)
        await asyncio.sleep(0)
        self.later += BETWEEN
        return told


@pytest.mark.parametrize("between", [15.0, 60.0])
@played
async def test_no_answer_of_two_hundred_peers_vanishes_between_two_questions(
    monkeypatch: pytest.MonkeyPatch, between: float
) -> None:
    mesh = peers(1, MANY, check=2)
    differs = {f"Peer{number}": PeerAnswer(True, same=False, ahead=0.0) for number in range(MANY)}
    for changed in ({}, differs):
        watch, seen = Peers(monkeypatch, **changed), set[str]()
        for _ in range(3 * MANY // FOR_A_SCRAPE):
            told = await watch.scrape(mesh)
            watch.later += between - BETWEEN
            assert told.keys() >= seen
            seen = set(told)
        assert len(seen) == MANY
        assert watch.later > 2 * 120, "longer than a for of two minutes"


@played
async def test_a_peer_with_a_fault_is_asked_again_at_each_scrape(monkeypatch: pytest.MonkeyPatch) -> None:
    mesh = peers(1, MANY, check=2)
    watch = Peers(monkeypatch, Peer7=PeerAnswer(False, "it is away"))
    while not (await watch.scrape(mesh)).get("Peer7", GOOD).fault:
        continue
    for _ in range(3):
        before = len(watch.asked)
        assert not (await watch.scrape(mesh))["Peer7"].reached
        assert "Peer7" in watch.asked[before:]
        assert len(watch.asked) - before == FOR_A_SCRAPE
    watch.changed = {}
    await watch.scrape(mesh)
    assert (await watch.scrape(mesh))["Peer7"].reached


@played
async def test_all_peers_of_a_small_mesh_are_asked_for_each_scrape_and_a_blocked_one_is_not_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mesh = replace(peers(1, FROM_THE_START, check=2), blocked=frozenset({"Peer3"}))
    watch = Peers(monkeypatch, Peer3=PeerAnswer(False, "it is blocked"))
    for _ in range(3):
        watch.asked.clear()
        told = await watch.scrape(mesh)
        assert len(watch.asked) >= FROM_THE_START - 1
    assert told.keys() == mesh.clouds.keys() - {"CloudOne", "Peer3"}


@played
async def test_the_time_of_a_peer_is_told_for_ten_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    mesh = peers(1, 1, check=2)
    watch = Peers(monkeypatch)
    await watch.scrape(mesh)
    assert watch.answers(mesh)["Peer0"].ahead == 0.0
    watch.later += CLOCK_KEPT
    answer = watch.answers(mesh)["Peer0"]
    assert (answer.reached, answer.same, answer.ahead) == (True, True, None)
    assert answer.age > CLOCK_KEPT
