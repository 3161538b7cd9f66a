# SPDX-License-Identifier: Apache-2.0
"""The store on any database: tests/lab runs the same tests on MariaDB."""

import asyncio
import subprocess
import sys
from unittest.mock import DEFAULT, patch

import pytest
from alembic import command
from alembic.util.exc import CommandError

from openstackoid.bridge.workflows import Workflows
from openstackoid.mesh import Memory
from openstackoid.routing import Workflow
from openstackoid.scope import Scope
from openstackoid.store import Database, Owner, SchemaError, Store, WorkflowRow
from openstackoid.store.lane import MOST
from openstackoid.store.owned_rows import BATCH
from openstackoid.store.schema import REVISIONS
from openstackoid.store.worker import Worker
from unit.bridge.stage import played
from unit.store.opening import DAY, NOW, SCOPE, USER, Clock, bounds, kept, opened, request_id, row, sql


@played
async def test_a_written_workflow_is_found_by_another_gateway(database: Database) -> None:
    async with opened(database, 2) as (one, two):
        await one.put(row(1))
        assert await two.find(request_id(1)) == row(1)
        assert await two.find(request_id(2)) is None


@played
async def test_a_written_workflow_outlives_its_gateway(database: Database) -> None:
    async with opened(database) as (store,):
        await store.put(row(1))
    async with opened(database) as (store,):
        assert await store.find(request_id(1)) == row(1)


@played
async def test_a_workflow_that_is_written_again_keeps_its_scope_and_owner_and_its_time_begins_anew(database: Database) -> None:
    other = Owner("CloudTwo", "u2")
    async with opened(database, 2) as (one, two):
        await one.put(row(1))
        kept = row(1, NOW + 2 * DAY)
        assert await two.put(WorkflowRow(request_id(1), "{}", other, NOW + 5, NOW + 2 * DAY)) == kept
        assert await one.find(request_id(1)) == kept


@played
async def test_a_workflow_out_of_time_that_is_written_again_is_another_one(database: Database) -> None:
    async with opened(database) as (store,):
        await store.put(row(1, NOW + 10))
        another = WorkflowRow(request_id(1), "{}", Owner("CloudTwo", "u2"), NOW + 10, NOW + 20)
        assert await store.put(another) == another
        assert await store.find(request_id(1)) == another


@played
async def test_writes_are_done_in_their_order(database: Database) -> None:
    async with opened(database) as (store,):
        for number in range(3):
            store.put_later(row(number))
            store.remove_later(request_id(number))
        store.put_later(row(1))
        await store.put(row(3))
        assert kept(database) == {request_id(1), request_id(3)}


@played
async def test_many_writes_are_committed_in_few_transactions(database: Database) -> None:
    async with opened(database) as (store,):
        with patch.object(Worker, "_attempt", autospec=True, side_effect=Worker._attempt) as attempts:
            await asyncio.gather(*(store.put(row(number)) for number in range(4 * MOST)))
        assert len(kept(database)) == 4 * MOST
        assert attempts.call_count <= 10


@played
async def test_the_workflow_used_longest_ago_makes_room(database: Database) -> None:
    async with opened(database) as (store,):
        store.bounds = bounds(3)
        for number, expires in ((1, NOW + 30), (2, NOW + 10), (3, NOW + 40), (4, NOW + 20)):
            await store.put(row(number, expires))
        await until_kept(database, {1, 3, 4})
        store.bounds = bounds(1)
        await store.put(row(5))
        await until_kept(database, {5})


@played
async def test_expired_workflows_are_removed_in_batches(database: Database) -> None:
    clock = Clock()
    async with opened(database, clock=clock) as (store,):
        await asyncio.gather(*(store.put(row(number, NOW + 10)) for number in range(2 * BATCH + 10)))
        clock.now += 20
        store.bounds = bounds(10)
        await store.put(row(5000))
        await until_kept(database, {5000})


@played
async def test_a_clock_that_was_ahead_leaves_no_workflow_for_ever(database: Database) -> None:
    async with opened(database) as (store,):
        store.bounds = bounds(2, 60)
        await store.put(row(1, NOW + 1000 * DAY))
        await store.put(row(2, NOW + 60))
        for number in (3, 4):
            await store.put(row(number, NOW + 61))
        await until_kept(database, {3, 4})


