# SPDX-License-Identifier: Apache-2.0
"""The page with a user's identity in each cloud of the scope."""

from dataclasses import replace
from typing import Any

import pytest

from openstackoid.bridge.pages import near_times
from openstackoid.policy import Budget, Policy, derived_id
from openstackoid.scope import join_token
from unit.bridge.identity.guests import AnAccount, vouched_for_by
from unit.bridge.stage import MEMBERS, Script, Stage, Visit, played, says, says_json, staged, token

PAGE = "/.openstackoid/user"
USER = {"id": "u1", "name": "demo", "domain": "Default"}
PROJECT = {"id": "p1", "name": "demo", "domain": "Default"}
HOME = {"cloud": "CloudOne", "user": USER, "project": PROJECT, "roles": ["member"], "rule": None, "reason": None}
THERE = {"user": {**USER, "id": "x"}, "project": {**PROJECT, "id": "y"}, "roles": ["reader"], "rule": "*/m", "reason": None}
BOTH = 'X-Scope: {"image":"CloudTwo"}'
GUEST = "X-Auth-Token: " + join_token("usr", '{"*":"CloudTwo"}')


async def page(stage: Stage, *headers: str, query: str = "") -> Any:
    answer = await stage.ask("GET", PAGE + query, *headers)
    assert answer.status == 200, answer.body
    return answer.json()


def peer_says(*rows: dict[str, Any]) -> Script:
    return says_json({"clouds": [{"cloud": "CloudTwo", **row} for row in rows]})


@played
async def test_each_cloud_of_the_scope_tells_for_itself() -> None:
    async with staged(keystone=says_json(token()), there=peer_says(THERE)) as stage:
        told = await page(stage, "X-Auth-Token: usr", BOTH)
        (asked,) = stage.there.visits
    assert told == {"identity": "CloudOne", "clouds": [HOME, {"cloud": "CloudTwo", **THERE}]}
    assert asked.line == f"GET {PAGE}?only=here HTTP/1.1"
    assert asked.values("x-auth-token") == [join_token("usr", '{"*":"CloudOne"}')]


@played
async def test_the_clouds_that_are_near_another_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_times, "PATIENCE", 10.0)
    async with staged(keystone=says_json(token()), there=peer_says(THERE)) as stage:
        told = await page(stage, "X-Auth-Token: usr", "X-Scope: image=nearest(CloudOne)")
        assert [row["cloud"] for row in told["clouds"]] == ["CloudOne", "CloudTwo"]
        assert (await page(stage, "X-Auth-Token: usr", "X-Scope: image=around(CloudOne,0.001ms)"))["clouds"] == [HOME]


@played
async def test_without_a_scope_no_peer_is_asked() -> None:
    async with staged(keystone=says_json(token())) as stage:
        assert (await page(stage, "X-Auth-Token: usr"))["clouds"] == [HOME]
        assert stage.there.visits == []


@played
async def test_a_token_that_cannot_vouch_for_itself_is_asked_about_with_the_reader_account() -> None:
    async with staged(there=vouched_for_by("account")) as stage:
        (refused,) = (await page(stage, GUEST, query="?only=here"))["clouds"]
        assert refused["reason"].endswith("with an account under its key 'validator'")
        stage.change(readers={"CloudTwo": AnAccount()})
        (row,) = (await page(stage, GUEST, query="?only=here"))["clouds"]
    assert (row["rule"], row["reason"]) == ("CloudTwo/members", None)


@played
async def test_a_guest_sees_the_mapped_user_project_and_roles() -> None:
    async with staged(there=says_json(token("member", "admin"))) as stage:
        (row,) = (await page(stage, GUEST, query="?only=here"))["clouds"]
    ids = {kind: derived_id("CloudTwo", kind, which) for kind, which in (("user", "u1"), ("project", "p1"))}
    assert row == {
        "cloud": "CloudOne",
        "user": {**USER, "id": ids["user"]},
        "project": {**PROJECT, "id": ids["project"]},
        "roles": ["member"],
        "rule": "CloudTwo/members",
        "reason": None,
    }


@pytest.mark.parametrize(
    ("policy", "said", "reason", "rule"),
    [
        (Policy(), says_json(token()), "the policy here does not accept users of CloudTwo", None),
        (MEMBERS, says_json(token("observer")), "no entry of 'people' in the policy here for CloudTwo matches this user", None),
        (MEMBERS, says("401 Unauthorized"), "identity of CloudTwo does not accept the token", None),
        (MEMBERS, says("500 Oops"), "answers 500 when asked about a token", None),
    ],
)
@played
async def test_a_refused_user_sees_the_reason(policy: Policy, said: Script, reason: str, rule: str | None) -> None:
    async with staged(there=said, policy=policy) as stage:
        (row,) = (await page(stage, GUEST, query="?only=here"))["clouds"]
    assert (row["cloud"], row["user"], row["project"], row["roles"], row["rule"]) == ("CloudOne", None, None, [], rule)
    assert reason in row["reason"]


