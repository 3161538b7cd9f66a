# SPDX-License-Identifier: Apache-2.0
"""One token has one user, one project, the same roles and one rule, for the gateway and for services, while they remember it."""

import asyncio
import hashlib
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from openstackoid.bridge.identity.authorization import Authorizer
from openstackoid.policy import Condition, MappingRule, PeerPolicy, Policy, Roles, Services
from openstackoid.scope import join_token
from openstackoid.store import Database
from unit.bridge.raw_messages import Answer
from unit.bridge.stage import ALL, DEFAULT, MEMBERS, Stage, Visit, played, says, says_json, staged, token, with_clock, with_policy

TOKENS = "/identity/v3/auth/tokens"
PEER = MEMBERS.peers[0]
DIGEST = hashlib.sha256(b"T").hexdigest()
SERVICES = MappingRule(
    "services",
    Roles((("service", ("service",)),)),
    users=Condition(names=("cinder",)),
    projects=Condition(names=("service",)),
    services=Services(),
)
EVERYBODY = MappingRule("everybody", Roles((("*", ("reader",)),)))
POLICY = Policy(peers=(PeerPolicy("CloudTwo", (SERVICES, EVERYBODY), ALL),))
"""CloudTwo's services are valid beside a user, and everybody is a reader."""

Ask = Callable[[Stage, str], Awaitable[Answer]]


def of(name: str, *roles: str, **more: Any) -> dict[str, Any]:
    """Return CloudTwo's Keystone's answer about a token of the user ``name`` in the project ``service``."""
    said = token(*(roles or ("service", "member")), **more)
    said["token"]["user"] |= {"name": name}
    said["token"]["project"] = {"id": "p1", "name": "service", "domain": DEFAULT}
    return said


def scoped(value: str) -> str:
    return join_token(value, '{"*":"CloudTwo","image":"CloudOne"}')


async def use(stage: Stage, value: str = "T") -> Answer:
    """Ask Glance here with a user's token of CloudTwo."""
    return await stage.ask("GET", "/image/v2/images", f"X-Auth-Token: {scoped(value)}")


async def validate(stage: Stage, value: str = "T") -> Answer:
    """Ask about a token of CloudTwo as a service here does."""
    return await stage.ask("GET", TOKENS, "X-Auth-Token: neutron", f"X-Subject-Token: {scoped(value)}")


class Keystone:
    """CloudTwo's Keystone, with the answers that its operator wants: about each token, or all."""

    def __init__(self, said: Any) -> None:
        self.said = said
        self.of: dict[str, Any] = {}

    async def __call__(self, visit: Visit) -> None:
        await says_json(self.of.get(visit.values("x-subject-token")[0], self.said))(visit)


@played
async def test_a_service_account_that_is_renamed_is_no_user() -> None:
    """A service here has the role `service` of the token in its cache; by the other rule the token may ask for something."""
    keystone = Keystone(of("cinder"))
    async with staged(here=says("200 OK"), there=keystone, policy=POLICY) as stage:
        told = await validate(stage)
        assert [role["name"] for role in told.json()["token"]["roles"]] == ["service"]
        keystone.said = of("mallory")
        answer = await use(stage)
        assert (answer.status, stage.here.visits) == (401, [])
        assert answer.values("www-authenticate") == ['Keystone uri="http://127.0.0.1:8801/identity"']
        assert "have changed" in answer.error
        assert (await validate(stage)).status == 404
        (line,) = (line for line in stage.audited() if line["direction"] == "in")
    assert (line["outcome"], line["status"], line["user"]["name"]) == ("refused", 401, "mallory")
    assert line["rule"] == "CloudTwo/everybody"
    said = "the claims of the token have changed: user name, rule, roles here; the rule was CloudTwo/services; the token is"
    assert line["reason"] == f"{said} {{SHA256}}{DIGEST}"


@played
async def test_a_renamed_user_is_not_a_service_account() -> None:
    keystone = Keystone(of("mallory"))
    async with staged(here=says("200 OK"), there=keystone, policy=POLICY) as stage:
        assert (await use(stage)).status == 200
        keystone.said = of("cinder")
        # A service is told what the authorization has heard, until the token is asked about again.
        stage.change(authorizer=Authorizer(stage.bridge.context.upstream, stage.bridge.context.authorizer.record))
        answer = await validate(stage)
        assert (answer.status, answer.error.startswith("Failed to validate token: gateway of CloudOne: ")) == (404, True)
        await validate(stage)
        lines = [line for line in stage.audited() if line["direction"] == "in"]
    assert [(line["status"], line["outcome"]) for line in lines] == [(200, "allowed"), (404, "refused")], "it is told once"
    assert (lines[1]["service"], lines[1]["path"], lines[1]["user"]["name"]) == ("identity", TOKENS, "cinder")
    assert DIGEST in lines[1]["reason"]


