# SPDX-License-Identifier: Apache-2.0
"""Writes under a scope leave, and are stored, once a Keystone has accepted the user's token."""

import asyncio
from dataclasses import replace

import pytest

from openstackoid.mesh import Memory
from openstackoid.policy import MappingRule, Policy, Roles
from unit.bridge.identity.guests import AnAccount
from unit.bridge.identity.owners import GUEST, STAYS, UNKNOWN, known, limited, write
from unit.bridge.raw_messages import head, read_answer
from unit.bridge.stage import ACCEPTS, MEMBERS, QUESTION, Script, Visit, never, played, says, says_json, staged

LEAVES = 'X-Scope: {"dns":"CloudTwo"}'
FORBIDDEN = says_json({"error": {"code": 403, "title": "Forbidden", "message": "no"}}, status="403 Forbidden")
SERVICES = Roles((("member", ("member",)), ("service", ("service",))))
BOTH = Policy(peers=(replace(MEMBERS.peers[0], people=(MappingRule("all", SERVICES),)),))


def tokens(visits: list[Visit]) -> list[list[str]]:
    return [visit.values("x-auth-token") + visit.values("x-subject-token") for visit in visits]


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/compute/", STAYS),
        ("PUT", "/volume/v3/volumes", STAYS),
        ("DELETE", "/dns/v2/zones/z", LEAVES),
        ("PATCH", "/compute/servers/s", 'X-Scope: {"compute":"CloudOne"}'),
        ("PURGE", "/compute/servers/s", STAYS),
    ],
)
@played
async def test_a_made_up_token_is_answered_401_remembered_nowhere_and_sent_nowhere(method: str, path: str, scope: str) -> None:
    async with staged(here=says("200 OK"), there=says("200 OK"), keystone=UNKNOWN) as stage:
        for _ in range(3):
            answer = await stage.ask(method, path, "X-Auth-Token: made-up", scope, body=b"{}")
            assert answer.status == 401
            assert answer.json()["error"] == {
                "code": 401,
                "title": "Unauthorized",
                "message": "gateway of CloudOne: identity of CloudOne does not accept the token",
            }
            assert answer.values("www-authenticate") == ['Keystone uri="http://127.0.0.1:8801/identity"']
        assert len(stage.bridge.context.workflows) == 0
        assert (stage.here.visits, stage.there.visits) == ([], [])
        assert tokens(stage.keystone.visits) == [["made-up", "made-up"]], "its refusal is believed for a while"
        assert stage.audited() == [], "nothing has left"


@pytest.mark.parametrize(("path", "reached"), [("/compute/servers", "here"), ("/dns/v2/zones", "there")])
@played
async def test_keystone_is_asked_once_about_a_token_and_before_the_request_leaves(path: str, reached: str) -> None:
    order: list[str] = []

    def noting(name: str, script: Script) -> Script:
        async def noted(visit: Visit) -> None:
            order.append(name)
            await script(visit)

        return noted

    here, there = (noting(name, says("202 Accepted")) for name in ("here", "there"))
    async with staged(here, there, keystone=noting("keystone", ACCEPTS)) as stage:
        for _ in range(3):
            assert (await write(stage, "t", LEAVES, path=path)).status == 202
        assert stage.keystone.visits[0].line == QUESTION
        assert len(stage.bridge.context.workflows) == 3
        left = ["allowed"] * 3 if reached == "there" else []
        while len(stage.audited()) < len(left):
            await asyncio.sleep(0.01)
        assert [line["outcome"] for line in stage.audited()] == left
    assert order == ["keystone", reached, reached, reached]


@played
async def test_the_body_of_an_upload_arrives_while_keystone_is_asked() -> None:
    asked, may_answer = asyncio.Event(), asyncio.Event()

    async def slow(visit: Visit) -> None:
        asked.set()
        await may_answer.wait()
        await ACCEPTS(visit)

    async def here(visit: Visit) -> None:
        await says("202 Accepted")(visit)

    async with staged(here=here, keystone=slow) as stage:
        reader, writer = await stage.connect()
        writer.write(head("POST", "/volume/v3/volumes", "X-Auth-Token: t", STAYS, "Content-Length: 5000"))
        await asked.wait()
        writer.write(b"x" * 5000)
        await writer.drain()
        assert stage.here.visits == []
        may_answer.set()
        assert (await read_answer(reader)).status == 202
        writer.close()
        assert stage.here.visits[0].body == b"x" * 5000


@played
async def test_a_token_of_another_cloud_that_only_passes_is_asked_about_at_that_cloud() -> None:
    """Authorization has no part in it, for no service here is reached; it asks once about a token that it accepts."""
    passes = 'X-Scope: {"identity":"CloudTwo","dns":"CloudTwo","*":"CloudOne"}'

    async def there(visit: Visit) -> None:
        await (known("good") if "/auth/tokens" in visit.line else says("201 Created"))(visit)

    async with staged(here=says("202 Accepted"), there=there) as stage:
        assert (await write(stage, "bad", passes, path="/dns/v2/zones")).status == 401
        assert (await write(stage, "good", passes, path="/dns/v2/zones")).status == 201
        assert (await write(stage, "good", passes)).status == 202
        assert stage.keystone.visits == []
        lines = [visit.line.split()[1] for visit in stage.there.visits]
    assert lines == ["/id/v3/auth/tokens?nocatalog"] * 2 + ["/dns/v2/zones"]


@played
async def test_a_guests_token_is_validated_once_with_a_short_lifetime() -> None:
    async with staged(here=says("202 Accepted"), there=ACCEPTS, policy=replace(MEMBERS, seconds=0)) as stage:
        assert (await write(stage, f"usr{GUEST}", "Accept: */*")).status == 202
        assert len(stage.there.visits) == 1
        assert len(stage.bridge.context.workflows) == 1


