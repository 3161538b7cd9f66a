# SPDX-License-Identifier: Apache-2.0
"""A forwarded request arrives as it was sent, streams both ways, and never ends in silence."""

import asyncio

import pytest

from unit.bridge.raw_messages import head, read_answer
from unit.bridge.stage import Visit, played, says, says_json, staged

TO_TWO = 'X-Scope: {"image":"CloudTwo"}'
WIRE = '{"*":"CloudOne","image":"CloudTwo"}'
MIB = 1024 * 1024


@played
async def test_to_a_peer_with_its_prefix_and_the_completed_scope() -> None:
    async with staged(there=says("200 OK", body=b"[]")) as stage:
        answer = await stage.ask("GET", "/image/v2/images?limit=1", "X-Auth-Token: tok", TO_TWO)
        (visit,) = stage.there.visits
    assert (answer.status, answer.body) == (200, b"[]")
    assert visit.line == "GET /image/v2/images?limit=1 HTTP/1.1"
    assert visit.values("x-auth-token") == [f"tok!SCOPE!{WIRE}"]
    assert visit.values("x-scope") == []


@played
async def test_to_a_living_backend_when_another_is_dead() -> None:
    async with staged(here=says("200 OK")) as stage:
        assert (await stage.ask("PUT", "/image/v2/x", body=b"content")).status == 200
        (visit,) = stage.here.visits
    assert visit.line == "PUT /v2/x HTTP/1.1"
    assert visit.body == b"content"


@pytest.mark.parametrize(
    ("target", "arrives"),
    [
        ("/identity/v3/a%2Fb//c;x/..d", "/keystone/v3/a%2Fb//c;x/..d"),
        ("/identity/v3/%7Euser/+%20;x=1", "/keystone/v3/%7Euser/+%20;x=1"),
        ("/identity?name=%C3%A9&a=b+c%2B&a=/?%3F", "/keystone?name=%C3%A9&a=b+c%2B&a=/?%3F"),
        ("/identity//evil.example/v3", "/keystone//evil.example/v3"),
        ("http://127.0.0.1:8801/identity/v3?x=1", "/keystone/v3?x=1"),
        ("/volume", "/"),
    ],
)
@played
async def test_path_and_query_stay_raw(target: str, arrives: str) -> None:
    async with staged(here=says("200 OK")) as stage:
        assert (await stage.ask("GET", target, "X-Auth-Token: tok")).status == 200
        assert stage.here.visits[0].line == f"GET {arrives} HTTP/1.1"


@played
async def test_headers_arrive_as_they_were_sent_and_no_others() -> None:
    """HAProxy, by which a request comes and leaves, writes names in lower case."""
    sent = ["accept: a", "x-many: 1", "x-many: 2, 3", "x-many: 4", "x-name: René", "cookie: a=b; c=d"]
    async with staged(here=says("200 OK")) as stage:
        reader, writer = await stage.connect()
        writer.write(head("GET", "/identity/v3", *sent).decode("latin-1").encode())
        await read_answer(reader)
        writer.close()
        (visit,) = stage.here.visits
    lines = sorted(visit.head.decode().split("\r\n")[1:-2])
    assert lines == sorted([*sent, "host: 127.0.0.1:8801"])


@played
async def test_hop_by_hop_headers_end_here() -> None:
    ending = ["Connection: keep-alive, X-Mine, X-Auth-Token, Host", "Keep-Alive: timeout=5", "TE: trailers", "Upgrade: h2c"]
    ending += ["Proxy-Authorization: Basic Zm9v", "Proxy-Connection: keep-alive", "X-Mine: stays", "Trailer: X-Late"]
    answers = [
        "Connection: X-Theirs",
        "Keep-Alive: timeout=9",
        "X-Theirs: stays",
        "Proxy-Authenticate: Basic",
        "X-Kept: 1",
        "X-Kept: 2",
    ]
    async with staged(here=says("200 OK", *answers)) as stage:
        answer = await stage.ask("GET", "/identity/v3", *ending, "X-Auth-Token: tok")
        (visit,) = stage.here.visits
    for name in ("keep-alive", "te", "upgrade", "proxy-authorization", "proxy-connection", "trailer"):
        assert visit.values(name) == []
    assert visit.values("connection") == []
    named = [visit.values(name) for name in ("x-auth-token", "host", "x-mine")]
    assert named == [["tok"], ["127.0.0.1:8801"], ["stays"]], "a header cannot be declared a matter of this hop"
    for name in ("connection", "keep-alive", "proxy-authenticate"):
        assert answer.values(name) == []
    assert answer.values("x-theirs") == ["stays"]
    assert answer.values("x-kept") == ["1", "2"]