CHANGES: dict[str, tuple[str, dict[str, Any]]] = {
    "user id": ("user id", {"user": {"id": "u2", "name": "cinder", "domain": DEFAULT}}),
    "user domain": ("user domain", {"user": {"id": "u1", "name": "cinder", "domain": {"id": "d2", "name": "Default"}}}),
    "project id": ("project id", {"project": {"id": "p2", "name": "service", "domain": DEFAULT}}),
    "project name": ("project name, rule, roles here", {"project": {"id": "p1", "name": "demo", "domain": DEFAULT}}),
    "project domain": (
        "project domain",
        {"project": {"id": "p1", "name": "service", "domain": {"id": "default", "name": "Other"}}},
    ),
    "roles": ("roles", {"roles": [{"id": "s", "name": "service"}]}),
    "end": ("other attributes", {"expires_at": "2030-01-01T00:00:00.000000Z"}),
    "trust": ("other attributes", {"OS-TRUST:trust": {"id": "t", "trustor_user": {"id": "u"}, "trustee_user": {"id": "v"}}}),
    "rules": ("other attributes", {"application_credential": {"id": "a", "access_rules": []}}),
}


@pytest.mark.parametrize(("changes", "said"), CHANGES.values(), ids=CHANGES.keys())
@played
async def test_changed_claims_of_a_token_are_refused(changes: str, said: dict[str, Any]) -> None:
    keystone = Keystone(of("cinder"))
    async with staged(there=keystone, policy=POLICY) as stage:
        assert (await validate(stage)).status == 200
        keystone.said = {"token": of("cinder")["token"] | said}
        assert (await validate(stage)).status == 404
        (line,) = (line for line in stage.audited() if line["direction"] == "in")
    assert line["reason"].startswith(f"the claims of the token have changed: {changes}; ")


@played
async def test_the_order_of_roles_and_the_catalog_are_no_change() -> None:
    keystone = Keystone(of("mallory", "admin", "member"))
    async with staged(here=says("200 OK"), there=keystone, policy=POLICY) as stage:
        clock = with_clock(stage)
        assert (await use(stage)).status == 200
        clock.now += 61
        keystone.said = of("mallory", "member", "admin", catalog=[])
        assert ((await use(stage)).status, (await validate(stage)).status) == (200, 200)


@played
async def test_a_token_with_a_changed_user_is_refused() -> None:
    """Services may have cached the old user; with a new token the user is the new one."""
    keystone = Keystone(token("admin", "member"))
    async with staged(here=says("200 OK"), there=keystone) as stage:
        clock = with_clock(stage)
        assert (await use(stage)).status == 200
        keystone.said = token("member")
        for _ in range(2):
            clock.now += 61
            assert (await use(stage)).status == 401
        assert (await use(stage, "T2")).status == 200


@pytest.mark.parametrize(("seconds", "cached"), [(60, 300), (60, 900), (600, 300)])
@played
async def test_a_record_lasts_as_long_as_a_service_or_the_gateway_remembers(seconds: float, cached: float) -> None:
    keystone = Keystone(of("cinder"))
    rules = replace(POLICY, seconds=seconds, token_cache_time=cached)
    async with staged(here=says("200 OK"), there=keystone, policy=rules) as stage:
        clock = with_clock(stage)
        assert (await validate(stage)).status == 200
        clock.now += 200
        assert (await validate(stage)).status == 200, "the service remembers it from now on"
        keystone.said = of("mallory")
        clock.now += max(seconds, cached)
        assert (await use(stage)).status == 401
        clock.now += max(seconds, cached) / 4 + 1
        assert (await use(stage)).status == 200, "what is refused makes the time no longer"


@pytest.mark.parametrize(
    "rules",
    [
        replace(POLICY, peers=(replace(POLICY.peers[0], people=(replace(EVERYBODY, name="others"),)),)),
        replace(POLICY, peers=(replace(POLICY.peers[0], people=(replace(EVERYBODY, project="keep"),)),)),
        replace(POLICY, peers=(replace(POLICY.peers[0], people=(replace(EVERYBODY, roles=Roles((("*", ("member",)),))),)),)),
    ],
    ids=["name", "project", "roles"],
)
@played
async def test_another_rule_waits_until_services_have_forgotten_the_first(rules: Policy) -> None:
    async with staged(here=says("404 Not Found"), there=Keystone(of("ada")), policy=POLICY) as stage:
        clock = with_clock(stage)
        assert ((await use(stage)).status, (await validate(stage)).status) == (404, 200)
        stage.change(mesh=with_policy(stage.mesh, rules))
        assert ((await use(stage)).status, (await validate(stage)).status) == (401, 404)
        assert (await use(stage, "T2")).status == 404, "a new token comes in by the new rule"
        clock.now += 376
        assert ((await use(stage)).status, (await validate(stage)).status) == (404, 200)


