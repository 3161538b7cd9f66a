# SPDX-License-Identifier: Apache-2.0
"""Peers are asked for their health on request, a few at a time; late answers are shown the next time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from openstackoid.bridge.pages import peer_questions, reachability
from openstackoid.bridge.pages.reachability import Reachability
from openstackoid.bridge.upstream.upstream import Upstream
from openstackoid.mesh import Mesh, parse_mesh
from unit.bridge.haproxy import haproxy
from unit.bridge.stage import Stage, Visit, played, says, staged


@asynccontextmanager
async def asking(mesh: Mesh) -> AsyncIterator[Reachability]:
    with TemporaryDirectory(prefix="oid-") as folder:
        async with haproxy(mesh, Path(folder)) as socket:
            upstream = Upstream("CloudOne", socket)
            try:
                yield Reachability(upstream)
            finally:
                await upstream.close()


def port_of(stage: Stage) -> int:
    return stage.mesh.clouds["CloudTwo"].endpoints[0].frontend.port


def peers(port: int, count: int, check: float = 60) -> Mesh:
    text = "mesh: 1\nclouds:\n  CloudOne:\n"
    text += f"    gateway: {{timeouts: {{connect: 0.5, check: {check}}}}}\n"
    text += "    services: {image: {frontend: 'http://127.0.0.1:8801/image', backend: 'http://127.0.0.1:1'}}\n"
    for number in range(count):
        text += f"  Peer{number}: {{services: {{image: {{frontend: 'http://127.1.0.{number + 1}:{port}/image'}}}}}}\n"
    return parse_mesh(text)


def one(port: int, check: float = 60, *, further: int | None = None) -> Mesh:
    """Return a mesh with one peer, that has another socket at the port ``further``."""
    more = "" if further is None else f", network: {{frontend: 'http://127.0.0.1:{further}/network'}}"
    return parse_mesh(
        "mesh: 1\nclouds:\n  CloudOne:\n"
        f"    gateway: {{timeouts: {{connect: 0.5, check: {check}}}}}\n"
        "    services: {image: {frontend: 'http://127.0.0.1:8801/image', backend: 'http://127.0.0.1:1'}}\n"
        f"  Peer: {{services: {{image: {{frontend: 'http://127.0.0.1:{port}/image'}}{more}}}}}\n"
    )


@played
async def test_a_gateway_that_answers_is_up_and_is_not_asked_again_at_once() -> None:
    async with staged(there=says("200 OK")) as stage, asking(mesh := one(port_of(stage))) as reach:
        assert await reach.states(mesh) == await reach.states(mesh) == {"Peer": "up"}
        assert [visit.line for visit in stage.there.visits] == ["GET /.openstackoid/health HTTP/1.1"]


@pytest.mark.parametrize("status", ["503 Service Unavailable", "302 Found"])
@played
async def test_a_gateway_that_says_anything_else_is_down(status: str) -> None:
    async with staged(there=says(status)) as stage, asking(mesh := one(port_of(stage))) as reach:
        assert await reach.states(mesh) == {"Peer": "down"}


@played
async def test_a_gateway_that_is_away_is_down_and_asked_again_after_the_time_between_checks() -> None:
    async with staged(there=says("200 OK")) as stage, asking(away := one(1, check=0.05)) as reach:
        assert await reach.states(away) == {"Peer": "down"}
        await asyncio.sleep(0.1)
        assert await reach.states(one(port_of(stage), check=0.05)) == {"Peer": "up"}


@played
async def test_the_page_does_not_wait_for_a_silent_peer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reachability, "PATIENCE", 0.1)
    released = asyncio.Event()

    async def late(visit: Visit) -> None:
        await released.wait()
        await says("200 OK")(visit)

    async with staged(there=late) as stage, asking(mesh := one(port_of(stage))) as reach:
        assert await reach.states(mesh) == {}
        released.set()
        assert await reach.states(mesh) == {"Peer": "up"}
        assert len(stage.there.visits) == 1, "the question that was open was not asked again"


@played
async def test_a_silent_peer_is_down_after_a_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer_questions, "ANSWERS_WITHIN", 0.3)

    async def silent(visit: Visit) -> None:
        await asyncio.Event().wait()

    async with staged(there=silent) as stage, asking(mesh := one(port_of(stage))) as reach:
        assert await reach.states(mesh) == {"Peer": "down"}


@played
async def test_of_many_peers_the_least_known_are_asked_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reachability, "AT_MOST", 4)
    async with asking(mesh := peers(1, 10)) as reach:
        assert [len(await reach.states(mesh)) for _ in range(4)] == [4, 8, 10, 10]
        monkeypatch.setattr(reachability, "KEPT", 0.0)
        assert await reach.states(mesh) == {}, "what is old is not told"


@played
async def test_what_has_left_the_mesh_is_forgotten() -> None:
    async with asking(three := peers(1, 3)) as reach:
        assert len(await reach.states(three)) == 3
        assert len(await reach.states(peers(1, 2))) == 2
