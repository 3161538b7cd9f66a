# SPDX-License-Identifier: Apache-2.0
"""The failures of one request, and what they mean to others: under ``A | B`` and ``A & B``."""

import asyncio
import time

import pytest

from openstackoid.bridge.upstream.outages import PROBE_WAIT, Outage
from openstackoid.routing.backend_names import TURN_BEGAN, TURN_SAID
from unit.bridge.stage import DESCRIPTION, Script, Stage, Visit, never, played, says, says_json, staged

ITEM, LIST = "/image/v2/images/x", "/image/v2/images"
IN_TURN, SECOND_FIRST, BOTH = (
    ("X-Auth-Token: tok", f'X-Scope: {{"image":"{expression}"}}')
    for expression in ("CloudOne | CloudTwo", "CloudTwo | CloudOne", "CloudOne & CloudTwo")
)
FOUND, EMPTY = says_json({"id": "x"}), says_json({"images": [{"id": "a"}]})
MISSING = says_json({"error": {"code": 404}}, status="404 Not Found")


PATIENT = DESCRIPTION.replace("server: 0.5", "server: 4")
"""Clouds that are given the time of a busy machine."""


async def cut(visit: Visit) -> None:
    visit.writer.close()


class Changing:
    """A cloud whose script a test replaces."""

    def __init__(self, script: Script) -> None:
        self.script = script

    async def __call__(self, visit: Visit) -> None:
        await self.script(visit)


async def one(visit: Visit) -> None:
    """CloudOne, which has lists, and lacks the item."""
    await (MISSING if "/images/x" in visit.line else EMPTY)(visit)


@played
async def test_a_second_cloud_that_is_back_is_asked_though_the_first_answers_all_the_time() -> None:
    there = Changing(cut)
    async with staged(description=PATIENT, here=one, there=there) as stage:
        assert (await stage.ask("GET", ITEM, *IN_TURN)).status >= 500
        there.script = FOUND
        for _ in range(5):
            assert (await stage.ask("GET", LIST, *IN_TURN)).status == 200
            assert (await stage.ask("GET", ITEM, *IN_TURN)).status == 200


def note(stage: Stage, *, seconds: float, service: str = "image") -> None:
    """Have CloudTwo down, with a failure that took some seconds; no probe is sent."""
    upstream = stage.bridge.context.upstream
    (endpoint,) = (each for each in stage.mesh.clouds["CloudTwo"].endpoints if each.service == service)
    outage = Outage(503, f"{service} of CloudTwo cannot be reached", seconds)
    upstream.outages.note(endpoint, outage, lambda: asyncio.sleep(0, False), pause=60, certain=True)


@played
async def test_a_cloud_that_failed_at_once_is_asked_before_there_is_an_error() -> None:
    async with staged(description=PATIENT, here=one, there=FOUND) as stage:
        note(stage, seconds=0.0)
        assert (await stage.ask("GET", ITEM, *IN_TURN)).status == 200
        assert len(stage.there.visits) == 1


@played
async def test_such_a_cloud_is_asked_in_the_time_of_its_service() -> None:
    description = DESCRIPTION.replace("server: 0.5", "server: 60").replace(
        '"http://127.0.0.1:8801/image"', '"http://127.0.0.1:8801/image", timeouts: {{server: 4}}'
    )
    async with staged(description=description, here=one, there=FOUND) as stage:
        note(stage, seconds=0.0)
        assert (await stage.ask("GET", ITEM, *IN_TURN)).status == 200


@played
async def test_a_write_of_which_no_byte_was_sent_goes_to_such_a_cloud_too() -> None:
    """Nothing serves CloudOne's dns."""
    headers = ("X-Auth-Token: tok", 'X-Scope: {"dns":"CloudOne | CloudTwo"}')
    async with staged(description=PATIENT, there=FOUND) as stage:
        note(stage, seconds=0.0, service="dns")
        assert (await stage.ask("PUT", "/dns/v2/zones/x", *headers, body=b"{}")).status == 200
        assert len(stage.there.visits) == 1


@played
async def test_the_404_of_a_cloud_that_is_back_is_the_answer() -> None:
    async with staged(description=PATIENT, here=one, there=MISSING) as stage:
        note(stage, seconds=0.0)
        assert (await stage.ask("GET", ITEM, *IN_TURN)).status == 404


@played
async def test_no_probe_is_waited_for_whose_cloud_has_answered_haproxy() -> None:
    async with staged(description=PATIENT, here=never, there=FOUND) as stage:
        (endpoint,) = (each for each in stage.mesh.clouds["CloudOne"].endpoints if each.service == "image")
        outages = stage.bridge.context.upstream.outages
        outages.note(endpoint, Outage(504, "silent", 4.0), lambda: asyncio.sleep(60, False), pause=60, certain=False)
        began = time.monotonic()
        by_haproxy = (f"{TURN_BEGAN}: {int(time.time() * 1000)}-1", f"{TURN_SAID}: 404")
        assert (await stage.ask("GET", ITEM, *IN_TURN, *by_haproxy)).status == 200
        assert (time.monotonic() - began < PROBE_WAIT, stage.here.visits) == (True, [])


