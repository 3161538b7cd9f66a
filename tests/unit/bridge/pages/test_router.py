# SPDX-License-Identifier: Apache-2.0
"""The gateway's own pages, and the records of requests through the bridge."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from openstackoid.bridge.pages import near_times
from openstackoid.bridge.trace import records as store
from openstackoid.bridge.trace.records import Record
from unit.bridge.raw_messages import head
from unit.bridge.stage import Script, Stage, Visit, never, played, says, says_json, staged
from unit.bridge.trace.test_records import RECORD as OTHERS

ID = "req-7472ace0-1111-2222-3333-444455556666"
OWN = replace(OTHERS, gateway="CloudOne", cloud="CloudTwo", route="remote", started=OTHERS.started - 1)
TRACE = f"/.openstackoid/trace/{ID}"


async def trace(stage: Stage, query: str = "") -> Any:
    answer = await stage.ask("GET", TRACE + query)
    assert answer.status == 200, answer.body
    return answer.json()


def targets(*records: Record) -> dict[str, Any]:
    return {"id": ID, "hops": [record.document() for record in records], "missing": []}


@played
async def test_a_trace_holds_local_and_peer_records_in_order() -> None:
    async with staged(there=says_json(targets(OTHERS))) as stage:
        stage.records.add(ID, OWN)
        assert await trace(stage) == targets(OWN, OTHERS)
        assert [visit.line for visit in stage.there.visits] == [f"GET {TRACE}?only=here HTTP/1.1"]


@played
async def test_only_here_asks_no_peer() -> None:
    async with staged(there=never) as stage:
        stage.records.add(ID, OWN)
        assert await trace(stage, "?only=here") == targets(OWN)
        assert stage.there.visits == []


@played
async def test_a_peer_is_asked_with_no_header_of_the_client() -> None:
    async with staged(there=says_json(targets())) as stage:
        stage.records.add(ID, OWN)
        await stage.ask("GET", TRACE, "X-Auth-Token: secret", "Cookie: secret")
        assert b"secret" not in stage.there.visits[0].head


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (says("404 Not Found"), "its gateway has no record of it"),
        (says("500 Oops"), "it answers 500"),
        (says("200 OK", body=b"\xff"), "its answer is not a trace"),
        (says("200 OK", body=b"[" * 100000), "its answer is not a trace"),
        (says("200 OK", body=b'{"hops": 1}'), "its answer is not a trace"),
        (says("200 OK", body=b" " * (600 * 1024)), "larger than"),
        (says_json({"hops": [1, {}, OTHERS.document() | {"path": "/\x1b"}]}), "3 of its records were refused"),
        (says_json({"hops": [OTHERS.document() | {"gateway": "CloudOne"}]}), "1 of its records were refused"),
        (says_json({"hops": [], "missing": [{"cloud": "\x1b", "reason": "\x1b"}]}), "it has not kept all records"),
    ],
)
@played
async def test_a_peer_with_an_invalid_answer_is_listed_as_missing(script: Script, reason: str) -> None:
    async with staged(there=script) as stage:
        stage.records.add(ID, OWN)
        found = await trace(stage)
        assert found["hops"] == [OWN.document()]
        ((cloud, why),) = [(entry["cloud"], entry["reason"]) for entry in found["missing"]]
        assert cloud == "CloudTwo"
        assert reason in why
        assert "\x1b" not in why


@played
async def test_sound_records_of_a_peer_are_kept_beside_others() -> None:
    async with staged(there=says_json({"hops": [None, OTHERS.document()]})) as stage:
        stage.records.add(ID, OWN)
        found = await trace(stage)
        assert found["hops"] == [OWN.document(), OTHERS.document()]
        assert "1 of its records" in found["missing"][0]["reason"]


@played
async def test_a_peer_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openstackoid.bridge.trace.peer_records.PATIENCE", 0.2)
    async with staged(there=never) as stage:
        stage.records.add(ID, OWN)
        assert "does not answer within 0.2 s" in (await trace(stage))["missing"][0]["reason"]


@played
async def test_a_cloud_that_is_not_in_the_mesh_is_not_asked() -> None:
    async with staged(there=says_json(targets(replace(OTHERS, cloud="CloudTen")))) as stage:
        stage.records.add(ID, OWN)
        assert (await trace(stage))["missing"] == [{"cloud": "CloudTen", "reason": "CloudOne does not know this cloud"}]


@played
async def test_dropped_records_are_reported_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "RECORDS_OF_ONE", 1)
    async with staged() as stage:
        for _ in range(3):
            stage.records.add(ID, replace(OWN, cloud="CloudOne"))
        ((entry),) = (await trace(stage))["missing"]
        assert entry["cloud"] == "CloudOne"
        assert "2 more came" in entry["reason"]


@pytest.mark.parametrize(
    ("target", "status", "words"),
    [
        (TRACE, 404, "there is no record of this request id"),
        ("/.openstackoid/trace/", 400, "req-7472ace0-"),
        ("/.openstackoid/trace/req-11111111-1111-2222-3333-444455556666", 400, "req-7472ace0-"),
        (f"/.openstackoid/trace/{ID}/more", 400, "req-7472ace0-"),
        (f"{TRACE}?only=there", 400, "only=here"),
        ("/.openstackoid/secret", 404, "/.openstackoid/mesh"),
        ("/.openstackoid/mesh/../secret", 404, "/.openstackoid/mesh"),
    ],
)
@played
async def test_a_page_that_there_is_not(target: str, status: int, words: str) -> None:
    async with staged() as stage:
        answer = await stage.ask("GET", target)
        assert (answer.status, answer.json()["error"]["code"]) == (status, status)
        assert answer.error.startswith("gateway of CloudOne: ")
        assert words in answer.error
        assert "secret" not in answer.error


@pytest.mark.parametrize("target", [TRACE, "/.openstackoid/mesh", "/.openstackoid/none"])
@played
async def test_the_pages_are_for_reading(target: str) -> None:
    async with staged() as stage:
        answer = await stage.ask("DELETE", target, body=b"x")
        assert (answer.status, answer.values("allow")) == (405, ["GET, HEAD"])
        assert "GET, HEAD are accepted" in answer.error


@played
async def test_head_has_no_body() -> None:
    async with staged() as stage:
        answer = await stage.ask("HEAD", "/.openstackoid/mesh")
        assert (answer.status, answer.body) == (200, b"")
        assert answer.values("content-type") == ["application/json"]


@played
async def test_without_a_way_to_ask_haproxy_the_health_of_its_own_services_is_unknown() -> None:
    async with staged(there=says("200 OK")) as stage:
        page = (await stage.ask("GET", "/.openstackoid/mesh")).json()
        assert [(cloud["name"], cloud["health"]) for cloud in page["clouds"]] == [
            ("CloudOne", "unknown"),
            ("CloudTwo", "up"),
        ]


def known(stage: Stage) -> list[tuple[object, ...]]:
    workflow = stage.records.of(ID)
    if workflow is None:
        return []
    return [
        (record.cloud, record.service, record.method, record.path, record.status, record.route) for record in workflow.records
    ]


@played
async def test_requests_through_the_bridge_are_recorded() -> None:
    async with staged(here=says("204 No Content"), there=says_json({"error": {}}, status="503 Busy")) as stage:
        for target, scope in (
            ("/image/v2?x=secret", '{"image":"CloudOne"}'),
            ("/image/v2", '{"image":"CloudTwo"}'),
            ("/image/v2", "secret"),
        ):
            await stage.ask("GET", target, f"X-Scope: {scope}", "X-Auth-Token: secret", f"X-OpenStack-Request-Id: {ID}")
        await stage.ask("GET", "/none/secret!", f"X-OpenStack-Request-Id: {ID}")
        assert known(stage) == [
            ("CloudOne", "image", "GET", "/image/v2", 204, "local"),
            ("CloudTwo", "image", "GET", "/image/v2", 503, "remote"),
            ("CloudOne", "image", "GET", "/image/v2", 400, "refuse"),
            ("CloudOne", "none", "GET", "/none/...", 404, "refuse"),
        ]
        assert "secret" not in json.dumps([record.document() for record in stage.records.of(ID).records])  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "headers",
    [[], ["X-OpenStack-Request-Id: req-11111111-1111-2222-3333-444455556666"], [f"X-OpenStack-Request-Id: {ID}"] * 2],
)
@played
async def test_untraced_requests_are_not_recorded(headers: list[str]) -> None:
    async with staged(here=says("204 No Content")) as stage:
        assert (await stage.ask("GET", "/image/v2", *headers)).status == 204
        assert known(stage) == []


@played
async def test_a_look_at_a_page_is_not_recorded() -> None:
    async with staged() as stage:
        await stage.ask("GET", "/.openstackoid/mesh", f"X-OpenStack-Request-Id: {ID}")
        assert known(stage) == []


@played
async def test_a_client_that_does_not_wait_is_recorded() -> None:
    arrived = asyncio.Event()

    async def slow(visit: Visit) -> None:
        arrived.set()
        await never(visit)

    async with staged(here=slow) as stage:
        _, writer = await stage.connect()
        writer.write(head("GET", "/image/v2", f"X-OpenStack-Request-Id: {ID}"))
        await arrived.wait()
        writer.close()
        while not known(stage):
            await asyncio.sleep(0.01)
        assert known(stage) == [("CloudOne", "image", "GET", "/image/v2", 0, "local")]


@played
async def test_many_looks_at_a_trace_cost_a_peer_one_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openstackoid.bridge.trace.peer_records.FRESH", 60.0)
    async with staged(there=says_json(targets(OTHERS))) as stage:
        stage.records.add(ID, OWN)
        looks = await asyncio.gather(*(trace(stage) for _ in range(10)))
        assert [*looks, await trace(stage)] == [targets(OWN, OTHERS)] * 11
        assert len(stage.there.visits) == 1
        stage.records.add(ID, replace(OWN, status=201))
        assert len((await trace(stage))["hops"]) == 3, "a new record is seen at once"
        assert len(stage.there.visits) == 2
        monkeypatch.setattr("openstackoid.bridge.trace.peer_records.FRESH", 0.0)
        await trace(stage)
        assert len(stage.there.visits) == 3


@played
async def test_the_times_around_a_cloud_are_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_times, "PATIENCE", 10.0)
    rows = {"clouds": [{"name": "CloudOne", "milliseconds": 9}, {"name": "Nobody", "milliseconds": 1}]}
    async with staged(there=says_json(rows)) as stage:
        own = (await stage.ask("GET", "/.openstackoid/round-trips")).json()
        assert (own["gateway"], own["from"], [row["name"] for row in own["clouds"]]) == ("CloudOne", "CloudOne", ["CloudTwo"])
        told = (await stage.ask("GET", "/.openstackoid/round-trips?from=CloudTwo")).json()
        assert told["from"] == "CloudTwo"
        assert [row["name"] for row in told["clouds"]] == ["CloudOne"]
        assert told["clouds"][0]["milliseconds"] == own["clouds"][0]["milliseconds"], "that between the two is measured here"
        lines = {visit.line for visit in stage.there.visits}
        assert lines == {"GET /.openstackoid/health HTTP/1.1", "GET /.openstackoid/round-trips HTTP/1.1"}
        for query in ("from=", "from=Nobody", "to=CloudTwo", "from=CloudTwo&x"):
            refused = await stage.ask("GET", f"/.openstackoid/round-trips?{query}")
            assert refused.status == 400, query
