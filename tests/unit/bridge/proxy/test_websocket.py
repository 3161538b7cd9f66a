# SPDX-License-Identifier: Apache-2.0
"""A WebSocket through the bridge: bytes both ways, and an end that both sides see."""

import asyncio
import logging
from base64 import b64encode
from dataclasses import replace
from hashlib import sha1

import pytest

from unit.bridge.raw_messages import head, read_answer
from unit.bridge.stage import Visit, played, says, staged

KEY = b64encode(bytes(16)).decode()
ACCEPT = b64encode(sha1(f"{KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode(), usedforsecurity=False).digest()).decode()
ASKS = ('X-Scope: {"image":"CloudTwo"}', "Connection: Upgrade", "Upgrade: websocket", f"Sec-WebSocket-Key: {KEY}")
SWITCHES = (
    f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {ACCEPT}\r\n\r\n"
)


async def echo(visit: Visit) -> None:
    visit.send(SWITCHES, b"hello")
    while chunk := await visit.reader.read(65536):
        visit.send(chunk)
        await visit.writer.drain()
        if chunk.endswith(b"bye"):
            return
    visit.body = b"the client is gone"


@played
async def test_bytes_pass_both_ways_until_the_far_side_ends() -> None:
    piece = bytes(range(256)) * 4096
    async with staged(there=echo) as stage:
        reader, writer = await stage.connect()
        writer.write(head("GET", "/image/ws?a=b", *ASKS) + b"early")
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
        for line in (b"Upgrade: websocket", b"Connection: Upgrade", f"Sec-WebSocket-Accept: {ACCEPT}".encode()):
            assert answer.lower().count(line.lower() + b"\r\n") == 1
        assert await reader.readexactly(10) == b"helloearly"
        for _ in range(3):
            writer.write(piece)
            assert await reader.readexactly(len(piece)) == piece
        writer.write(b"bye")
        assert await reader.read() == b"bye"
        writer.close()
        (visit,) = stage.there.visits
    assert visit.line == "GET /image/ws?a=b HTTP/1.1"
    assert (visit.values("upgrade"), visit.values("connection"), visit.values("sec-websocket-key")) == (
        ["websocket"],
        ["Upgrade"],
        [KEY],
    )


@played
async def test_the_far_side_sees_a_client_that_leaves() -> None:
    async with staged(there=echo) as stage:
        reader, writer = await stage.connect()
        writer.write(head("GET", "/image/ws", *ASKS))
        await reader.readuntil(b"hello")
        writer.close()
        (visit,) = stage.there.visits
        while not visit.body:
            await asyncio.sleep(0.01)


@played
async def test_an_answer_that_does_not_switch_is_handed_on() -> None:
    async with staged(there=says("426 Upgrade Required", "X-Why: 1", body=b"no")) as stage:
        answer = await stage.ask("GET", "/image/ws", *ASKS)
    assert (answer.status, answer.values("x-why"), answer.body) == (426, ["1"], b"no")


@played
async def test_silence_outlasts_the_timeouts_of_requests() -> None:
    async def patient(visit: Visit) -> None:
        visit.send(SWITCHES)
        await asyncio.sleep(0.8)
        visit.send(b"late")

    async with staged(there=patient) as stage:
        reader, writer = await stage.connect()
        writer.write(head("GET", "/image/ws", *ASKS))
        await reader.readuntil(b"\r\n\r\n")
        assert await reader.read() == b"late"
        writer.close()


def test_silence_of_both_ends_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "openstackoid.bridge")

    @played
    async def test() -> None:
        async with staged(there=echo) as stage:
            here = stage.mesh.clouds["CloudOne"]
            brief = replace(here, timeouts=replace(here.timeouts, tunnel=0.2))
            stage.change(mesh=replace(stage.mesh, clouds={**stage.mesh.clouds, "CloudOne": brief}))
            reader, writer = await stage.connect()
            writer.write(head("GET", "/image/ws", *ASKS))
            await reader.readuntil(b"hello")
            assert await reader.read() == b""
            writer.close()

    test()
    assert "cut off" in caplog.text


@played
async def test_an_unrequested_protocol_switch_is_502() -> None:
    async with staged(there=echo) as stage:
        reader, writer = await stage.connect()
        writer.write(head("GET", "/image/ws", ASKS[0]))
        answer = await read_answer(reader)
        writer.close()
    assert answer.status == 502
