# SPDX-License-Identifier: Apache-2.0
"""A request with a token of another cloud reaches a service only where the policy allows it and that cloud vouches for it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from openstackoid.bridge.audit.admission_header import Admission, decode
from openstackoid.bridge.audit.audit_file import Audit
from openstackoid.bridge.audit.audit_log import Party
from openstackoid.policy import Budget, Policy, Services
from openstackoid.scope import join_token
from unit.bridge.identity.guests import FOREIGN, STRICT, image, may, policy
from unit.bridge.stage import (
    MEMBERS,
    Script,
    Visit,
    never,
    played,
    says,
    says_json,
    staged,
    token,
    with_clock,
    with_policy,
)


@played
async def test_a_valid_and_allowed_token_is_let_in() -> None:
    async with staged(here=says("200 OK", body=b"images"), there=says_json(token())) as stage:
        assert await image(stage) == (200, "images")
        (asked,) = stage.there.visits
        (came,) = stage.here.visits
    assert asked.line == "GET /id/v3/auth/tokens?nocatalog HTTP/1.1"
    assert (asked.values("x-auth-token"), asked.values("x-subject-token")) == (["usr"], ["usr"])
    assert asked.values("openstack-identity-access-rules") == ["1.0"], "or a token with access rules would be unknown"
    assert came.values("x-auth-token") == [join_token("usr", '{"*":"CloudTwo","image":"CloudOne"}')]


@played
async def test_the_sending_gateway_gets_user_project_and_rule() -> None:
    async with staged(here=says("200 OK"), there=says_json(token())) as stage:
        answer = await stage.ask("GET", "/image/v2/images", FOREIGN)
    (told,) = answer.values("x-openstackoid-use")
    who = Party("u1", "demo", "Default")
    assert decode(told) == Admission(who, Party("p1", "demo", "Default"), "CloudTwo/members")


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (Policy(), "does not accept users of CloudTwo"),
        (policy(services=Services()), "may not use image here"),
        (policy(services=may("GET /v2/tasks")), "may use image here, but not make this GET request"),
        (policy(services=may("POST /v2/images")), "not make this GET request"),
    ],
)
@played
async def test_a_request_that_no_rule_allows_is_refused_before_the_token_is_validated(rules: Policy, words: str) -> None:
    async with staged(policy=rules) as stage:
        status, body = await image(stage)
        assert (stage.there.visits, stage.here.visits) == ([], [])
    assert status == 403
    assert words in json.loads(body)["error"]["message"]
    assert "gateway of CloudOne" in body


@played
async def test_a_user_without_a_matching_entry_gets_403() -> None:
    async with staged(there=says_json(token("observer"))) as stage:
        status, body = await image(stage)
        assert stage.here.visits == []
    assert status == 403
    assert "no entry of 'people'" in body


@pytest.mark.parametrize("kind", ["system", "domain"])
@played
async def test_a_token_for_no_project_is_refused(kind: str) -> None:
    document = token("admin")
    document["token"][kind] = document["token"].pop("project")
    async with staged(there=says_json(document)) as stage:
        status, body = await image(stage)
        assert stage.here.visits == []
    assert status == 403
    assert f"a token for a {kind} is not accepted from another cloud" in body


@pytest.mark.parametrize("said", ["401 Unauthorized", "404 Not Found"])
@played
async def test_unknown_token_gets_401_with_www_authenticate(said: str) -> None:
    async with staged(there=says(said)) as stage:
        answer = await stage.ask("GET", "/image/v2/images", FOREIGN)
        assert stage.here.visits == []
    assert (answer.status, answer.error) == (401, "gateway of CloudOne: identity of CloudTwo does not accept the token")
    assert answer.values("www-authenticate") == ['Keystone uri="http://127.0.0.1:8801/identity"']


@pytest.mark.parametrize(
    ("script", "status", "words"),
    [
        (says("503 Service Unavailable"), 503, "answers 503 when asked about a token"),
        (says("500 Oops"), 502, "answers 500 when asked about a token"),
        (says("302 Found", "Location: http://127.0.0.1:1/"), 502, "answers 302"),
        (says_json({"token": {"project": "admin"}}), 502, "cannot be used"),
        (says("200 OK", body=b"[" * 100_000), 502, "cannot be used"),
        (says("200 OK", body=b"x" * 300_000), 502, "larger than 262144 bytes"),
        (never, 504, "does not answer within"),
    ],
)
@played
async def test_a_failed_validation_names_the_cloud_and_refuses_the_token(script: Script, status: int, words: str) -> None:
    async with staged(there=script) as stage:
        told, body = await image(stage)
        assert stage.here.visits == []
    assert told == status
    assert "gateway of CloudOne: identity of CloudTwo at http://127.0.0.1" in body
    assert words in body


@played
async def test_a_cloud_that_is_down_is_named() -> None:
    async with staged() as stage:
        there = stage.mesh.clouds["CloudTwo"]
        down = tuple(
            replace(one, frontend=replace(one.frontend, port=stage.ports["dead"])) if one.service == "identity" else one
            for one in there.endpoints
        )
        stage.change(mesh=replace(stage.mesh, clouds={**stage.mesh.clouds, "CloudTwo": replace(there, endpoints=down)}))
        status, body = await image(stage)
        assert stage.here.visits == []
    assert status == 503
    assert "identity of CloudTwo at" in body
    assert "cannot be reached" in body


@played
async def test_a_revoked_token_is_refused_when_the_time_of_the_policy_is_over() -> None:
    said = [says_json(token()), says("401 Unauthorized")]

    async def script(visit: Visit) -> None:
        await said[len(said) == 1 or len(stage.there.visits) > 1](visit)

    async with staged(here=says("200 OK"), there=script, policy=replace(MEMBERS, seconds=30)) as stage:
        clock = with_clock(stage)
        assert (await image(stage))[0] == 200
        clock.now += 29.9
        assert (await image(stage))[0] == 200, "it was believed for 30 s"
        assert len(stage.there.visits) == 1
        clock.now += 0.2
        assert (await image(stage))[0] == 401
        assert len(stage.here.visits) == 2


@played
async def test_a_cached_token_does_not_let_another_in() -> None:
    async def script(visit: Visit) -> None:
        known = visit.values("x-subject-token") == ["usr"]
        await (says_json(token()) if known else says("401 Unauthorized"))(visit)

    async with staged(here=says("200 OK"), there=script) as stage:
        assert (await image(stage))[0] == 200
        answer = await stage.ask("GET", "/image/v2/images", FOREIGN.replace("usr", "usr2"))
    assert answer.status == 401


@played
async def test_a_changed_policy_holds_at_once() -> None:
    async with staged(here=says("200 OK"), there=says_json(token())) as stage:
        assert (await image(stage))[0] == 200
        stage.change(mesh=with_policy(stage.mesh, policy(services=may("GET /v2/tasks"))))
        assert (await image(stage))[0] == 403
        stage.change(mesh=with_policy(stage.mesh, Policy()))
        assert (await image(stage))[0] == 403
    assert len(stage.here.visits) == 1


@played
async def test_more_requests_than_allowed() -> None:
    async with staged(here=says("200 OK"), there=says_json(token()), policy=policy(rate=2, budget=Budget(3, 60))) as stage:
        clock = with_clock(stage)
        assert [(await image(stage))[0] for _ in range(3)] == [200, 200, 429]
        clock.now += 1
        assert (await image(stage))[0] == 200
        clock.now += 1
        answer = await stage.ask("GET", "/image/v2/images", FOREIGN)
    assert (answer.status, answer.values("retry-after")) == (429, ["58"])
    assert "more requests than the policy" in answer.error
    assert len(stage.here.visits) == 3


@played
async def test_invalid_tokens_use_no_rate_and_no_budget() -> None:
    async def keystone(visit: Visit) -> None:
        await (says_json(token()) if visit.values("x-subject-token") == ["usr"] else says("401 Unauthorized"))(visit)

    async with staged(here=says("200 OK"), there=keystone, policy=policy(rate=1, budget=Budget(1, 60))) as stage:
        with_clock(stage)
        for number in range(5):
            bad = FOREIGN.replace("usr", f"bad{number}")
            assert (await stage.ask("GET", "/image/v2/images", bad)).status == 401
        assert (await image(stage))[0] == 200
        assert (await image(stage))[0] == 429


@played
async def test_a_request_of_a_local_user_is_not_authorized() -> None:
    async with staged(here=says("200 OK"), policy=Policy()) as stage:
        answer = await stage.ask("GET", "/image/v2/images", 'X-Auth-Token: own!SCOPE!{"*":"CloudOne"}')
        unscoped = await stage.ask("GET", "/image/v2/images", "X-Auth-Token: own")
        without = await stage.ask("GET", "/image/v2/images", 'X-Scope: {"*":"CloudTwo","image":"CloudOne"}')
        assert stage.there.visits == []
    assert (answer.status, unscoped.status, without.status) == (200, 200, 200)


@played
async def test_each_use_is_written_down_before_its_answer_is_out(tmp_path: Path) -> None:
    said = iter([says("200 OK", body=b"images"), says("404 Not Found")])

    async def here(visit: Visit) -> None:
        await next(said)(visit)

    async with staged(here=here, there=says_json(token()), policy=STRICT) as stage:
        stage.change(audit=Audit(tmp_path / "audit.log"))
        about = "X-OpenStack-Request-Id: req-0a1b2c3d-0000-4000-8000-000000000000", "X-Forwarded-For: 192.0.2.7"
        await image(stage, "GET", "/image/v2/images", *about)
        await image(stage, "GET", "/image/v2/images/0a")
        stage.change(mesh=with_policy(stage.mesh, Policy()))
        await image(stage, "DELETE", "/image/v2/images/0a")
    first, second, third = [json.loads(line) for line in (tmp_path / "audit.log").read_text().splitlines()]
    for name in ("time", "number", "digest"):
        del first[name]
    assert first == {
        "gateway": "CloudOne",
        "direction": "in",
        "home": "CloudTwo",
        "cloud": "CloudOne",
        "user": {"id": "u1", "name": "demo", "domain": "Default"},
        "project": {"id": "p1", "name": "demo", "domain": "Default"},
        "roles": ["member"],
        "sender": None,
        "source": "192.0.2.7",
        "service": "image",
        "interface": "public",
        "method": "GET",
        "path": "/image/v2/images",
        "rule": "CloudTwo/members",
        "outcome": "allowed",
        "status": 200,
        "reason": None,
        "request_id": "req-0a1b2c3d-0000-4000-8000-000000000000",
    }
    assert (second["status"], second["outcome"]) == (404, "allowed")
    assert (third["status"], third["outcome"], third["user"]) == (403, "refused", None)
    assert "does not accept users of CloudTwo" in third["reason"]


@pytest.mark.parametrize("query", ["_method=DELETE", "a=1&_method=post", "%5fmethod=PUT", "_method="])
@played
async def test_a_request_is_judged_by_no_other_method_than_its_own(query: str) -> None:
    async with staged(there=says_json(token())) as stage:
        status, body = await image(stage, "POST", f"/image/v2/images?{query}", "Content-Length: 0")
        assert (status, "_method is not accepted" in body, stage.here.visits) == (400, True, [])
        status, _ = await image(stage, "GET", "/image/v2/images", "X-HTTP-Method-Override: DELETE")
        assert (status, stage.here.visits) == (400, [])


@pytest.mark.parametrize(
    "headers",
    [
        ("Content-Type: application/x-www-form-urlencoded",),
        ("content-type: Multipart/Form-Data; boundary=x",),
        ("Content_Type: application/x-www-form-urlencoded", "Content-Type: application/json"),
        (),
        ("Content-Type: ;charset=utf-8",),
    ],
)
@played
async def test_a_guests_body_names_no_method(headers: tuple[str, ...]) -> None:
    async with staged(there=says_json(token())) as stage:
        path = "/image/v2/images/5a1e0f6f-4a0c-4c0c-9d3a-7d1b2c3d4e5f/members/p"
        answer = await stage.ask("POST", path, FOREIGN, *headers, body=b"_method=PUT&")
        assert (answer.status, "application/json is accepted" in answer.error, stage.here.visits) == (415, True, [])


@played
async def test_a_use_that_cannot_be_written_down_is_refused_before_it_begins(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with staged(here=says("200 OK", body=b"images"), there=says_json(token()), policy=STRICT) as stage:
        stage.change(audit=Audit(tmp_path))
        status, body = await image(stage)
        assert stage.here.visits == []
    assert (status, "images" in body) == (503, False)
    assert "cannot be recorded" in body
    assert "the audit line cannot be written" in caplog.text
