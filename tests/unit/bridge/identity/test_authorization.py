# SPDX-License-Identifier: Apache-2.0
"""A request with a token of another cloud reaches a service only where the policy allows it and that cloud vouches for it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from openstackoid.bridge.audit.admission_header import Admission, decode
from openstackoid.bridge.audit.audit_file import Audit
from openstackoid.bridge.audit.audit_log import Party
from openstackoid.bridge.identity.guest_project import DOCUMENT_LIMIT
from openstackoid.policy import Budget, Domain, DomainScoped, MappingRule, Policy, RequestPattern, Roles, Services, derived_id
from openstackoid.scope import join_token
from unit.bridge.stage import (
    MEMBERS,
    Script,
    Stage,
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

FOREIGN = 'X-Auth-Token: usr!SCOPE!{"*":"CloudTwo","image":"CloudOne"}'
PEER = MEMBERS.peers[0]
STRICT = replace(MEMBERS, audit="strict")
"""Of a use that HAProxy serves alone, the line is written after the answer."""


def policy(**changes: Any) -> Policy:
    return replace(MEMBERS, peers=(replace(PEER, **changes),))


def may(*patterns: str) -> Services:
    return Services((("image", tuple(map(RequestPattern.parse, patterns))),))


HOME_ID = "5a1e0f6f4a0c4c0c9d3a7d1b2c3d4e5f"
"""An id as Keystone makes them."""
AT_HOME = {"id": HOME_ID, "name": "demo", "domain": {"id": "default", "name": "Default"}}


async def image(stage: Stage, method: str = "GET", path: str = "/image/v2/images", *more: str) -> tuple[int, str]:
    answer = await stage.ask(method, path, FOREIGN, *more)
    return answer.status, answer.body.decode()


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


@played
async def test_a_project_in_the_path_becomes_the_one_that_the_user_has_here() -> None:
    async with staged(here=says("200 OK"), there=says_json(token(project=AT_HOME))) as stage:
        volumes = 'X-Auth-Token: usr!SCOPE!{"*":"CloudTwo","block-storage":"CloudOne"}'
        assert (await stage.ask("GET", f"/volume/v3/{HOME_ID}/volumes?x={HOME_ID}", volumes)).status == 200
        assert (await stage.ask("GET", "/volume/v3/other/volumes", volumes)).status == 200
        lines = [visit.line for visit in stage.here.visits]
    ours = derived_id("CloudTwo", "project", HOME_ID)
    assert lines == [f"GET /v3/{ours}/volumes?x={HOME_ID} HTTP/1.1", "GET /v3/other/volumes HTTP/1.1"]


@played
async def test_a_project_in_the_query_or_the_document_becomes_the_one_that_the_user_has_here() -> None:
    async with staged(here=says("201 Created"), there=says_json(token(project=AT_HOME))) as stage:
        sent = b'{"owner": "5a1e0f6f4a0c4c0c9d3a7d1b2c3d4e5f", "name": "5a1e0f6f4a0c4c0c9d3a7d1b2c3d4e5f"}'
        for kind in ("application/json", "application/octet-stream"):
            made = await stage.ask("POST", f"/image/v2/images?owner={HOME_ID}", FOREIGN, f"Content-Type: {kind}", body=sent)
            assert made.status == 201, made.body
        mapped, streamed = stage.here.visits
    ours = derived_id("CloudTwo", "project", HOME_ID)
    assert mapped.line == streamed.line == f"POST /v2/images?owner={ours} HTTP/1.1"
    assert (json.loads(mapped.body), streamed.body) == ({"owner": ours, "name": "5a1e0f6f4a0c4c0c9d3a7d1b2c3d4e5f"}, sent)
    assert mapped.values("content-length") == [str(len(mapped.body))]


@pytest.mark.parametrize("size", [DOCUMENT_LIMIT, DOCUMENT_LIMIT + 1])
@played
async def test_a_document_that_is_too_large_streams_on_as_it_is(size: int) -> None:
    async with staged(here=says("201 Created"), there=says_json(token(project=AT_HOME))) as stage:
        sent = b'{"owner": "5a1e0f6f4a0c4c0c9d3a7d1b2c3d4e5f"}'.ljust(size)
        made = await stage.ask("POST", "/image/v2/images", FOREIGN, "Content-Type: application/json", body=sent)
        assert made.status == 201, made.body
        (came,) = stage.here.visits
    assert (came.body == sent) is (size > DOCUMENT_LIMIT)


@played
async def test_a_project_that_keeps_its_id_is_not_replaced() -> None:
    kept = policy(people=(replace(PEER.people[0], project="keep"),))
    async with staged(here=says("201 Created"), there=says_json(token(project=AT_HOME)), policy=kept) as stage:
        sent = b'{ "owner":"5a1e0f6f4a0c4c0c9d3a7d1b2c3d4e5f" }'
        made = await stage.ask(
            "POST",
            f"/image/v2/images?owner={HOME_ID}",
            FOREIGN,
            "Content-Type: application/json",
            body=sent,
        )
        assert made.status == 201, made.body
        (came,) = stage.here.visits
    assert (came.line, came.body) == (f"POST /v2/images?owner={HOME_ID} HTTP/1.1", sent)


@played
async def test_a_project_becomes_that_one_of_ours_which_the_policy_names() -> None:
    guests = DomainScoped("guests-id", "guests", Domain("default", "Default"))
    fixed = policy(people=(replace(PEER.people[0], project=guests),))
    async with staged(here=says("200 OK"), there=says_json(token(project=AT_HOME)), policy=fixed) as stage:
        assert (await image(stage, "GET", f"/image/v2/images?owner={HOME_ID}"))[0] == 200
        (came,) = stage.here.visits
    assert came.line == "GET /v2/images?owner=guests-id HTTP/1.1"


@played
async def test_a_project_that_is_called_like_a_route_is_replaced_nowhere() -> None:
    """Its cloud could choose the id so that a path that the policy allows becomes another one."""
    route = {**AT_HOME, "id": "volumes"}
    rules = policy(services=Services((("block-storage", (RequestPattern.parse("GET /v3/volumes/**"),)),)))
    async with staged(here=says("200 OK"), there=says_json(token(project=route)), policy=rules) as stage:
        volumes = 'X-Auth-Token: usr!SCOPE!{"*":"CloudTwo","block-storage":"CloudOne"}'
        assert (await stage.ask("GET", "/volume/v3/volumes/backups", volumes)).status == 200
        (came,) = stage.here.visits
    assert came.line == "GET /v3/volumes/backups HTTP/1.1"


@pytest.mark.parametrize(
    ("rules", "status"),
    [
        (may("GET /v2/images/*/members/5a1e0f6f4a0c4c0c9d3a7d1b2c3d4e5f"), 200),
        (may(f"GET /v2/images/*/members/{derived_id('CloudTwo', 'project', HOME_ID)}"), 403),
    ],
)
@played
async def test_the_policy_judges_the_path_as_it_was_asked_for(rules: Services, status: int) -> None:
    async with staged(here=says("200 OK"), there=says_json(token(project=AT_HOME)), policy=policy(services=rules)) as stage:
        assert (await image(stage, "GET", f"/image/v2/images/i/members/{HOME_ID}"))[0] == status


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


class AnAccount:
    """A reader account whose token is always there."""

    async def token(self) -> str:
        return "account"

    def drop(self, token: str) -> None: ...

    def refused(self, status: int) -> Exception:
        raise AssertionError(status)


MARK = '!SCOPE!{"*":"CloudTwo"}'


def expired(visit: Visit) -> bool:
    return visit.values("x-subject-token") == ["usr"] and visit.values("x-auth-token") == ["usr"]


@pytest.mark.parametrize(
    ("mark", "roles", "status"),
    [
        ('!SCOPE!{"*":"CloudTwo"}', ("service",), 200),
        ('!SCOPE!{"*":"CloudTwo"}', ("member",), 401),
        ("", ("service",), 200),
        ("", ("member",), 401),
    ],
)
@played
async def test_an_expired_token_needs_a_good_service_token(mark: str, roles: tuple[str, ...], status: int) -> None:
    """A service token with a mark is CloudTwo's, one without is this cloud's own."""

    async def keystone(visit: Visit) -> None:
        if expired(visit):
            await says("401 Unauthorized")(visit)
        else:
            of_service = visit.values("x-subject-token") == ["nova"]
            await says_json(token(*(roles if of_service else ("member",))))(visit)

    roles_here = Roles((("member", ("member",)), ("service", ("service",))))
    rules = policy(people=(MappingRule("all", roles_here),))
    async with staged(here=says("200 OK"), there=keystone, policy=rules, keystone=keystone) as stage:
        stage.change(readers={"CloudTwo": AnAccount()})
        told, _ = await image(stage, "GET", "/image/v2/images", f"X-Service-Token: nova{mark}")
        assert told == status
        alone, _ = await image(stage)
        assert alone == 401
        lines = [visit.line for visit in stage.there.visits if visit.values("x-auth-token") == ["account"]]
    assert lines == (["GET /id/v3/auth/tokens?nocatalog&allow_expired=1 HTTP/1.1"] if status == 200 else [])


@played
async def test_an_expired_bound_token_is_asked_about_at_its_home_without_an_account_here() -> None:
    bound = "bound1.AAAA"

    async def keystone(visit: Visit) -> None:
        if visit.values("x-subject-token") == [bound] and "allow_expired=1" not in visit.line:
            await says("404 Not Found")(visit)
        else:
            await says_json(token("service" if visit.values("x-subject-token") == ["nova"] else "member"))(visit)

    rules = policy(people=(MappingRule("all", Roles((("member", ("member",)), ("service", ("service",))))),))
    scope = '{"*":"CloudTwo","image":"CloudOne"}'
    asks = f"X-Auth-Token: {join_token(bound, scope)}"
    async with staged(here=says("200 OK"), there=keystone, policy=rules) as stage:
        assert (await stage.ask("GET", "/image/v2/images", asks)).status == 401, "no service vouches for it"
        vouched = await stage.ask("GET", "/image/v2/images", asks, f"X-Service-Token: nova{MARK}")
        (late,) = [visit for visit in stage.there.visits if "allow_expired=1" in visit.line]
    assert vouched.status == 200
    assert (late.values("x-auth-token"), late.values("x-subject-token")) == ([bound], [bound])


@played
async def test_a_service_token_with_changed_claims_does_not_allow_an_expired_token() -> None:
    account = "nova"

    async def keystone(visit: Visit) -> None:
        said = token("service") if visit.values("x-subject-token") == ["nova"] else token()
        said["token"]["user"]["name"] = account
        await (says("401 Unauthorized") if expired(visit) else says_json(said))(visit)

    rules = policy(people=(MappingRule("all", Roles((("member", ("member",)), ("service", ("service",))))),))
    async with staged(here=says("200 OK"), there=keystone, policy=rules) as stage:
        stage.change(readers={"CloudTwo": AnAccount()})
        validated = await stage.ask("GET", "/identity/v3/auth/tokens", "X-Auth-Token: glance", f"X-Subject-Token: nova{MARK}")
        assert validated.status == 200
        account = "mallory"
        status, body = await image(stage, "GET", "/image/v2/images", f"X-Service-Token: nova{MARK}")
        assert (status, "have changed" in body, stage.here.visits) == (401, True, [])


@pytest.mark.parametrize(("rules", "kept"), [({"service": "service"}, 1), ({}, 0)])
@played
async def test_a_service_token_that_the_policy_does_not_accept_is_left_out(rules: dict[str, str], kept: int) -> None:
    """A service that gets one would refuse the user's request."""

    async def keystone(visit: Visit) -> None:
        await says_json(token("service" if visit.values("x-subject-token") == ["nova"] else "member"))(visit)

    roles = (("member", ("member",)), *((name, (here,)) for name, here in rules.items()))
    accepted = policy(people=(MappingRule("all", Roles(roles)),))
    async with staged(here=says("200 OK"), there=keystone, policy=accepted) as stage:
        status, _ = await image(stage, "GET", "/image/v2/images", f"X-Service-Token: nova{MARK}")
        (visit,) = stage.here.visits
    assert (status, len(visit.values("x-service-token"))) == (200, kept)


