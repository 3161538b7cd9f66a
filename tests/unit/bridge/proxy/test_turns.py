# SPDX-License-Identifier: Apache-2.0
"""``A | B`` in the Python service: what is written down of each turn, and what ends the request."""

import asyncio
from contextlib import suppress

import pytest

from unit.bridge.stage import DESCRIPTION, Script, Visit, played, says, says_json, staged, token

GUEST = 'tok!SCOPE!{"*":"CloudTwo","image":"CloudOne | CloudTwo"}'
OWN = '{"image":"CloudOne | CloudTwo"}'


def two(image: Script) -> Script:
    """Return CloudTwo's gateway, whose Keystone knows each token, and whose Glance does what ``image`` does."""

    async def script(visit: Visit) -> None:
        await (says_json(token(), "X-Subject-Token: tok") if "/id/" in visit.line else image)(visit)

    return script


MISSING = says_json({"error": {"code": 404}}, status="404 Not Found")
FOUND = says_json({"id": "x"})


@played
async def test_each_use_by_a_user_of_another_cloud_is_written_down() -> None:
    async with staged(here=MISSING, there=two(FOUND)) as stage:
        answer = await stage.ask("GET", "/image/v2/images/x", f"X-Auth-Token: {GUEST}")
        assert (answer.status, answer.json()["id"]) == (200, "x")
        lines = [line for line in stage.audited() if line["direction"] == "in"]
    assert [(line["home"], line["service"], line["status"], line["outcome"]) for line in lines] == [
        ("CloudTwo", "image", 404, "allowed")
    ]


@played
async def test_a_use_that_could_not_be_served_is_written_down_with_its_own_status() -> None:
    async def cut(visit: Visit) -> None:
        visit.writer.close()

    async with staged(here=cut, there=two(FOUND)) as stage:
        answer = await stage.ask("GET", "/image/v2/images/x", f"X-Auth-Token: {GUEST}")
        assert answer.status == 200
        (line,) = (line for line in stage.audited() if line["direction"] == "in")
    assert (line["status"], "closed the connection" in line["reason"]) == (502, True)


@played
async def test_a_refusal_of_the_policy_ends_the_request() -> None:
    guest = GUEST.replace('"CloudTwo","image"', '"CloudTwo","identity":"CloudTwo","image"')
    unknown = says_json({"error": {"code": 401}}, status="401 Unauthorized")

    async def script(visit: Visit) -> None:
        await (unknown if "/id/" in visit.line else FOUND)(visit)

    async with staged(here=FOUND, there=script) as stage:
        answer = await stage.ask("GET", "/image/v2/images/x", f"X-Auth-Token: {guest}")
        assert answer.status == 401
        assert stage.here.visits == []
        assert all("/image/" not in visit.line for visit in stage.there.visits)


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden", "409 Conflict", "429 Too Many Requests"])
@played
async def test_an_error_of_the_client_is_the_answer(status: str) -> None:
    async with staged(here=says(status), there=FOUND) as stage:
        answer = await stage.ask("GET", "/image/v2/images/x", "X-Auth-Token: tok", f"X-Scope: {OWN}")
        assert answer.head.startswith(f"HTTP/1.1 {status}".encode())
        assert stage.there.visits == []


@played
async def test_a_compressed_list_by_name_is_asked_for_as_it_is() -> None:
    async with staged(here=says_json({"images": []}), there=says_json({"images": [{"id": "x"}]})) as stage:
        path, headers = "/image/v2/images?name=x", ("X-Auth-Token: tok", f"X-Scope: {OWN}", "Accept-Encoding: gzip")
        answer = await stage.ask("GET", path, *headers)
        assert answer.json() == {"images": [{"id": "x"}]}
        assert [visit.values("accept-encoding") for visit in (*stage.here.visits, *stage.there.visits)] == [["identity"]] * 2


@played
async def test_a_long_list_by_name_is_handed_on_whole() -> None:
    items = [{"id": f"{number:0100}"} for number in range(1000)]
    async with staged(here=says_json({"images": items}), there=FOUND) as stage:
        answer = await stage.ask("GET", "/image/v2/images?name=x", "X-Auth-Token: tok", f"X-Scope: {OWN}")
        assert answer.json() == {"images": items}
        assert stage.there.visits == []


@pytest.mark.parametrize(
    ("content_type", "size", "is_passed"),
    [
        ("application/json", 1, True),
        ("application/json; charset=UTF-8", 60_000, True),
        ("application/json", 100_000, False),
        ("application/octet-stream", 1, False),
    ],
)
@played
async def test_a_short_document_that_breaks_off_is_had_from_the_next_cloud(content_type: str, size: int, is_passed: bool) -> None:
    async def cut(visit: Visit) -> None:
        visit.send(f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: 1000000\r\n\r\n", b"x" * size)
        await visit.writer.drain()
        visit.writer.close()

    async with staged(here=cut, there=FOUND) as stage:
        asking = stage.ask("GET", "/image/v2/images/x", "X-Auth-Token: tok", f"X-Scope: {OWN}")
        if is_passed:
            assert (await asking).json() == {"id": "x"}
            return
        with pytest.raises(asyncio.IncompleteReadError):
            await asking
        assert stage.there.visits == []


@played
async def test_a_list_that_drips_after_a_late_head_has_the_time_of_its_turn() -> None:
    """Of 6.5 seconds, CloudTwo has half."""

    async def drips(visit: Visit) -> None:
        await asyncio.sleep(2.4)
        visit.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n")
        with suppress(OSError):
            for _ in range(100):
                visit.send(" ")
                await visit.writer.drain()
                await asyncio.sleep(0.1)

    async def here(visit: Visit) -> None:
        await asyncio.sleep(1.5)
        await says_json({"images": [{"id": "x"}]})(visit)

    async with staged(description=DESCRIPTION.replace("server: 0.5", "server: 6"), here=here, there=drips) as stage:
        scope = '{"image":"CloudTwo | CloudOne"}'
        answer = await stage.ask("GET", "/image/v2/images", "X-Auth-Token: tok", f"X-Scope: {scope}")
        assert (answer.status, answer.json()) == (200, {"images": [{"id": "x"}]})
