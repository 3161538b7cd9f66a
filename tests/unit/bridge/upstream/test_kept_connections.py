# SPDX-License-Identifier: Apache-2.0
"""Gateways that were asked lately are asked for their health, and all of a small mesh."""

import asyncio
from pathlib import Path

from openstackoid.bridge.trace.peer_records import ask_gateway
from openstackoid.bridge.upstream.kept_connections import FROM_THE_START, LASTING, KeptConnections
from openstackoid.bridge.upstream.target import peer_gateways
from openstackoid.bridge.upstream.upstream import Upstream, UpstreamRequest
from openstackoid.mesh import Timeouts
from openstackoid.routing.pages import MESH
from unit.bridge.haproxy import haproxy
from unit.bridge.pages.test_reachability import one
from unit.bridge.stage import Clock, played
from unit.bridge.upstream.test_to_haproxy import Heard
from unit.gateway.running import free_port


@played
async def test_a_gateway_is_asked_for_three_minutes_after_its_last_request() -> None:
    asked: list[str] = []

    async def ask(gateway: str) -> None:
        asked.append(gateway)

    clock = Clock()
    kept = KeptConnections(ask, clock)
    await kept.ask_all()
    assert asked == []
    kept.note("one")
    clock.now += LASTING / 2
    kept.note("two")
    await kept.ask_all()
    assert sorted(asked) == ["one", "two"]
    clock.now += LASTING / 2
    asked.clear()
    await kept.ask_all()
    assert asked == ["two"]


@played
async def test_all_gateways_of_a_small_mesh_are_asked_from_the_start() -> None:
    asked: list[str] = []

    async def ask(gateway: str) -> None:
        asked.append(gateway)

    kept = KeptConnections(ask, Clock())
    few = [f"gateway {number}" for number in range(FROM_THE_START)]
    kept.set_peers([*few, *few])
    await kept.ask_all()
    assert sorted(asked) == sorted(few)
    asked.clear()
    kept.note(few[0])
    kept.set_peers(["another"])
    await kept.ask_all()
    assert sorted(asked) == ["another", few[0]]
    asked.clear()
    kept.set_peers([*few, "another"])
    await kept.ask_all()
    assert asked == [few[0]], "each of a large mesh would ask each"


@played
async def test_a_gateway_that_was_away_when_it_was_kept_serves_the_next_user_once_it_is_back(tmp_path: Path) -> None:
    mesh, heard = one(port := free_port()), Heard()
    async with haproxy(mesh, tmp_path) as socket:
        upstream = Upstream("CloudOne", socket)
        upstream.kept.set_peers(peer_gateways(mesh, "CloudOne"))
        await upstream.kept.ask_all()
        server = await asyncio.start_server(heard.serve, "127.0.0.1", port)
        try:
            request, waits = UpstreamRequest("GET", None, ()), Timeouts(connect=0.5, server=5)
            assert await ask_gateway(upstream, mesh, "Peer", request, MESH, timeouts=waits, limit=100) == b"ok"
        finally:
            # Python 3.12 and later would wait for the end of the connection that HAProxy keeps.
            server.close()
        await upstream.close()
