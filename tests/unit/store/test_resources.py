# SPDX-License-Identifier: Apache-2.0
"""The clouds of resources in the store, on any database: tests/lab runs the same tests on MariaDB."""

import asyncio
from unittest.mock import patch

from openstackoid.bridge.resource_index import FRESH, ResourceIndex, View
from openstackoid.store import Bounds, Database, Learnt, Owner, ResourceRow, Store
from openstackoid.store import resources as table
from openstackoid.store import worker as thread
from unit.bridge.stage import played
from unit.store.opening import NOW, USER, Clock, opened, sql

CLOUDS = ("One", "Two")
ID = "00000000-0000-4000-8000-000000000001"


def view(user: str = "u1", clouds: tuple[str, ...] = CLOUDS, project: str = "p1") -> View:
    return View(Owner("", user), (user, project, "member"), "compute", "/servers", clouds)


def entry(cloud: str, *, certain: bool, number: int = 1, owner: Owner = USER) -> ResourceRow:
    return ResourceRow(f"{number:040}", cloud, certain, owner, NOW + table.SECONDS)


async def cloud_of(index: ResourceIndex, seen: View, id_: str = ID) -> tuple[str, bool] | None:
    found = await index.find(seen, id_)
    return None if found is None else (found.cloud, found.certain)


async def written(store: Store) -> None:
    """Wait until all that was learnt is in the database."""
    await asyncio.sleep(0)
    for _ in range(100):
        if not [task for task in asyncio.all_tasks() if "_write_due" in repr(task)]:
            return
        await asyncio.sleep(0.01)
    assert store is None


@played
async def test_each_gateway_finds_what_another_has_learnt(database: Database) -> None:
    clock = Clock()
    async with opened(database, 2, clock) as stores:
        one, two = (ResourceIndex(store, clock) for store in stores)
        one.learn(view(), [(ID, "Two")], certain=True)
        assert await cloud_of(one, view()) == ("Two", True)
        await written(stores[0])
        assert await cloud_of(two, view()) == ("Two", True)
        for other in (view("u2"), view(clouds=("One", "Two", "Three")), view(project="p2")):
            assert await cloud_of(two, other) is None
        assert await cloud_of(two, view(clouds=("Two", "One"))) == ("Two", True)
        one.forget(view(), [ID])
        assert await cloud_of(one, view()) is None
        await written(stores[0])
        clock.now += FRESH
        assert await cloud_of(two, view()) is None


@played
async def test_an_entry_ends(database: Database) -> None:
    clock = Clock()
    async with opened(database, 1, clock) as (store,):
        index = ResourceIndex(store, clock)
        index.learn(view(), [(ID, "Two")], certain=True)
        await written(store)
        clock.now += table.SECONDS
        assert await cloud_of(index, view()) is None


@played
async def test_two_claims_leave_no_cloud(database: Database) -> None:
    listed_one, listed_two = entry("One", certain=False), entry("Two", certain=False)
    sure_one, sure_two = entry("One", certain=True), entry("Two", certain=True)
    async with opened(database) as (store,):
        for claims, expected in (
            ([listed_one, listed_two], None),
            ([sure_one, listed_two], None),
            ([sure_one, listed_one], sure_one),
            ([listed_one, sure_two], sure_two),
            ([listed_one], listed_one),
        ):
            for each in claims:
                await store.learn(Learnt((each,)))
            assert await store.find_resource(each.id) == expected
            await store.learn(Learnt((), (each.id,)))
            assert await store.find_resource(each.id) is None


@played
async def test_only_uuids_have_an_entry(database: Database) -> None:
    async with opened(database) as (store,):
        index = ResourceIndex(store, Clock())
        for id_ in ("m1.tiny", "1", ID.replace("-", ""), ID.upper().replace("0", "A"), "x" * 10_000):
            index.learn(view(), [(id_, "Two")], certain=True)
            assert await cloud_of(index, view(), id_) is None
        await written(store)
        assert sql(database, "SELECT count(*) FROM resources") == [(0,)]


@played
async def test_the_entries_of_one_user_push_out_none_of_others(database: Database) -> None:
    bounds = Bounds(100, table.SECONDS, 30, 50)
    greedy, other = Owner("", "greedy"), Owner("", "other")
    with patch.object(table, "BOUNDS", bounds), patch.object(thread, "BOUNDS", bounds):
        async with opened(database) as (store,):
            await store.learn(Learnt(tuple(entry("One", certain=True, number=number, owner=other) for number in range(20))))
            for first in range(1000, 1400, 40):
                rows = tuple(entry("One", certain=True, number=number, owner=greedy) for number in range(first, first + 40))
                await store.learn(Learnt(rows))
            await store.find_resource("0")
            there = dict(sql(database, "SELECT owner, count(*) FROM resources GROUP BY owner"))
    assert there == {"/other": 20, "/greedy": 30}


@played
async def test_a_store_that_fails_costs_the_entries_alone(database: Database) -> None:
    async with opened(database) as (store,):
        index = ResourceIndex(store, Clock())
    assert await cloud_of(index, view()) is None
    index.learn(view(), [(ID, "Two")], certain=True)
    await written(store)
    assert await cloud_of(index, view()) == ("Two", True)


@played
async def test_a_list_that_is_repeated_writes_nothing_anew(database: Database) -> None:
    async with opened(database) as (store,):
        index = ResourceIndex(store, Clock())
        index.learn(view(), [(ID, "Two")], certain=True)
        await written(store)
        with patch.object(store, "learn", side_effect=AssertionError):
            for certain in (True, False):
                index.learn(view(), [(ID, "Two")], certain=certain)
            await written(store)
