# SPDX-License-Identifier: Apache-2.0
"""A peer, a service or a client that fails in the middle of a forwarded request is named, and nothing broken passes as whole."""

import asyncio
from contextlib import suppress

import pytest

from unit.bridge.raw_messages import head, read_answer
from unit.bridge.stage import Script, Visit, played, staged

TO_TWO = 'X-Scope: {"image":"CloudTwo"}'
MIB = 1024 * 1024


async def cut_before_the_head(visit: Visit) -> None:
    await visit.read_body()


async def cut_in_the_head(visit: Visit) -> None:
    visit.send("HTTP/1.1 200 OK\r\nContent-Le")


async def no_http(visit: Visit) -> None:
    visit.send("220 mail.example ESMTP\r\n\r\n")


async def silent(visit: Visit) -> None:
    await visit.reader.read()


@pytest.mark.parametrize(
    ("script", "status", "words"),
    [
        (cut_before_the_head, 502, "closed the connection"),
        (cut_in_the_head, 502, "closed the connection"),
        (no_http, 502, "not HTTP"),
        (silent, 504, "within 0.5 s"),
    ],
)
@played
async def test_a_peer_that_fails_is_named(script: Script, status: int, words: str) -> None:
    async with staged(there=script) as stage:
        answer = await stage.ask("POST", "/image/v2/images", TO_TWO, body=b"{}")
        assert len(stage.there.visits) == 1, "what may have been done is not done again"
        place = f"image of CloudTwo at http://127.0.0.1:{stage.ports['there']}/image"
    assert answer.status == status
    assert answer.values("content-type") == ["application/json"]
    assert answer.error.startswith(f"gateway of CloudOne: {place}")
    assert words in answer.error
    assert "\n" not in answer.error


@pytest.mark.parametrize("script", [cut_in_the_head, no_http, silent])
@played
async def test_an_error_does_not_name_the_address_of_a_backend(script: Script, caplog: pytest.LogCaptureFixture) -> None:
    """The client may be a user of another cloud. The operator finds the address in the log."""
    async with staged(here=script) as stage:
        answer = await stage.ask("POST", "/compute/v2.1/servers")
        port = str(stage.ports["here"])
    assert answer.status in (502, 504)
    assert answer.error.startswith("gateway of CloudOne: compute of CloudOne")
    assert (port in answer.error, f"at its backend http://127.0.0.1:{port}" in caplog.text) == (False, True)


@played
async def test_a_put_is_not_repeated_without_its_body() -> None:
    async with staged(there=cut_before_the_head) as stage:
        answer = await stage.ask("PUT", "/image/v2/images/i/file", TO_TWO, body=b"content")
        assert [visit.body for visit in stage.there.visits] == [b"content"]
    assert answer.status == 502


@played
async def test_a_peer_that_is_down() -> None:
    async with staged() as stage:
        answer = await stage.ask("GET", "/network/v2.0/ports", 'X-Scope: {"network":"CloudTwo"}')
        place = f"network of CloudTwo at http://127.0.0.1:{stage.ports['dead']}/network"
    assert answer.status == 503
    assert answer.error == f"gateway of CloudOne: {place} cannot be reached: connection refused"


@played
async def test_a_service_that_is_down(caplog: pytest.LogCaptureFixture) -> None:
    async with staged() as stage:
        answer = await stage.ask("GET", "/network/v2.0/ports")
        address = f"http://127.0.0.1:{stage.ports['dead']}"
    what = "cannot be reached: connection refused"
    assert (answer.status, answer.error) == (503, f"gateway of CloudOne: network of CloudOne {what}")
    assert f"network of CloudOne at its backend {address} {what}" in caplog.text


@played
async def test_a_peer_that_stops_reading() -> None:
    async def script(visit: Visit) -> None:
        await asyncio.sleep(60)

    async with staged(there=script) as stage:
        reader, writer = await stage.connect()
        writer.write(head("PUT", "/image/v2/images/i/file", TO_TWO, "Content-Length: 100000000"))
        writer.write(bytes(20 * MIB))
        assert (await read_answer(reader)).status == 504
        writer.close()


@pytest.mark.parametrize("length", ["Content-Length: 1000", "Transfer-Encoding: chunked"])
@pytest.mark.parametrize("end", ["cut", "silent"])
@played
async def test_an_answer_that_breaks_off_is_never_taken_for_the_whole(length: str, end: str) -> None:
    async def script(visit: Visit) -> None:
        visit.send(f"HTTP/1.1 200 OK\r\n{length}\r\n\r\n", "4\r\npart\r\n")
        await visit.writer.drain()
        if end == "silent":
            await visit.reader.read()

    async with staged(there=script) as stage:
        reader, writer = await stage.connect()
        writer.write(head("GET", "/image/v2/images/i/file", TO_TWO))
        with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
            await read_answer(reader)
        writer.close()


@pytest.mark.parametrize("end", ["malformed", "stalled", "gone"])
@played
async def test_an_upload_that_breaks_off_is_never_taken_for_the_whole(end: str) -> None:
    async def script(visit: Visit) -> None:
        try:
            await visit.read_body()
            arrived.set_result("whole")
        except (asyncio.IncompleteReadError, ConnectionError):
            arrived.set_result("broken")

    arrived = asyncio.get_running_loop().create_future()
    async with staged(there=script) as stage:
        reader, writer = await stage.connect()
        writer.write(head("PUT", "/image/v2/images/i/file", TO_TWO, "Transfer-Encoding: chunked") + b"4\r\npart\r\n")
        while not stage.there.visits:
            await asyncio.sleep(0.01)
        if end == "malformed":
            writer.write(b"what?\r\n\r\n")
        if end != "gone":
            assert (await read_answer(reader)).status == 400
        writer.close()
        assert await arrived == "broken"


@played
async def test_a_client_that_leaves_is_waited_for_as_long_as_an_answer_alone() -> None:
    """HAProxy cannot end the request at once: a client that has ended its side of the connection would get no answer either."""

    async def script(visit: Visit) -> None:
        arrived.set()
        with suppress(ConnectionError):
            await visit.reader.read()
        egress.set()

    arrived, egress = asyncio.Event(), asyncio.Event()
    async with staged(there=script) as stage:
        _, writer = await stage.connect()
        writer.write(head("GET", "/image/v2/images", TO_TWO))
        await arrived.wait()
        writer.close()
        async with asyncio.timeout(2):
            await egress.wait()
