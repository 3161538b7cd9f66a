# SPDX-License-Identifier: Apache-2.0
"""The owner who makes room in a full store, on any database: tests/lab runs the same tests on MariaDB."""

import asyncio
from collections.abc import Sequence

from openstackoid.store import Bounds, Database, Owner, Store, owner_of
from openstackoid.store.owned_rows import BATCH
from unit.bridge.stage import played
from unit.store.opening import DAY, NOW, USER, Clock, kept, opened, request_id, row

LIMITS = Bounds(2000, DAY, 500, 1000)


async def fill(store: Store, owner: Owner, numbers: Sequence[int]) -> None:
    for first in range(0, len(numbers), 50):
        await asyncio.gather(*(store.put(row(number, NOW + DAY + number, owner)) for number in numbers[first : first + 50]))


@played
async def test_many_workflows_of_one_user_push_out_none_of_others(database: Database) -> None:
    async with opened(database) as (store,):
        store.bounds = LIMITS
        others = [owner_of("CloudOne", "CloudOne", f"u{number}") for number in range(100)]
        for number, owner in enumerate(others):
            await fill(store, owner, range(18 * number, 18 * number + 18))
        await fill(store, owner_of("CloudOne", "CloudOne", "greedy"), range(5000, 7100))
        there = kept(database)
    assert there == {request_id(number) for number in (*range(1800), *range(6900, 7100))}


@played
async def test_a_cloud_that_makes_up_users_pushes_out_its_own(database: Database) -> None:
    """Nor do its many users have a larger part of a full store than one user of this cloud."""
    async with opened(database) as (store,):
        store.bounds = Bounds(100, DAY, 25, 50)
        ours = [owner_of("CloudOne", "CloudOne", f"u{number}") for number in range(3)]
        await fill(store, ours[0], range(5))
        made_up = (row(1000 + number, owner=owner_of("CloudOne", "CloudTwo", f"made-up-{number}")) for number in range(1000))
        await asyncio.gather(*(store.put(each) for each in made_up))
        there = kept(database)
        assert {request_id(number) for number in range(5)} <= there
        assert len(there) == 5 + 50
        for place, owner in enumerate(ours[1:]):
            await fill(store, owner, range(100 * place + 100, 100 * place + 125))
        assert {request_id(number) for number in (*range(5), *range(100, 125), *range(200, 225))} <= kept(database)


@played
async def test_rows_of_another_gateway_count_after_some_time(database: Database) -> None:
    user, other = USER, Owner("", "u2")
    async with opened(database, 2) as (one, two):
        one.bounds = two.bounds = Bounds(16 * BATCH, DAY, 400, 4000)
        await fill(one, user, range(200))
        await fill(two, user, range(1000, 1400))
        await fill(one, other, range(2000, 2000 + BATCH))
        await fill(one, user, [3000])
        there = kept(database)
    assert len(there & {request_id(number) for number in (*range(200), *range(1000, 1400), 3000)}) == 400
    assert request_id(3000) in there


@played
async def test_rows_that_another_gateway_has_removed_make_no_new_one_go(database: Database) -> None:
    clock = Clock()
    async with opened(database, 2, clock) as (one, two):
        one.bounds = Bounds(10, DAY, 10, 10)
        await fill(one, USER, range(10))
        for number in range(10):
            two.remove_later(request_id(number))
        await two.put(row(100))
        clock.now += 2
        await fill(one, USER, [200, 201])
        assert kept(database) == {request_id(number) for number in (100, 200, 201)}


@played
async def test_workflows_that_make_room_are_told_before_their_successor_is_there(database: Database) -> None:
    told: list[str] = []
    async with opened(database) as (store,):
        store.removed.append(lambda ids: told.extend(each for each in ids if each != "probe"))
        store.bounds = Bounds(2, DAY, 2, 2)
        for number in range(4):
            await store.put(row(number, NOW + DAY + number))
            assert told == [request_id(each) for each in range(number - 1)]


@played
async def test_smaller_limits_hold_from_the_next_workflow_on_in_batches(database: Database) -> None:
    async with opened(database) as (store,):
        await fill(store, USER, range(2 * BATCH + 100))
        store.bounds = Bounds(10, DAY, 10, 10)
        await fill(store, USER, [5000])
        async with asyncio.timeout(5):
            while len(kept(database)) > 10:
                await asyncio.sleep(0.02)
        assert request_id(5000) in kept(database)
