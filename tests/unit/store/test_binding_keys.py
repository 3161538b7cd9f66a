# SPDX-License-Identifier: Apache-2.0
"""The keys that gateways bind tokens with, in the store, on any database: tests/lab runs the same tests on MariaDB."""

from openstackoid.store import Database
from unit.bridge.stage import played
from unit.store.opening import NOW, opened


@played
async def test_gateways_of_one_store_see_each_others_keys(database: Database) -> None:
    async with opened(database, 2) as (first, second):
        assert await first.share_key("a" * 16, NOW, NOW - 180) == ("a" * 16,)
        assert await second.share_key("b" * 16, NOW + 1, NOW - 179) == ("a" * 16, "b" * 16)


@played
async def test_a_key_that_nobody_has_bound_with_for_some_time_is_forgotten(database: Database) -> None:
    async with opened(database) as (store,):
        await store.share_key("a" * 16, NOW, NOW - 180)
        assert await store.share_key("b" * 16, NOW + 181, NOW + 1) == ("b" * 16,)
