# SPDX-License-Identifier: Apache-2.0
"""Gateways of one cloud share a store; requests without a workflow go on without it."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest

from openstackoid.store import Database
from unit.bridge.stage import Script, Visit, played, says, staged
from unit.store.opening import kept, sql

ID = "req-5c09ed00-0000-4000-8000-000000000001"
SCOPED = ("X-Auth-Token: t", 'X-Scope: {"image":"CloudTwo"}')
HOP = ("X-Auth-Token: nova", f"X-OpenStack-Request-Id: {ID}")
CANNOT = "gateway of CloudOne: its store, which keeps the scopes of workflows, cannot be used; the request was not sent on"


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database.file(tmp_path / "store.sqlite")


@played
async def test_a_workflow_that_another_gateway_began_goes_on_here(database: Database) -> None:
    async with staged(here=says("202 Accepted"), database=database) as one:
        began = await one.ask("POST", "/compute/servers", *SCOPED, f"X-OpenStack-Request-Id: {ID}", body=b"{}")
        assert began.status == 202
        async with staged(there=says("204 No Content"), database=database) as two:
            two.change(mesh=replace(two.mesh, shared=(("image", frozenset({"CloudOne", "CloudTwo"})),)))
            for _ in range(2):
                assert (await two.ask("GET", "/image/v2", *HOP)).status == 204
            sent = [visit.values("x-auth-token") for visit in two.there.visits]
    assert sent == [['nova!SCOPE!{"identity":"CloudOne","*":"CloudOne","image":"CloudTwo"}']] * 2


@played
async def test_a_workflow_keeps_its_scope_at_each_gateway(database: Database) -> None:
    async with staged(here=says("202 Accepted"), database=database) as one, staged(database=database) as two:
        await one.ask("POST", "/compute/servers", *SCOPED, f"X-OpenStack-Request-Id: {ID}", body=b"{}")
        other = ("X-Auth-Token: t", 'X-Scope: {"image":"CloudOne"}', f"X-OpenStack-Request-Id: {ID}")
        refused = await two.ask("POST", "/compute/servers", *other, body=b"{}")
        assert (refused.status, "give each workflow an id of its own" in refused.error) == (409, True)


@played
async def test_the_row_is_committed_before_the_request_leaves(database: Database) -> None:
    rows: list[set[str]] = []

    async def looks(visit: Visit) -> None:
        rows.append(kept(database))
        await says("202 Accepted")(visit)

    async with staged(here=looks, database=database) as stage:
        assert (await stage.ask("POST", "/compute/servers", *SCOPED, body=b"{}")).status == 202
        (visit,) = stage.here.visits
    assert rows == [set(visit.values("x-openstack-request-id"))]


@played
async def test_a_row_holds_no_token(database: Database) -> None:
    async with staged(here=says("202 Accepted"), database=database) as stage:
        secret = ("X-Auth-Token: gAAAAA-secret", "X-Service-Token: gAAAAA-other", 'X-Scope: {"image":"CloudTwo"}')
        assert (await stage.ask("POST", "/compute/servers?x=gAAAAA", *secret, body=b'{"x":"gAAAAA"}')).status == 202
        (found,) = sql(database, "SELECT * FROM workflows WHERE id <> 'probe'")
    assert found[1] == '{"*":"CloudOne","image":"CloudTwo"}'
    assert re.fullmatch("/[0-9a-f]{32}", found[2]), "a digest of the user"
    assert "gAAAAA" not in str(found)


@played
async def test_a_workflow_that_was_not_begun_leaves_no_row(database: Database) -> None:
    async with staged(here=says("403 Forbidden"), database=database) as stage:
        assert (await stage.ask("POST", "/compute/servers", *SCOPED, body=b"{}")).status == 403
        async with asyncio.timeout(5):
            while kept(database):
                await asyncio.sleep(0.02)


@played
async def test_an_unknown_workflow_is_refused(database: Database) -> None:
    async with staged(database=database) as stage:
        refused = await stage.ask("GET", "/image/v2", *HOP)
        assert (refused.status, f"the gateway has no record of workflow {ID}" in refused.error) == (503, True)
        assert (stage.here.visits, stage.there.visits) == ([], [])


@pytest.mark.parametrize("scope", ['{"image": "CloudTen"}', "[]", "no scope"])
@played
async def test_a_row_of_another_hand_sends_nothing_elsewhere(database: Database, scope: str) -> None:
    async with staged(database=database) as stage:
        sql(database, f"INSERT INTO workflows (id, scope, owner, created, expires) VALUES ('{ID}', '{scope}', '/u1', 0, 1e11)")
        refused = await stage.ask("GET", "/image/v2", *HOP)
        assert refused.status in (400, 503)
        assert (stage.here.visits, stage.there.visits) == ([], [])


@played
async def test_without_a_store_requests_that_need_it_are_refused_and_the_rest_go_on(tmp_path: Path) -> None:
    folder = tmp_path / "later"
    ok: Script = says("200 OK")
    async with staged(here=ok, there=ok, database=Database.file(folder / "store.sqlite"), patience=0.2) as stage:
        traced = "X-OpenStack-Request-Id: req-7472ace0-0000-4000-8000-000000000001"
        for method, path, *headers in (
            ("POST", "/compute/servers", *SCOPED),
            ("GET", "/image/v2", *HOP),
            ("GET", "/image/v2", "X-Auth-Token: nova", traced),
        ):
            refused = await stage.ask(method, path, *headers)
            assert (refused.status, refused.error) == (503, CANNOT)
        assert (stage.here.visits, stage.there.visits) == ([], [])
        for method, path, *headers in (
            ("GET", "/image/v2", *SCOPED),
            ("PUT", "/image/v2/images/1/file", *SCOPED),
            ("GET", "/compute/servers", *SCOPED, HOP[1]),
            ("POST", "/compute/servers", "X-Auth-Token: t"),
        ):
            assert (await stage.ask(method, path, *headers)).status == 200, (method, path, headers)
        assert (await stage.ask("GET", "/.openstackoid/mesh")).json()["store"] == "down"
        folder.mkdir()
        async with asyncio.timeout(8):
            while (await stage.ask("GET", "/.openstackoid/mesh")).json()["store"] == "down":
                await asyncio.sleep(0.2)
        assert (await stage.ask("POST", "/compute/servers", *SCOPED)).status == 200