@played
async def test_the_answer_has_the_headers_of_the_service_alone() -> None:
    given = ["set-cookie: a=b", "set-cookie: c=d", "location: http://elsewhere/", "content-encoding: gzip"]
    async with staged(here=says("302 Over There", *given, body=b"not really gzip")) as stage:
        answer = await stage.ask("GET", "/identity/v3")
        assert len(stage.here.visits) == 1, "a redirect is the client's to follow"
    lines = [line for line in answer.head.decode().split("\r\n") if not line.startswith("Date:")]
    assert lines == ["HTTP/1.1 302 Over There", *given, "Content-Length: 15", "", ""]
    assert answer.body == b"not really gzip"


@pytest.mark.parametrize(
    ("method", "status", "headers"),
    [
        ("HEAD", "200 OK", ["Content-Length: 1000", "content-type: text/plain"]),
        ("GET", "204 No Content", []),
        ("GET", "304 Not Modified", ["etag: x"]),
        ("DELETE", "204 No Content", []),
    ],
)
@played
async def test_answers_without_a_body(method: str, status: str, headers: list[str]) -> None:
    async def script(visit: Visit) -> None:
        visit.send("".join(f"{line}\r\n" for line in [f"HTTP/1.1 {status}", *headers]), "\r\n")

    async with staged(here=script) as stage:
        reader, writer = await stage.connect()
        for _ in range(2):
            writer.write(head(method, "/identity/v3"))
            answer = await read_answer(reader, method)
            assert answer.head.startswith(f"HTTP/1.1 {status}\r\n".encode())
            assert [line for line in headers if line not in answer.head.decode()] == []
            assert answer.values("transfer-encoding") == []
        writer.close()


async def stream_up(visit: Visit) -> None:
    """Tell the size of a body without keeping it."""
    size = 0
    while line := int(await visit.reader.readuntil(b"\r\n"), 16):
        await visit.reader.readexactly(line + 2)
        size += line
    visit.send(f"HTTP/1.1 200 OK\r\nContent-Length: {len(str(size))}\r\n\r\n{size}")


@played
async def test_a_chunked_upload_arrives_while_it_is_sent() -> None:
    async def script(visit: Visit) -> None:
        first.set_result(await visit.reader.readuntil(b"one\r\n"))
        await stream_up(visit)

    first = asyncio.get_running_loop().create_future()
    async with staged(there=script) as stage:
        reader, writer = await stage.connect()
        writer.write(head("PUT", "/image/v2/images/i/file", TO_TWO, "Transfer-Encoding: chunked") + b"3\r\none\r\n")
        assert await first == b"3\r\none\r\n", "the first chunk is there before the last is sent"
        block = b"10000\r\n" + bytes(0x10000) + b"\r\n"
        for _ in range(256):
            writer.write(block)
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        assert int((await read_answer(reader)).body) == 256 * 0x10000
        writer.close()


@played
async def test_a_download_streams_and_waits_for_a_slow_reader() -> None:
    sent = 0

    async def script(visit: Visit) -> None:
        nonlocal sent
        visit.send("HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n")
        for _ in range(64):
            visit.send(bytes(MIB))
            await visit.writer.drain()
            sent += 1

    async with staged(there=script) as stage:
        reader, writer = await stage.connect()
        writer.write(head("GET", "/image/v2/images/i/file", TO_TWO))
        message = await reader.readuntil(b"\r\n\r\n")
        assert b"Content-Length: 67108864\r\n" in message
        await asyncio.sleep(0.7)
        assert sent < 32, "what nobody reads is not fetched, and a slow reader is not a slow peer"
        size = 0
        while size < 64 * MIB:
            size += len(await reader.readexactly(MIB))
        writer.close()


@played
async def test_a_body_without_a_length_comes_chunked() -> None:
    async def script(visit: Visit) -> None:
        visit.send("HTTP/1.1 200 OK\r\n\r\nuntil the end")

    async with staged(here=script) as stage:
        answer = await stage.ask("GET", "/identity/v3")
    assert (answer.body, answer.values("transfer-encoding")) == (b"until the end", ["chunked"])


@played
async def test_a_client_that_waits_is_told_to_go_on_once_the_peer_is_there() -> None:
    async with staged(there=says("201 Created")) as stage:
        reader, writer = await stage.connect()
        writer.write(head("PUT", "/image/v2/images/i/file", TO_TWO, "Expect: 100-continue", "Content-Length: 4"))
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"body")
        assert (await read_answer(reader)).status == 201
        writer.close()
        (visit,) = stage.there.visits
    assert (visit.body, visit.values("expect")) == (b"body", [])


