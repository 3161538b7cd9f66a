# SPDX-License-Identifier: Apache-2.0
"""A relayed question reaches the right Keystone without a scope, and its answer fits the cloud where it was asked."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from openstackoid.bridge.identity.questions import MOST_QUESTIONS
from openstackoid.mesh import Timeouts
from openstackoid.policy import KEEP, Policy, derived_id
from unit.bridge.proxy.relayed import PASSWORD, THEIRS, THERE, TOKENS, regions, urls
from unit.bridge.raw_messages import head, read_answer
from unit.bridge.stage import MEMBERS, Visit, played, says, says_json, staged, token, with_clock

BELIEVED = 61.0
"""Seconds: longer than an answer about a token is believed."""

GLANCE = "X-Auth-Token: glance"
FOREIGN = 'X-Subject-Token: usr!SCOPE!{"*":"CloudTwo","image":"CloudOne"}'


@played
async def test_a_foreign_token_vouches_for_itself_and_gets_the_catalog_of_this_cloud() -> None:
    script = says_json(token("admin", "member", catalog=THEIRS), "X-Subject-Token: usr", "Vary: X-Auth-Token")
    async with staged(there=script) as stage:
        answer = await stage.ask("GET", f"{TOKENS}?allow_expired=1", GLANCE, FOREIGN, "X-Service-Token: nova")
        (visit,) = stage.there.visits
    assert visit.line == "GET /id/v3/auth/tokens?allow_expired=1 HTTP/1.1"
    assert (visit.values("x-auth-token"), visit.values("x-subject-token")) == (["usr"], ["usr"])
    assert b"glance" not in visit.head, "a credential of this cloud stays in it"
    assert b"nova" not in visit.head
    assert answer.status == 200
    found = answer.json()["token"]
    assert regions(found["catalog"]) == {"CloudOne"}
    here = derived_id("CloudTwo", "project", "p1")
    assert f"http://127.0.0.1:8801/volume/v3/{here}" in urls(found["catalog"])
    assert (found["project"]["id"], found["user"]["id"]) == (here, derived_id("CloudTwo", "user", "u1"))
    assert [role["name"] for role in found["roles"]] == ["member"], "its administrators are none here"
    assert answer.values("x-subject-token") == ["usr"]
    assert answer.values("vary") == ["X-Auth-Token"]
    assert answer.values("content-length") == [str(len(answer.body))]


@played
async def test_invented_tokens_at_the_relay_cause_a_bounded_number_of_questions() -> None:
    go = asyncio.Event()

    async def waits(visit: Visit) -> None:
        await go.wait()
        await says("401 Unauthorized")(visit)

    async with staged(there=waits) as stage:
        patient = replace(stage.mesh.clouds["CloudOne"], timeouts=Timeouts(connect=5, server=5))
        stage.bridge.reload(replace(stage.mesh, clouds={**stage.mesh.clouds, "CloudOne": patient}), {})
        tokens = (f'X-Subject-Token: t{number}!SCOPE!{{"*":"CloudTwo"}}' for number in range(MOST_QUESTIONS + 5))
        asked = [asyncio.create_task(stage.ask("GET", TOKENS, GLANCE, each)) for each in tokens]
        await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.sleep(0.2)
        refused = [task.result() for task in asked if task.done()]
        assert [answer.status for answer in refused] == [503] * 5
        assert "64 questions about tokens wait for identity of CloudTwo" in refused[0].error
        go.set()
        assert {(await task).status for task in asked} == {404, 503}
        assert len(stage.there.visits) == MOST_QUESTIONS
        answer = await stage.ask("GET", TOKENS, GLANCE, FOREIGN)
        assert answer.status == 404, "there is room again"


@played
async def test_a_token_without_a_catalog_stays_without_one() -> None:
    async with staged(there=says_json(token())) as stage:
        answer = await stage.ask("GET", f"{TOKENS}?nocatalog", GLANCE, FOREIGN)
        assert stage.there.visits[0].line == "GET /id/v3/auth/tokens?nocatalog HTTP/1.1"
    assert "catalog" not in answer.json()["token"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"token": {"catalog": THEIRS, "domain": {"id": "d"}}}, "a token for a domain is not accepted"),
        (token("admin"), "no entry of 'people'"),
    ],
)
@played
async def test_a_token_that_the_policy_does_not_accept_is_unknown_to_a_service(said: object, words: str) -> None:
    async with staged(there=says_json(said)) as stage:
        answer = await stage.ask("GET", TOKENS, GLANCE, FOREIGN)
    assert answer.status == 404
    assert answer.error.startswith("Failed to validate token: gateway of CloudOne: ")
    assert words in answer.error


@played
async def test_without_a_policy_no_foreign_token_is_good() -> None:
    async with staged(there=says_json(token("admin", "member", "service")), policy=Policy()) as stage:
        answer = await stage.ask("GET", TOKENS, GLANCE, FOREIGN)
    assert (answer.status, "does not accept users of CloudTwo" in answer.error) == (404, True)


@pytest.mark.parametrize(
    ("keystone", "status", "words"),
    [
        ("404 Not Found", 200, ""),
        ("200 OK", 404, "CloudTwo names a project of CloudOne as its own: p1"),
        ("403 Forbidden", 503, "answers 403 to the validating service"),
    ],
)
@played
async def test_a_project_that_keeps_its_id_may_be_none_of_this_clouds(keystone: str, status: int, words: str) -> None:
    (peer,) = MEMBERS.peers
    rules = replace(MEMBERS, peers=(replace(peer, people=(replace(peer.people[0], project=KEEP),)),))
    async with staged(here=says(keystone), there=says_json(token()), policy=rules) as stage:
        answer = await stage.ask("GET", TOKENS, GLANCE, FOREIGN)
        again = await stage.ask("GET", TOKENS, GLANCE, FOREIGN)
        asked = [(visit.line, visit.values("x-auth-token")) for visit in stage.here.visits]
    assert (answer.status, again.status) == (status, status)
    question = ("GET /keystone/v3/projects/p1 HTTP/1.1", ["glance"])
    assert asked == [question] * (1 if status == 200 else 2), "that it is none of ours is remembered"
    assert words in (answer.error if status != 200 else "")
    if status == 200:
        assert answer.json()["token"]["project"]["id"] == "p1"


@played
async def test_a_validation_by_head_is_judged_too() -> None:
    async with staged(there=says_json(token(), "X-Subject-Token: usr")) as stage:
        answer = await stage.ask("HEAD", TOKENS, GLANCE, FOREIGN)
        assert stage.there.visits[0].line.startswith("GET ")
    assert (answer.status, answer.values("x-subject-token")) == (200, ["usr"])
    async with staged(there=says_json(token("admin"))) as stage:
        assert (await stage.ask("HEAD", TOKENS, GLANCE, FOREIGN)).status == 404


@pytest.mark.parametrize("status", ["201 Created", "202 Accepted", "203 Non-Authoritative Information", "204 No Content"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@played
async def test_an_answer_that_only_looks_like_a_validation_is_none(method: str, status: str) -> None:
    """A service's library looks at the body alone, whatever success the status says."""
    poisoned = token("admin", catalog=THEIRS, system={"all": True})
    async with staged(there=says_json(poisoned, "X-Subject-Token: usr", status=status)) as stage:
        answer = await stage.ask(method, TOKENS, GLANCE, FOREIGN)
    assert (answer.status, b"admin" in answer.body) == (502, False)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "305 Use Proxy", "307 Temporary", "308 Permanent"])
