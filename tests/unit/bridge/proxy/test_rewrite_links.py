# SPDX-License-Identifier: Apache-2.0
"""Documents of a peer with another prefix: the rewritten ones, and the headers of their requests."""

import json

import pytest

from openstackoid.bridge.proxy.rewrite_links import LIMIT, should_rewrite_links
from openstackoid.composition import FEW_VALUES, MOST_VALUES
from unit.bridge.stage import Visit, played, says, says_json, staged

TO_TWO = 'X-Scope: {"identity":"CloudTwo"}'
LINK, REWRITTEN = "http://127.0.0.1:8801/id/v3/users", "http://127.0.0.1:8801/identity/v3/users"


@pytest.mark.parametrize(
    ("status", "media", "read"),
    [
        (200, "application/json", True),
        (404, "Application/JSON; charset=UTF-8", True),
        (300, "application/json-home", True),
        (200, "application/vnd.openstack.compute+json;version=2", True),
        (206, "application/json", False),
        (304, "application/json", False),
        (200, "application/octet-stream", False),
        (200, "application/x-ndjson", False),
        (200, "", False),
    ],
)
def test_only_json_of_a_success_is_read(status: int, media: str, read: bool) -> None:
    assert should_rewrite_links(status, (("Content-Type", media),)) == read


@played
async def test_the_document_is_asked_for_uncompressed_and_has_its_own_length() -> None:
    async with staged(there=says_json({"links": {"self": LINK}}, 'ETag: "a"', "Content-MD5: x")) as stage:
        answer = await stage.ask("GET", "/identity/v3/users", TO_TWO, "Accept-Encoding: gzip, br")
        (visit,) = stage.there.visits
    assert visit.values("accept-encoding") == ["identity"]
    assert answer.json() == {"links": {"self": REWRITTEN}}
    assert answer.values("content-length") == [str(len(answer.body))]
    assert (answer.values("etag"), answer.values("content-md5")) == (['W/"a"'], [])


@played
async def test_a_large_document_is_mended_too() -> None:
    document = {"users": [{"links": {"self": LINK}}] * 9000}
    async with staged(there=says_json(document)) as stage:
        answer = await stage.ask("GET", "/identity/v3/users", TO_TWO)
    assert answer.json() == json.loads(json.dumps(document).replace(LINK, REWRITTEN))


@played
async def test_a_document_without_links_keeps_every_byte_and_header() -> None:
    body = b'{ "a":1.50,\t"b":"\\u00e9" }'
    async with staged(there=says("200 OK", "Content-Type: application/json", 'ETag: "a"', "Content-MD5: x", body=body)) as stage:
        answer = await stage.ask("GET", "/identity/v3/users/7", TO_TWO)
    assert answer.body == body
    assert (answer.values("etag"), answer.values("content-md5")) == (['"a"'], ["x"])


@played
async def test_head_keeps_the_status_and_says_no_length() -> None:
    async with staged(there=says_json({"links": {"self": LINK}}, 'ETag: W/"a"')) as stage:
        answer = await stage.ask("HEAD", "/identity/v3/users", TO_TWO)
    assert (answer.status, answer.values("content-length"), answer.values("etag")) == (200, [], ['W/"a"'])


@played
async def test_a_compressed_document_is_refused_by_name() -> None:
    async with staged(there=says_json({}, "Content-Encoding: gzip")) as stage:
        answer = await stage.ask("GET", "/identity/v3/users", TO_TWO)
    assert answer.status == 502
    assert answer.error.startswith("gateway of CloudOne: identity of CloudTwo at ")
    assert "compressed" in answer.error


@played
async def test_a_document_that_never_ends_is_refused_at_the_limit() -> None:
    async def script(visit: Visit) -> None:
        visit.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[")
        for _ in range(LIMIT // 65536 + 2):
            visit.send(b" " * 65536)
            await visit.writer.drain()

    async with staged(there=script) as stage:
        answer = await stage.ask("GET", "/identity/v3/users", TO_TWO)
    assert answer.status == 502
    assert f"larger than {LIMIT} bytes" in answer.error


@played
@pytest.mark.parametrize(("path", "values"), [("/identity/v3/users", MOST_VALUES), ("/identity/v3", FEW_VALUES)])
async def test_a_document_of_few_bytes_and_many_values_is_refused_before_it_is_read(path: str, values: int) -> None:
    body = b'{"users":[' + b",".join([b'{"":0}'] * (values // 2)) + b"]}"
    assert len(body) < LIMIT / 4
    async with staged(there=says("200 OK", "Content-Type: application/json", body=body)) as stage:
        answer = await stage.ask("GET", path, TO_TWO)
    assert answer.status == 502
    assert answer.error.startswith("gateway of CloudOne: identity of CloudTwo at ")
    assert answer.error.endswith(f": its answer has more than {values} values")