@played
async def test_questions_of_guests_count_as_requests_do() -> None:
    few = replace(MEMBERS, peers=(replace(MEMBERS.peers[0], budget=Budget(1, 60)),))
    async with staged(there=says_json(token()), policy=few) as stage:
        rows = [(await page(stage, GUEST, query="?only=here"))["clouds"][0] for _ in range(2)]
    assert rows[0]["reason"] is None
    assert "more requests than the policy here allows" in rows[1]["reason"]


@played
async def test_without_a_valid_token_the_page_is_401_and_no_peer_is_asked() -> None:
    async with staged(keystone=says("401 Unauthorized")) as stage:
        answer = await stage.ask("GET", PAGE, "X-Auth-Token: made-up", BOTH)
        assert (answer.status, answer.error) == (401, "gateway of CloudOne: identity of CloudOne does not accept the token")
        answer = await stage.ask("GET", PAGE, BOTH)
        assert (answer.status, answer.error) == (401, "gateway of CloudOne: a token is expected in X-Auth-Token")
        answer = await stage.ask("GET", PAGE, "X-Auth-Token: usr", 'X-Scope: {"image":"Nowhere"}')
        assert answer.status == 400
        assert (await stage.ask("GET", f"{PAGE}?other", "X-Auth-Token: usr")).status == 400
        assert stage.there.visits == []


@played
async def test_the_token_of_an_unaccepted_cloud_is_validated_nowhere() -> None:
    async with staged(policy=Policy()) as stage:
        scope = join_token("junk", '{"identity":"CloudTwo","image":"CloudTwo"}')
        (row,) = (await page(stage, f"X-Auth-Token: {scope}"))["clouds"]
        assert (row["cloud"], row["reason"]) == ("CloudOne", "the policy here does not accept users of CloudTwo")
        assert stage.there.visits == []


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (says("404 Not Found"), "its gateway is of an older release, without this page"),
        (says("500 Oops"), "it answers 500"),
        (says("200 OK", body=b"\xff"), "its gateway's answer is not such a page"),
        (says("200 OK", body=b"[" * 100000), "its gateway's answer is not such a page"),
        (peer_says(), "its gateway's answer is not such a page"),
        (peer_says(THERE, THERE), "its gateway's answer is not such a page"),
        (peer_says({**THERE, "roles": "admin"}), "its gateway's answer is not such a page"),
        (peer_says({**THERE, "rule": "\x1b[2J"}), "its gateway's answer is not such a page"),
        (peer_says({**THERE, "user": {**USER, "id": 1}}), "its gateway's answer is not such a page"),
        (peer_says({**THERE, "user": {**USER, "more": "x"}}), "its gateway's answer is not such a page"),
        (peer_says({**THERE, "reason": "x" * 1000}), "its gateway's answer is not such a page"),
        (says("200 OK", body=b" " * (200 * 1024)), "larger than"),
    ],
)
@played
async def test_a_peer_that_does_not_tell_as_it_should(script: Script, reason: str) -> None:
    async with staged(keystone=says_json(token()), there=script) as stage:
        home, there = (await page(stage, "X-Auth-Token: usr", BOTH))["clouds"]
    assert (home, there["cloud"], there["user"], there["roles"]) == (HOME, "CloudTwo", None, [])
    assert reason in there["reason"]
    assert "\x1b" not in there["reason"]


@played
async def test_a_peer_speaks_for_its_own_cloud_alone() -> None:
    async with staged(keystone=says_json(token()), there=peer_says({**THERE, "cloud": "CloudOne", "more": "x"})) as stage:
        assert (await page(stage, "X-Auth-Token: usr", BOTH))["clouds"][1] == {"cloud": "CloudTwo", **THERE}


@played
async def test_a_token_of_another_cloud_is_validated_by_its_issuer() -> None:
    async def peer(visit: Visit) -> None:
        await (peer_says(THERE) if visit.line.startswith(f"GET {PAGE}") else says_json(token()))(visit)

    async with staged(there=peer) as stage:
        told = await page(stage, "X-Auth-Token: usr", 'X-Scope: {"identity":"CloudTwo"}')
    assert (told["identity"], [row["rule"] for row in told["clouds"]]) == ("CloudTwo", ["CloudTwo/members", "*/m"])