def vouched_for_by(credential: str, subject: str = "usr") -> Script:
    """A Keystone that has accepted the token, but validates it for ``credential`` alone."""

    async def keystone(visit: Visit) -> None:
        asks = visit.values("x-auth-token")
        assert visit.values("x-subject-token") == [subject]
        await (says_json(token()) if asks == [credential] else says("403 Forbidden"))(visit)

    return keystone


@played
async def test_a_token_of_an_impersonated_trust_is_vouched_for_by_the_reader_account() -> None:
    async with staged(here=says("200 OK", body=b"images"), there=vouched_for_by("account")) as stage:
        stage.change(readers={"CloudTwo": AnAccount()})
        assert await image(stage) == (200, "images")
        asked = [(visit.line, visit.values("x-auth-token")) for visit in stage.there.visits]
    question = "GET /id/v3/auth/tokens?nocatalog HTTP/1.1"
    assert asked == [(question, ["usr"]), (question, ["account"])], "it has not expired, and may not have"


@played
async def test_without_a_reader_account_it_is_refused_with_the_way_to_let_it_in() -> None:
    async with staged(there=vouched_for_by("account")) as stage:
        status, body = await image(stage)
        assert stage.here.visits == []
    message = json.loads(body)["error"]["message"]
    assert status == 403
    assert message.startswith("gateway of CloudOne: identity of CloudTwo at http://127.0.0.1")
    assert "trust with impersonation" in message
    assert message.endswith("the operator here needs a reader account at CloudTwo")


@pytest.mark.parametrize("said", ["401 Unauthorized", "404 Not Found"])
@played
async def test_an_invented_token_does_not_reach_the_reader_account(said: str) -> None:
    async with staged(there=says(said)) as stage:
        stage.change(readers={"CloudTwo": AnAccount()})
        assert (await image(stage))[0] == 401
        assert [visit.values("x-auth-token") for visit in stage.there.visits] == [["usr"]]


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
