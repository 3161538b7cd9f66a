# SPDX-License-Identifier: Apache-2.0
"""Expired tokens of guests, and those that cannot validate themselves: a service's token or an account vouches for them."""

import json

import pytest

from openstackoid.policy import MappingRule, Roles
from openstackoid.scope import join_token
from unit.bridge.identity.guests import AnAccount, image, policy, vouched_for_by
from unit.bridge.stage import (
    Visit,
    played,
    says,
    says_json,
    staged,
    token,
)

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
    assert message.endswith("the gateway of CloudTwo validates such tokens with an account under its key 'validator'")


@pytest.mark.parametrize("said", ["401 Unauthorized", "404 Not Found"])
@played
async def test_an_invented_token_does_not_reach_the_reader_account(said: str) -> None:
    async with staged(there=says(said)) as stage:
        stage.change(readers={"CloudTwo": AnAccount()})
        assert (await image(stage))[0] == 401
        assert [visit.values("x-auth-token") for visit in stage.there.visits] == [["usr"]]