@pytest.mark.parametrize(
    "keystone",
    [
        pytest.param(FORBIDDEN, id="may not validate itself"),
        pytest.param(says_json({"token": {"user": {}, "domain": {"id": "d"}}}), id="for a domain"),
        pytest.param(says_json({"token": {"user": {}}}), id="for nothing"),
    ],
)
@played
async def test_tokens_accepted_without_a_user_share_one_owner(
    keystone: Script,
) -> None:
    """Keystone looks at the credential of a question before it refuses an answer to it (403)."""
    async with staged(here=says("202 Accepted"), keystone=keystone) as stage:
        limited(stage, Memory(workflows=100, user=2))
        for token in ("trust", "trust", "other", "other"):
            assert (await write(stage, token)).status == 202
        assert tokens(stage.keystone.visits) == [["trust"] * 2, ["other"] * 2]
        assert len(stage.bridge.context.workflows) == 2


@pytest.mark.parametrize(
    ("keystone", "status"), [(says("500 Internal Server Error"), 502), (says("503 Service Unavailable"), 503), (never, 504)]
)
@played
async def test_an_unusable_answer_of_keystone_stops_the_request(keystone: Script, status: int) -> None:
    async with staged(here=says("200 OK"), keystone=keystone) as stage:
        answer = await write(stage, "t")
        assert answer.status == status
        assert "identity of CloudOne" in answer.error
        assert (stage.here.visits, len(stage.bridge.context.workflows)) == ([], 0)


@pytest.mark.parametrize(
    ("service", "keystone", "status"),
    [
        ("nova", known("nova", roles=("service",)), 202),
        ("nova", known("nova", roles=("member",)), 401),
        ("nova", UNKNOWN, 401),
        ('nova!SCOPE!{"*":"CloudTwo"}', UNKNOWN, 202),
    ],
)
@played
async def test_an_expired_token_that_a_service_vouches_for_is_accepted(service: str, keystone: Script, status: int) -> None:
    """As each service accepts it, which has the last word: a long operation outlives the token with which it began."""
    async with staged(
        here=says("202 Accepted"), keystone=keystone, there=known("nova", roles=("service",)), policy=BOTH
    ) as stage:
        limited(stage, Memory(workflows=100, user=2))
        for token in ("expired", "another", "third"):
            assert (await write(stage, token, STAYS, f"X-Service-Token: {service}")).status == status
        assert len(stage.bridge.context.workflows) == (2 if status == 202 else 0), "all of them are of the service"


@played
async def test_a_service_token_that_is_for_no_project_makes_no_made_up_token_good() -> None:
    """Keystone accepts that one, and 403 is said of it alone."""

    async def keystone(visit: Visit) -> None:
        unscoped = visit.values("x-subject-token") == ["unscoped"]
        await (says_json({"token": {"user": {}}}) if unscoped else UNKNOWN)(visit)

    passes = 'X-Scope: {"identity":"CloudTwo","dns":"CloudTwo","*":"CloudOne"}'
    async with staged(here=says("202 Accepted"), there=UNKNOWN, keystone=keystone, policy=BOTH) as stage:
        for account in (False, True):
            stage.change(readers={"CloudTwo": AnAccount()} if account else {})
            for path, scope in (("/compute/servers", STAYS), ("/dns/v2/zones", passes)):
                assert (await write(stage, "made-up", scope, "X-Service-Token: unscoped", path=path)).status in (401, 403)
        assert (stage.here.visits, len(stage.bridge.context.workflows)) == ([], 0)


@pytest.mark.parametrize(("late", "status"), [(ACCEPTS, 201), (says("404 Not Found"), 401)])
@played
async def test_a_reader_account_tells_whether_a_foreign_token_has_expired(late: Script, status: int) -> None:
    async def there(visit: Visit) -> None:
        if "/auth/tokens" not in visit.line:
            await says("201 Created")(visit)
        else:
            await (late if "allow_expired" in visit.line else UNKNOWN)(visit)

    passes = 'X-Scope: {"identity":"CloudTwo","dns":"CloudTwo","*":"CloudOne"}'
    async with staged(there=there, keystone=known("nova", roles=("service",)), policy=BOTH) as stage:
        stage.change(readers={"CloudTwo": AnAccount()})
        answer = await write(stage, "expired", passes, "X-Service-Token: nova", path="/dns/v2/zones")
        assert (answer.status, len(stage.bridge.context.workflows)) == (status, 1 if status == 201 else 0)


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("POST", "/compute/servers", (STAYS,)),
        ("GET", "/compute/servers", ("X-Auth-Token: t", STAYS)),
        ("POST", "/compute/servers", ("X-Auth-Token: t",)),
        ("POST", "/image/v2/images", ("X-Auth-Token: t", 'X-Scope: {"compute":"CloudTwo"}')),
        ("POST", "/identity/v3/auth/tokens", (STAYS,)),
        ("DELETE", "/identity/v3/auth/tokens", ("X-Auth-Token: t", "X-Subject-Token: t", STAYS)),
    ],
)
@played
async def test_a_request_that_begins_no_workflow_asks_no_keystone_and_is_not_stored(
    method: str, path: str, headers: tuple[str, ...]
) -> None:
    """A request without a token, one that only looks, one without a scope, one to images, a log-in."""
    async with staged(here=says("200 OK"), keystone=UNKNOWN) as stage:
        answer = await stage.ask(method, path, *headers, body=b"{}" if method == "POST" else None)
        assert answer.status in (200, 400)
        assert (stage.keystone.visits, len(stage.bridge.context.workflows)) == ([], 0)
