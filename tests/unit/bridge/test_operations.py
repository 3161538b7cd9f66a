# SPDX-License-Identifier: Apache-2.0
"""Operations under a scope: bodies that decide about them, and their stored workflows."""

from dataclasses import replace

import pytest

from conformance.case import marked
from openstackoid.bridge.message.body import OPERATION_LIMIT
from openstackoid.mesh import Memory
from openstackoid.routing.workflows import Workflow, is_marked
from openstackoid.scope import Scope
from openstackoid.store import owner_of
from unit.bridge.raw_messages import head, read_answer
from unit.bridge.stage import Visit, played, says, staged

USER = owner_of("CloudOne", "CloudOne", "u1")
ILL = ("X-Auth-Token: t", 'X-Scope: {"network":"CloudTwo"}')
"""The network is elsewhere, so it depends on the body whether a boot may begin."""


@pytest.mark.parametrize("framing", ["length", "chunks"])
@played
async def test_a_boot_that_is_too_large_to_be_judged(framing: str) -> None:
    async with staged() as stage:
        reader, writer = await stage.connect()
        if framing == "length":
            writer.write(head("POST", "/compute/servers", *ILL, f"Content-Length: {OPERATION_LIMIT + 1}", "Expect: 100-continue"))
        else:
            sent = f"{OPERATION_LIMIT + 1:x}\r\n".encode() + bytes(OPERATION_LIMIT + 1) + b"\r\n"
            writer.write(head("POST", "/compute/servers", *ILL, "Transfer-Encoding: chunked") + sent)
        answer = await read_answer(reader)
        writer.close()
        assert stage.here.visits == []
    assert answer.status == 413
    assert answer.error == f"gateway of CloudOne: the body is larger than {OPERATION_LIMIT} bytes"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"null", b'{"server": {}}', b'{"server": {"networks": "auto"}}'])
@played
async def test_a_boot_that_needs_the_network_is_refused(body: bytes) -> None:
    async with staged() as stage:
        answer = await stage.ask("POST", "/compute/servers", *ILL, body=body)
        assert stage.here.visits == []
    assert (answer.status, answer.json()["error"]["title"]) == (409, "Conflict")
    assert "(rule network-of-a-server)" in answer.error


@pytest.mark.parametrize("framing", ["length", "chunks", "expect", "utf-16"])
@played
async def test_a_boot_that_was_read_is_sent_on_as_it_came(framing: str) -> None:
    text = '{"server": {"networks": "none"},  "pad": "' + "x" * 50_000 + '"}'
    body = text.encode("utf-16" if framing == "utf-16" else "utf-8")
    async with staged(here=says("202 Accepted")) as stage:
        reader, writer = await stage.connect()
        if framing == "chunks":
            half = len(body) // 2
            writer.write(head("POST", "/compute/servers", *ILL, "Transfer-Encoding: chunked"))
            for part in (body[:half], body[half:]):
                writer.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
            writer.write(b"0\r\n\r\n")
        else:
            more = ["Expect: 100-continue"] if framing == "expect" else []
            writer.write(head("POST", "/compute/servers", *ILL, f"Content-Length: {len(body)}", *more))
            if more:
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
            writer.write(body)
        assert (await read_answer(reader)).status == 202
        writer.close()
        (visit,) = stage.here.visits
    assert visit.body == body
    framed = ([], ["chunked"]) if framing == "chunks" else ([str(len(body))], [])
    assert (visit.values("content-length"), visit.values("transfer-encoding")) == framed


@played
async def test_a_workflow_is_remembered_before_it_begins() -> None:
    """Its first hop may come back before its answer does."""
    known: list[str] = []

    async def asks_back(visit: Visit) -> None:
        await visit.read_body()
        (request_id,) = visit.values("x-openstack-request-id")
        known.append(request_id)
        target = await stage.ask("GET", "/image/v2/images", "X-Auth-Token: nova", f"X-OpenStack-Request-Id: {request_id}")
        assert target.status == 200
        visit.send("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")

    async with staged(here=asks_back, there=says("200 OK")) as stage:
        stage.change(mesh=replace(stage.mesh, shared=(("image", frozenset({"CloudOne", "CloudTwo"})),)))
        scope = ("X-Auth-Token: t", 'X-Scope: {"image":"CloudTwo"}')
        assert (await stage.ask("POST", "/compute/servers", *scope, body=b"{}")).status == 202
        (visit,) = stage.there.visits
    assert is_marked(known[0])
    assert visit.values("x-openstack-request-id") == known
    assert visit.values("x-auth-token") == ['nova!SCOPE!{"identity":"CloudOne","*":"CloudOne","image":"CloudTwo"}']


@pytest.mark.parametrize("header", ["X-OpenStack-Request-Id", "X-Scope-Force", "X-Auth-Token", "X-Scope"])
@played
async def test_connection_does_not_drop_headers_of_the_decision(header: str) -> None:
    """HAProxy hands such a header on, so the bridge does."""
    value = '{"*":"CloudOne"}' if header == "X-Scope" else "true"
    async with staged(here=says("200 OK"), there=says("200 OK")) as stage:
        sent = [f"{header}: {value}", f"Connection: {header}"]
        sent += [] if header in ("X-Scope", "X-Auth-Token") else ["X-Auth-Token: t"]
        sent += [] if header == "X-Scope" else ['X-Scope: {"network":"CloudOne"}']
        assert (await stage.ask("POST", "/compute/servers", *sent, body=b"{}")).status == 200
        (visit,) = stage.here.visits
    assert len(visit.values(header.lower())) == (0 if header == "X-Scope" else 1)


@pytest.mark.parametrize(
    ("status", "known", "remembered"),
    [(401, False, 0), (401, True, 1), (403, False, 0), (300, False, 0), (202, False, 1), (504, False, 1)],
)
@played
async def test_a_workflow_of_a_failed_request_is_not_stored(status: int, known: bool, remembered: int) -> None:
    """It could push the workflows of others out of the memory; nor can it have one of theirs forgotten."""
    async with staged(here=says(f"{status} Whatever")) as stage:
        if known:
            await stage.bridge.context.workflows.remember(
                Workflow(marked(1), Scope.of({"*": "CloudOne", "image": "CloudTwo"})), USER, Memory()
            )
        given = ("X-Auth-Token: t", 'X-Scope: {"image":"CloudTwo"}', f"X-OpenStack-Request-Id: {marked(1)}")
        answer = await stage.ask("POST", "/volume/v3/volumes", *given)
        assert (answer.status, len(stage.bridge.context.workflows)) == (status, remembered)