@played
async def test_a_rule_that_allows_other_requests_is_the_same_rule() -> None:
    async with staged(here=says("200 OK"), there=Keystone(of("ada")), policy=POLICY) as stage:
        assert (await use(stage)).status == 200
        narrow = replace(POLICY, peers=(replace(POLICY.peers[0], services=Services()),))
        stage.change(mesh=with_policy(stage.mesh, narrow))
        assert (await use(stage)).status == 403
        stage.change(mesh=with_policy(stage.mesh, POLICY))
        assert (await use(stage)).status == 200


@pytest.mark.parametrize("asked", [use, validate])
@played
async def test_a_service_that_shows_its_own_token_twice_comes_in(asked: Ask) -> None:
    """Nova of CloudTwo binds a port in a network here: its token stands in both headers."""
    bound = Services((("image", ALL.requests("image")),))
    rules = replace(POLICY, peers=(replace(POLICY.peers[0], people=(replace(SERVICES, services=bound),)),))
    async with staged(here=says("200 OK"), there=Keystone(of("cinder")), policy=rules) as stage:
        assert (await asked(stage, "T")).status == 200
        nova = (f"X-Auth-Token: {scoped('T')}", 'X-Service-Token: T!SCOPE!{"*":"CloudTwo"}', "X-Openstackoid-From: CloudTwo")
        assert (await stage.ask("GET", "/image/v2/images", *nova)).status == 200
        as_service = 'X-Subject-Token: T!SCOPE!{"*":"CloudTwo"}'
        for subject in (f"X-Subject-Token: {scoped('T')}", as_service):
            assert (await stage.ask("GET", TOKENS, "X-Auth-Token: neutron", subject)).status == 200


@played
async def test_new_tokens_push_none_out_and_wait_for_room() -> None:
    keystone = Keystone(of("mallory"))
    keystone.of["T"] = of("cinder")
    rules = replace(POLICY, peers=(replace(POLICY.peers[0], tokens=3),))
    async with staged(here=says("200 OK"), there=keystone, policy=rules) as stage:
        clock = with_clock(stage)
        assert (await validate(stage)).status == 200
        clock.now += 100
        assert [(await use(stage, f"t{number}")).status for number in range(5)] == [200, 200, 429, 429, 429]
        refused = await use(stage, "t9")
        assert (refused.status, refused.values("retry-after")) == (429, ["275"])
        assert "3 tokens of CloudTwo are in use" in refused.error
        busy = await validate(stage, "t9")
        assert (busy.status, busy.values("retry-after")) == (503, ["275"])
        line = next(line for line in reversed(stage.audited()) if line["direction"] == "in")
        assert (line["service"], line["status"], line["outcome"]) == ("identity", 503, "refused")
        assert (await use(stage, "t0")).status == 200, "it has its place"
        keystone.of["T"] = of("mallory")
        assert (await use(stage)).status == 401
        clock.now += 276
        assert (await use(stage, "t9")).status == 200


@played
async def test_a_peer_cannot_tell_one_gateway_of_a_cloud_another_user_than_the_other(tmp_path: Path) -> None:
    """A service was told of its account by the first gateway, and would have the user come in with the account's rights."""
    keystone, database = Keystone(of("cinder")), Database.file(tmp_path / "store.sqlite")
    async with (
        staged(there=keystone, policy=POLICY, database=database) as one,
        staged(here=says("200 OK"), there=keystone, policy=POLICY, database=database) as two,
    ):
        assert (await validate(one)).status == 200
        keystone.said = of("mallory")
        answer = await use(two)
        assert (answer.status, "have changed" in answer.error, two.here.visits) == (401, True, [])
        assert (await validate(two)).status == 404


@played
async def test_without_the_store_a_recorded_token_goes_on_and_a_new_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    kept = "its store, which keeps the claims of other clouds' tokens"
    cannot = f"gateway of CloudOne: {kept}, cannot be used; the request was not sent on"
    keystone = Keystone(of("mallory"))
    async with staged(here=says("200 OK"), there=keystone, policy=POLICY, database=Database.file(path), patience=0.2) as stage:
        assert (await use(stage)).status == 200
        other = sqlite3.connect(path)
        other.execute("BEGIN IMMEDIATE")
        assert ((await use(stage)).status, (await validate(stage)).status) == (200, 200)
        refused = await use(stage, "T2")
        assert (refused.status, refused.error) == (503, cannot)
        busy = await validate(stage, "T3")
        assert (busy.status, cannot in busy.error) == (503, True)
        other.rollback()
        other.close()
        async with asyncio.timeout(8):
            while (await use(stage, "T2")).status == 503:
                await asyncio.sleep(0.2)
        lines = [(line["status"], line["outcome"]) for line in stage.audited() if line["direction"] == "in"]
    assert (503, "refused") in lines or (503, "failed") in lines