@pytest.mark.parametrize(("method", "path"), [("GET", TOKENS), ("POST", TOKENS), ("GET", "/identity/v3/auth/catalog")])
@played
async def test_a_redirect_of_a_peers_keystone_is_502(method: str, path: str, status: str) -> None:
    """keystoneauth follows one with all its headers, the service's own token among them."""
    asked = (GLANCE, FOREIGN) if (method, path) == ("GET", TOKENS) else (THERE, "X-Auth-Token: usr")
    async with staged(there=says(status, "Location: http://evil.test/")) as stage:
        answer = await stage.ask(method, path, *asked, body=b"{}" if method == "POST" else None)
    assert (answer.status, answer.values("location")) == (502, [])
    assert f"it answers {status[:3]}" in answer.error


@played
async def test_a_service_gets_the_user_that_was_authorized() -> None:
    """Otherwise the one would be let in, by the rule for that user, with the rights of the other."""
    said = [token(), token("member", "service")]

    async def keystone(visit: Visit) -> None:
        await says_json(said["nocatalog" not in visit.line])(visit)

    image = 'X-Auth-Token: usr!SCOPE!{"*":"CloudTwo","image":"CloudOne"}'
    async with staged(here=says("200 OK"), there=keystone) as stage:
        clock = with_clock(stage)
        assert (await stage.ask("GET", "/image/v2/images", image)).status == 200
        clock.now += BELIEVED
        answer = await stage.ask("GET", TOKENS, GLANCE, FOREIGN)
        assert (answer.status, "have changed" in answer.error) == (404, True)
        said[1] = said[0]
        assert (await stage.ask("GET", TOKENS, GLANCE, FOREIGN)).status == 200


