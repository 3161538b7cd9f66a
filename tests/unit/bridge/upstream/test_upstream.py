# SPDX-License-Identifier: Apache-2.0
"""Requests of the Python service need its HAProxy; without one they are errors that say so."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.upstream import to_haproxy as module
from openstackoid.bridge.upstream.target import Target, target_of
from openstackoid.bridge.upstream.upstream import BufferedResponse, Upstream, UpstreamError, UpstreamRequest
from openstackoid.mesh import Timeouts, parse_mesh
from unit.bridge.listening import listening
from unit.bridge.raw_messages import head, read_answer
from unit.bridge.stage import played, says, staged

TARGET = Target("http://127.0.0.1:1/v3", "identity of CloudTwo", "-|CloudTwo|0|1|")
TO_TWO = 'X-Auth-Token: tok!SCOPE!{"*":"CloudOne","image":"CloudTwo"}'


async def asked(upstream: Upstream) -> BufferedResponse:
    until = asyncio.get_running_loop().time() + 5
    try:
        return await upstream.send_buffered(TARGET, UpstreamRequest("GET", None, ()), timeouts=Timeouts(), until=until, limit=9)
    finally:
        await upstream.close()


@played
async def test_without_haproxy_a_request_is_an_error_after_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.1)
    with TemporaryDirectory(prefix="oid-") as folder, pytest.raises(UpstreamError) as failed:
        await asked(Upstream("CloudOne", Path(folder, "upstream.sock")))
    said = "gateway of CloudOne: identity of CloudTwo cannot be asked: HAProxy of this gateway is not there; try again"
    assert (failed.value.status, failed.value.unreached, failed.value.message) == (503, True, said)


@played
async def test_a_request_waits_for_an_haproxy_that_is_started_again() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    with TemporaryDirectory(prefix="oid-") as folder:
        path = Path(folder, "upstream.sock")
        asking = asyncio.create_task(asked(Upstream("CloudOne", path)))
        await asyncio.sleep(0.3)
        async with listening(serve, path=path):
            assert (await asking).content == b"ok"


@pytest.mark.parametrize(("size", "status"), [(28_000, 200), (28_600, 400)])
@played
async def test_a_head_that_is_too_large_with_what_the_gateway_adds_is_an_error_that_says_so(size: int, status: int) -> None:
    async with staged(there=says("200 OK")) as stage:
        reader, writer = await stage.connect()
        sent = head("GET", "/image/v2/images", TO_TWO, "X-Large: ")
        writer.write(sent.replace(b"X-Large: ", b"X-Large: " + b"x" * (size - len(sent))))
        answer = await read_answer(reader)
        writer.close()
    assert answer.status == status
    assert status == 200 or answer.error.endswith("the request has too large a head: at most 28 KiB with what the gateway adds")


def test_a_service_without_a_backend_is_named() -> None:
    mesh = parse_mesh("mesh: 1\nclouds: {One: {services: {image: {frontend: 'http://127.0.0.1:8801/image'}}}}")
    (endpoint,) = mesh.clouds["One"].endpoints
    with pytest.raises(AnswerError, match="gateway of One: image of One has no backend in the mesh") as failed:
        target_of(mesh, "One", endpoint, "/image/v2")
    assert failed.value.status == 503