@pytest.mark.parametrize("scope", ['{"network":"CloudTwo"}', '{"network":"CloudTen"}', '{"network":"CloudOne"}'])
@played
async def test_a_client_that_waits_is_not_told_to_go_on_in_vain(scope: str) -> None:
    async with staged() as stage:
        reader, writer = await stage.connect()
        writer.write(head("PUT", "/network/x", f"X-Scope: {scope}", "Expect: 100-continue", "Content-Length: 4"))
        assert (await read_answer(reader)).status in (400, 503)
        writer.close()


@played
async def test_an_answer_before_the_body_is_sent_is_handed_on() -> None:
    async def script(visit: Visit) -> None:
        visit.send("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")

    async with staged(there=script) as stage:
        reader, writer = await stage.connect()
        writer.write(head("PUT", "/image/v2/images/i/file", TO_TWO, "Content-Length: 1000000") + bytes(1000))
        answer = await read_answer(reader)
        writer.close()
    assert (answer.status, answer.body) == (413, b"no")


@pytest.mark.parametrize(
    ("method", "framing", "body"),
    [
        ("PUT", [], b""),
        ("POST", ["Content-Length: 0"], b""),
        ("DELETE", ["Content-Length: 3"], b"abc"),
        ("GET", ["Transfer-Encoding: chunked"], b"3\r\nabc\r\n0\r\n\r\n"),
        ("PUT", ["Transfer-Encoding: chunked"], b"0\r\n\r\n"),
        ("OPTIONS", [], b""),
    ],
)
@pytest.mark.parametrize("scope", [TO_TWO, "X-Other: none"])
@played
async def test_a_request_is_framed_as_it_came(method: str, framing: list[str], body: bytes, scope: str) -> None:
    async with staged(here=says("200 OK"), there=says("200 OK")) as stage:
        reader, writer = await stage.connect()
        writer.write(head(method, "/image/v2/images", scope, *framing) + body)
        assert (await read_answer(reader)).status == 200
        writer.close()
        (visit,) = stage.here.visits + stage.there.visits
    told = [f"{name.title()}: {value}" for name in ("content-length", "transfer-encoding") for value in visit.values(name)]
    assert told == framing
    assert visit.body == (b"abc" if b"abc" in body else b"")


async def in_latin_1(visit: Visit) -> None:
    visit.send(b"HTTP/1.1 200 Tr\xe8s bien\r\nX-City: Orl\xe9ans\r\nContent-Length: 0\r\n\r\n")


@played
async def test_bytes_that_are_not_utf_8_pass_both_ways() -> None:
    async with staged(there=in_latin_1) as stage:
        reader, writer = await stage.connect()
        writer.write(head("GET", "/image/v2/images", TO_TWO).replace(b"\r\n\r\n", b"\r\nX-City: Orl\xe9ans \xc3\xa9\xff\r\n\r\n"))
        answer = await read_answer(reader)
        writer.close()
        (visit,) = stage.there.visits
    assert b"\r\nx-city: Orl\xe9ans \xc3\xa9\xff\r\n" in visit.head
    assert answer.head.startswith(b"HTTP/1.1 200 Tr\xe8s bien\r\n")
    assert b"\r\nx-city: Orl\xe9ans\r\n" in answer.head


@played
async def test_a_backend_is_told_the_prefix_that_it_lacks() -> None:
    async with staged(here=says("200 OK")) as stage:
        for path in ("/image/v2/images", "/identity/v3"):
            assert (await stage.ask("GET", path, "X-Forwarded-Prefix: /mine")).status == 200
        image, identity = stage.here.visits
    assert image.values("x-forwarded-prefix") == ["/image"]
    assert identity.values("x-forwarded-prefix") == [], "a client says no prefix"


@played
async def test_the_links_of_a_version_document_stay_with_the_gateway() -> None:
    document = {"version": {"id": "v3", "links": [{"rel": "self", "href": "http://127.0.0.1:8801/id/v3/"}]}}
    async with staged(there=says_json(document, "Location: /id/v3/", status="300 Multiple Choices")) as stage:
        answer = await stage.ask("GET", "/identity/v3", 'X-Scope: {"identity":"CloudTwo"}')
        (visit,) = stage.there.visits
    assert visit.values("host") == ["127.0.0.1:8801"]
    assert visit.values("x-scope") == ['{"*":"CloudOne","identity":"CloudTwo"}']
    assert (answer.status, answer.values("location")) == (300, ["/identity/v3/"])
    assert answer.json()["version"]["links"][0]["href"] == "http://127.0.0.1:8801/identity/v3/"