@pytest.mark.parametrize("query", ["", "?nocatalog", "?allow_expired=1"])
@played
async def test_a_service_is_told_of_a_token_by_what_was_heard_a_moment_ago(query: str) -> None:
    """A service asks as soon as it is sent a request; its question does not go to the other cloud again."""

    async def keystone(visit: Visit) -> None:
        catalog = {} if "nocatalog" in visit.line else {"catalog": [{"type": "image", "endpoints": []}]}
        await says_json(token(**catalog), "X-Subject-Token: usr", "Vary: X-Auth-Token")(visit)

    image = 'X-Auth-Token: usr!SCOPE!{"*":"CloudTwo","image":"CloudOne"}'
    async with staged(here=says("200 OK"), there=keystone) as stage:
        clock = with_clock(stage)
        asked = await stage.ask("GET", f"{TOKENS}{query}", GLANCE, FOREIGN)
        assert (await stage.ask("GET", "/image/v2/images", image)).status == 200
        before = len(stage.there.visits)
        heard = await stage.ask("GET", f"{TOKENS}{query}", GLANCE, FOREIGN)
        assert len(stage.there.visits) == before
        assert (heard.status, heard.json()) == (200, asked.json())
        for name in ("content-type", "x-subject-token", "vary"):
            assert heard.values(name) == asked.values(name)
        clock.now += BELIEVED
        assert (await stage.ask("GET", f"{TOKENS}{query}", GLANCE, FOREIGN)).status == 200
        assert len(stage.there.visits) == before + 1


@played
async def test_a_token_with_access_rules_is_asked_about_again() -> None:
    """Keystone tells of it only services that apply the rules."""
    ruled = token(application_credential={"id": "a", "access_rules": [{"path": "/v2"}]})
    image = 'X-Auth-Token: usr!SCOPE!{"*":"CloudTwo","image":"CloudOne"}'
    async with staged(here=says("200 OK"), there=says_json(ruled)) as stage:
        assert (await stage.ask("GET", "/image/v2/images", image)).status == 200
        await stage.ask("GET", TOKENS, GLANCE, FOREIGN)
        assert len(stage.there.visits) == 2


