# SPDX-License-Identifier: Apache-2.0
"""However many ask for large documents of one cloud, so many are held at once; those of another cloud are not kept waiting."""

import asyncio
import socket
from dataclasses import replace

from openstackoid.bridge.holding import LARGE_AT_ONCE, Holding
from openstackoid.mesh import Mesh, Timeouts
from unit.bridge.stage import Visit, played, staged

TO_TWO = 'X-Scope: {"identity":"CloudTwo"}'
HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"


@played
async def test_large_documents_of_one_cloud_wait_for_each_other() -> None:
    go = asyncio.Event()
    drained: list[Visit] = []

    async def script(visit: Visit) -> None:
        # So little of it fits between the two that the end is not sent before the bridge reads.
        visit.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)
        visit.send(HEAD, b'["', b"x" * 1024 * 1024)
        await visit.writer.drain()
        drained.append(visit)
        await go.wait()
        visit.send(b'"]')

    async with staged(there=script) as stage:
        here = replace(stage.bridge.mesh.clouds["CloudOne"], timeouts=Timeouts(5, 5, 5))
        stage.bridge.mesh = Mesh({**stage.bridge.mesh.clouds, "CloudOne": here})
        asked = [asyncio.create_task(stage.ask("GET", "/identity/v3/users", TO_TWO)) for _ in range(LARGE_AT_ONCE + 2)]
        while len(drained) < LARGE_AT_ONCE or len(stage.there.visits) < LARGE_AT_ONCE + 2:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        assert len(drained) == LARGE_AT_ONCE
        go.set()
        assert [answer.status for answer in await asyncio.gather(*asked)] == [200] * (LARGE_AT_ONCE + 2)


@played
async def test_small_ones_do_not() -> None:
    go = asyncio.Event()

    async def script(visit: Visit) -> None:
        visit.send(HEAD, b"[")
        await go.wait()
        visit.send(b"]")

    async with staged(there=script) as stage:
        asked = [asyncio.create_task(stage.ask("GET", "/identity/v3/users", TO_TWO)) for _ in range(2 * LARGE_AT_ONCE)]
        await asyncio.sleep(0.1)
        go.set()
        assert [answer.body for answer in await asyncio.gather(*asked)] == [b"[]"] * 2 * LARGE_AT_ONCE


@played
async def test_each_cloud_has_its_own() -> None:
    holding = Holding()
    assert holding.of("CloudOne") is holding.of("CloudOne")
    async with holding.of("CloudOne"):
        assert holding.of("CloudOne") is not holding.of("CloudTwo")