@pytest.mark.parametrize("headers", [IN_TURN, BOTH])
@played
async def test_a_cloud_that_is_silent_is_not_asked_before_an_error(headers: tuple[str, ...]) -> None:
    async with staged(description=PATIENT, here=one, there=FOUND) as stage:
        note(stage, seconds=5.0)
        answer = await stage.ask("GET", ITEM, *headers)
        assert (answer.status, stage.there.visits) == (503, [])
        assert "image of CloudTwo cannot be reached (a moment ago)" in answer.json()["error"]["message"]


@pytest.mark.parametrize("headers", [SECOND_FIRST, BOTH])
@played
async def test_the_slow_request_of_one_user_is_no_outage_for_others(headers: tuple[str, ...]) -> None:
    async def there(visit: Visit) -> None:
        await (never if "slow" in visit.line else EMPTY)(visit)

    async with staged(description=PATIENT, here=EMPTY, there=there) as stage:
        await stage.ask("GET", f"{LIST}?tag=slow", *headers)
        stage.there.visits.clear()
        answer = await stage.ask("GET", LIST, *headers)
        assert (answer.status, answer.values("x-scope-partial"), len(stage.there.visits)) == (200, [], 1)


@pytest.mark.parametrize("status", ["502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout"])
@played
async def test_one_error_of_a_service_is_no_outage_for_others(status: str) -> None:
    async def there(visit: Visit) -> None:
        await (says(status) if "bad" in visit.line else EMPTY)(visit)

    async with staged(description=PATIENT, here=EMPTY, there=there) as stage:
        await stage.ask("GET", f"{LIST}?tag=bad", *SECOND_FIRST)
        stage.there.visits.clear()
        assert (await stage.ask("GET", LIST, *SECOND_FIRST)).status == 200
        assert len(stage.there.visits) == 1


BUSY = "the Python service behind the gateway is at work on 48 requests, the most that it takes"


@pytest.mark.parametrize(
    ("message", "is_down"),
    [
        (f"gateway of CloudTwo: {BUSY}", False),
        (f"gateway of CloudOne: {BUSY}", True),
        ("gateway of CloudTwo: image of CloudTwo cannot be reached", True),
        (BUSY, True),
    ],
)
@played
async def test_a_gateway_that_has_no_place_for_a_probe_is_not_down(message: str, is_down: bool) -> None:
    busy = says_json({"error": {"code": 503, "message": message}}, status="503 Service Unavailable")
    async with staged(description=PATIENT, here=EMPTY, there=busy) as stage:
        assert (await stage.ask("GET", LIST, *SECOND_FIRST)).status == 200
        assert (await stage.bridge.context.upstream.outages.settled("image of CloudTwo") is not None) == is_down
        assert len(stage.there.probes) == 1


@pytest.mark.parametrize("headers", [SECOND_FIRST, BOTH])
@played
async def test_no_request_waits_for_a_silent_cloud_again(headers: tuple[str, ...]) -> None:
    async with staged(description=PATIENT, here=EMPTY, there=never) as stage:
        await stage.ask("GET", LIST, *headers)
        for _ in range(8):
            began = time.monotonic()
            answer = await stage.ask("GET", LIST, *headers)
            assert answer.status == 200
            assert answer.values("x-scope-partial") == (["CloudTwo=timeout"] if headers is BOTH else [])
            assert time.monotonic() - began < 1.5
            await asyncio.sleep(0.4)
        assert len(stage.there.visits) == 1
        assert 1 <= len(stage.there.probes) <= 4


@pytest.mark.parametrize("headers", [SECOND_FIRST, BOTH])
@played
async def test_a_silent_cloud_that_is_back_is_in_use_without_a_request_that_tries(headers: tuple[str, ...]) -> None:
    there = Changing(never)
    async with staged(description=PATIENT, here=EMPTY, there=there) as stage:
        await stage.ask("GET", LIST, *headers)
        there.script = EMPTY
        outages = stage.bridge.context.upstream.outages
        assert await outages.settled("image of CloudTwo") is not None
        async with asyncio.timeout(20):
            while outages.known("image of CloudTwo") is not None:
                await asyncio.sleep(0.05)
        stage.there.visits.clear()
        answer = await stage.ask("GET", LIST, *headers)
        assert (answer.values("x-scope-partial"), len(stage.there.visits)) == ([], 1)