@played
async def test_a_user_validating_their_own_token_gets_the_mapped_roles() -> None:
    own = 'X-Auth-Token: usr!SCOPE!{"identity":"CloudTwo"}'
    subject = 'X-Subject-Token: usr!SCOPE!{"identity":"CloudTwo"}'
    async with staged(there=says_json(token("member", "admin"))) as stage:
        answer = await stage.ask("GET", TOKENS, own, subject)
    assert [role["name"] for role in answer.json()["token"]["roles"]] == ["member"]
    async with staged(there=says_json(token("admin"))) as stage:
        assert (await stage.ask("GET", TOKENS, own, subject)).status == 403


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@played
async def test_a_token_that_the_peer_does_not_accept_is_unknown_not_unauthorized(method: str) -> None:
    async with staged(
        there=says_json({"error": {"code": 401}}, "WWW-Authenticate: Keystone", status="401 Unauthorized")
    ) as stage:
        reader, writer = await stage.connect()
        writer.write(head(method, TOKENS, GLANCE, FOREIGN))
        answer = await read_answer(reader, method)
        writer.close()
    assert answer.status == 404
    if method == "GET":
        error = answer.json()["error"]
        assert (error["code"], error["title"]) == (404, "Not Found")
        assert error["message"].startswith("Failed to validate token: identity of CloudTwo at ")
        assert "usr" not in error["message"]


@played
async def test_a_token_that_the_peer_does_not_validate_by_its_own_right_is_unknown_and_the_reason_is_said() -> None:
    async with staged(there=says("403 Forbidden")) as stage:
        answer = await stage.ask("GET", TOKENS, GLANCE, FOREIGN)
    assert answer.status == 404
    assert answer.error.startswith("Failed to validate token: identity of CloudTwo at ")
    assert "trust with impersonation" in answer.error
    assert answer.error.endswith("the gateway of CloudTwo validates such tokens with an account under its key 'validator'")


@pytest.mark.parametrize("odd", [{"OS-TRUST:trust": []}, {"application_credential": {"access_rules": [1]}}])
@played
async def test_a_token_with_an_odd_trust_or_odd_rules_is_none_and_is_not_recorded(odd: dict[str, Any]) -> None:
    said = [token(**odd), token()]

    async def keystone(visit: Visit) -> None:
        await says_json(said.pop(0))(visit)

    async with staged(there=keystone) as stage:
        answer = await stage.ask("GET", TOKENS, GLANCE, FOREIGN)
        assert (answer.status, "not a document of the Identity API" in answer.error) == (502, True)
        assert (await stage.ask("GET", TOKENS, GLANCE, FOREIGN)).status == 200


@pytest.mark.parametrize("version", ["1", None])
@played
async def test_whether_a_service_applies_access_rules_is_for_it_to_say(version: str | None) -> None:
    said = [] if version is None else [f"OpenStack-Identity-Access-Rules: {version}"]
    async with staged(there=says_json(token())) as stage:
        await stage.ask("GET", TOKENS, GLANCE, FOREIGN, *said)
        assert stage.there.visits[0].values("openstack-identity-access-rules") == ([] if version is None else [version])


@pytest.mark.parametrize("status", ["404 Not Found", "409 Conflict", "500 Internal Server Error", "503 Service Unavailable"])
@played
async def test_other_answers_of_the_peer_pass_as_they_are(status: str) -> None:
    said = {"error": {"code": 1, "message": "as Keystone says it", "catalog": []}}
    async with staged(there=says_json(said, status=status)) as stage:
        answer = await stage.ask("GET", TOKENS, GLANCE, FOREIGN)
    assert (f"HTTP/1.1 {status}\r\n".encode() in answer.head, answer.json()) == (True, said)


@pytest.mark.parametrize("marked", ["new~eyJpbWFnZSI6IkNsb3VkVHdvIn0", 'new!SCOPE!{"image":"CloudTwo"}'])
@played
async def test_a_peer_puts_no_scope_into_a_token(marked: str) -> None:
    async with staged(there=says_json(token(catalog=THEIRS), f"X-Subject-Token: {marked}", status="201 Created")) as stage:
        answer = await stage.ask("POST", TOKENS, THERE, "Content-Type: application/json", body=json.dumps(PASSWORD).encode())
    assert (answer.status, answer.values("x-subject-token")) == (502, [])
    assert answer.error.endswith("its token carries a scope")
