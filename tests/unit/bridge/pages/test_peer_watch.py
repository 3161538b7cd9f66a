# SPDX-License-Identifier: Apache-2.0
"""The gateways of peers are asked for their description and time, a few at a time."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import formatdate
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time

import pytest

from openstackoid.bridge.pages import peer_questions, peer_watch, reachability
from openstackoid.bridge.pages.peer_watch import PeerWatch
from openstackoid.bridge.upstream.upstream import Upstream
from openstackoid.mesh import Mesh, mesh_digest
from unit.bridge.haproxy import haproxy
from unit.bridge.pages.test_reachability import asking, one, peers, port_of
from unit.bridge.stage import Stage, Visit, played, says, says_json, staged


@asynccontextmanager
async def watching(mesh: Mesh) -> AsyncIterator[PeerWatch]:
    with TemporaryDirectory(prefix="oid-") as folder:
        async with haproxy(mesh, Path(folder)) as socket:
            upstream = Upstream("CloudOne", socket)
            watch = PeerWatch(upstream)
            running = asyncio.create_task(watch.run())
            await asyncio.sleep(0)
            try:
                yield watch
            finally:
                running.cancel()
                await asyncio.sleep(0.05)
                await upstream.close()


async def told(stage: Stage) -> dict[str, object]:
    async with watching(mesh := one(port_of(stage))) as watch:
        return dict((await watch.document(mesh))["Peer"])


@played
async def test_a_peer_with_another_description_and_another_time() -> None:
    page = {"gateway": "Peer", "description": "another"}
    async with staged(there=says_json(page, f"Date: {formatdate(time() + 60, usegmt=True)}")) as stage:
        answer = await told(stage)
        assert [visit.line for visit in stage.there.visits] == ["GET /.openstackoid/mesh?only=here HTTP/1.1"]
    assert (answer["reached"], answer["fault"], answer["same"]) == (True, "", False)
    assert isinstance(answer["ahead"], float)
    assert 30 < answer["ahead"] <= 60


@played
async def test_a_peer_with_the_same_description_and_time() -> None:
    async with staged() as stage:
        mesh = one(port_of(stage))
        page = {"gateway": "Peer", "description": mesh_digest(mesh)}
        stage.there.script = says_json(page, f"Date: {formatdate(time(), usegmt=True)}")
        answer = await told(stage)
    assert (answer["reached"], answer["same"]) == (True, True)
    assert answer["ahead"] == pytest.approx(0, abs=30)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"description": 1}', b"x" * 5000])
@played
async def test_a_peer_of_an_earlier_release_does_not_tell(body: bytes) -> None:
    async with staged(there=says("200 OK", "Date: yesterday", body=body)) as stage:
        assert await told(stage) == {"reached": True, "fault": "", "same": None, "ahead": None, "age": 0.0, "certificate": False}


@played
async def test_a_peer_that_answers_with_an_error_is_reached() -> None:
    async with staged(there=says("404 Not Found")) as stage:
        answer = await told(stage)
    assert (answer["reached"], answer["fault"]) == (True, "answers 404")


@played
async def test_a_peer_that_is_away_has_a_reason() -> None:
    async with watching(mesh := one(1)) as watch:
        answer = (await watch.document(mesh))["Peer"]
    assert (answer["reached"], answer["fault"]) == (
        False,
        "the gateway of Peer at 127.0.0.1:1 cannot be reached: connection refused",
    )


@played
async def test_a_silent_peer_has_a_bounded_time_and_its_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer_questions, "ANSWERS_WITHIN", 0.3)

    async def silent(visit: Visit) -> None:
        await asyncio.Event().wait()

    async with staged(there=silent) as stage, watching(mesh := one(port := port_of(stage))) as watch:
        answer = (await watch.document(mesh))["Peer"]
    assert (answer["reached"], answer["fault"]) == (
        False,
        f"the gateway of Peer at 127.0.0.1:{port} does not answer within 0.3 s",
    )


@played
async def test_one_look_names_a_peer_that_went_silent_at_the_real_waits() -> None:
    released = asyncio.Event()

    async def silent(visit: Visit) -> None:
        await released.wait()

    async with staged(there=says_json({})) as stage, watching(mesh := one(port := port_of(stage))) as watch:
        assert (await watch.document(mesh))["Peer"]["reached"]
        stage.there.script = silent
        await asyncio.sleep(peer_watch.FRESH)
        answer = (await watch.document(mesh))["Peer"]
        released.set()
    assert (answer["reached"], answer["fault"]) == (
        False,
        f"the gateway of Peer at 127.0.0.1:{port} does not answer within {peer_questions.ANSWERS_WITHIN:g} s",
    )
    assert answer["age"] < 1


@played
async def test_one_look_names_all_peers_that_are_silent_though_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer_questions, "ANSWERS_WITHIN", 1.0)
    # It accepts connections at each address of the loopback, and answers nothing.
    with socket.create_server(("0.0.0.0", 0), backlog=512) as silent_one:
        async with watching(mesh := peers(silent_one.getsockname()[1], reachability.AT_MOST)) as watch:
            answers = await watch.document(mesh)
    assert [answer["reached"] for answer in answers.values()] == [False] * reachability.AT_MOST


@played
async def test_a_silent_socket_of_a_peer_leaves_time_for_its_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer_questions, "ANSWERS_WITHIN", 1.0)
    # It accepts connections, and answers nothing.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        async with staged(there=says_json({"gateway": "Peer", "description": "another"})) as stage:
            mesh = one(silent.getsockname()[1], further=port_of(stage))
            async with watching(mesh) as watch:
                answer = (await watch.document(mesh))["Peer"]
            async with asking(mesh) as reach:
                assert await reach.states(mesh) == {"Peer": "up"}
    assert (answer["reached"], answer["fault"], answer["same"]) == (True, "", False)


@played
async def test_a_scrape_asks_a_few_and_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer_watch, "FOR_A_SCRAPE", 2)
    async with watching(mesh := peers(1, 5)) as watch:
        assert watch.scraped(mesh) == {}
        await asyncio.sleep(1.5)
        assert len(watch.scraped(mesh)) == 2
        assert watch.answers(peers(1, 0)) == {}