@played
async def test_gateways_that_write_the_same_workflows_at_once_lose_none(database: Database) -> None:
    async with opened(database, 3) as stores:
        await asyncio.gather(*(store.put(row(number)) for number in range(300) for store in stores))
        assert kept(database) == {request_id(number) for number in range(300)}


def test_gateways_that_start_at_once_make_the_schema_together(database: Database) -> None:
    url, password = database.url.render_as_string(), database.password
    program = (
        "import sys; from pathlib import Path; from sqlalchemy import make_url; from openstackoid.store import Database\n"
        f"database = Database(make_url({url!r}), {password and str(password)!r} and Path({str(password)!r}))\n"
        "engine = database.engine(); sys.stdin.read(); database.connect(engine).close()"
    )
    gateways = [subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE) for _ in range(2)]
    for gateway in gateways:
        assert gateway.stdin is not None
        gateway.stdin.close()
    assert [gateway.wait(60) for gateway in gateways] == [0] * 2
    assert sql(database, "SELECT version_num FROM alembic_version") == [(REVISIONS[-1],)]


def test_a_gateway_migrates_again_where_another_was_faster(database: Database) -> None:
    """Another node of Galera may change the version meanwhile, and Alembic has an error of its own for that."""
    faster = CommandError("Online migration expected to match one row when updating '0001' to '0002'; 0 found")
    with patch.object(command, "upgrade", side_effect=[faster, DEFAULT], wraps=command.upgrade):
        database.connect(database.engine()).close()
    assert sql(database, "SELECT version_num FROM alembic_version") == [(REVISIONS[-1],)]


@played
async def test_a_schema_that_was_begun_is_completed(database: Database) -> None:
    async with opened(database) as (store,):
        await store.put(row(1))
    sql(database, "DELETE FROM alembic_version")
    async with opened(database) as (store,):
        assert await store.find(request_id(1)) == row(1)


@played
async def test_the_schema_of_an_older_release_is_brought_to_this_ones_with_its_rows(database: Database) -> None:
    async with opened(database) as (store,):
        await store.put(row(1))
    sql(database, "DROP TABLE tokens")
    sql(database, f"UPDATE alembic_version SET version_num = '{REVISIONS[0]}'")
    async with opened(database) as (store,):
        assert await store.find(request_id(1)) == row(1)
        assert sql(database, "SELECT count(*) FROM tokens") == [(0,)]


@played
async def test_the_schema_of_a_newer_release_is_refused(database: Database) -> None:
    async with opened(database):
        pass
    sql(database, "UPDATE alembic_version SET version_num = '0999'")
    with pytest.raises(SchemaError, match=f"the database has the schema 0999 of a newer release; .* knows {REVISIONS[-1]}"):
        await Store(database).open()


@played
async def test_a_gateway_recalls_a_workflow_that_another_began_and_renews_it(database: Database) -> None:
    scope, limits, clock = Scope.of({"*": "CloudOne", "image": "CloudTwo"}), Memory(seconds=100), Clock()
    async with opened(database, 2, clock) as (one, two):
        first, second = Workflows(one, clock), Workflows(two, clock)
        await first.remember(Workflow(request_id(1), scope), USER, limits)
        clock.now += 60
        assert await second.find(request_id(1), limits) == scope
        # The renewal is written before this.
        await two.put(row(2))
        clock.now += 60
        assert await first.find(request_id(1), limits) == scope, "its time began anew with the hop at the other gateway"
        clock.now += 200
        assert await first.find(request_id(1), limits) is None


@pytest.mark.parametrize("text", ["", "[]", "{", "null", '{"image": 1}', "{}", "[" * 5000])
@played
async def test_a_row_that_no_gateway_has_written_is_no_workflow(database: Database, text: str) -> None:
    async with opened(database) as (store,):
        await store.put(row(1)._replace(scope=text))
        assert await Workflows(store, Clock()).find(request_id(1), Memory()) is None


def test_the_scope_of_a_row_is_that_of_headers() -> None:
    assert Scope.of({"*": "CloudOne", "image": "CloudTwo"}).to_header() == SCOPE


async def until_kept(database: Database, numbers: set[int]) -> None:
    async with asyncio.timeout(5):
        while kept(database) != {request_id(number) for number in numbers}:
            await asyncio.sleep(0.02)
