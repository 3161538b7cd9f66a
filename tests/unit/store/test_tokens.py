# SPDX-License-Identifier: Apache-2.0
"""The record of tokens' claims in the store, on any database: tests/lab runs the same tests on MariaDB."""

import asyncio
import time
import tracemalloc
from typing import cast
from unittest.mock import patch

from openstackoid.bridge.identity.token_record import Changed, Full, Recorded
from openstackoid.bridge.identity.token_store import TokenStore
from openstackoid.policy import Claims, PeerPolicy
from openstackoid.store import Database, Store
from openstackoid.store.owned_rows import BATCH
from openstackoid.store.tokens import LONGEST, Found, Offer
from unit.bridge.stage import played
from unit.store.opening import NOW, Clock, opened, sql

ONE, TWO = Claims(bytes(176), "p/one"), Claims(b"\1" * 176, "p/two")


async def told(
    record: TokenStore, token: str, claims: Claims = ONE, issuer: str = "CloudTwo", most: int = 2, seconds: float = 100
) -> object:
    return await record.tell(issuer, token.encode().rjust(32), claims, seconds, most)


def tokens(database: Database) -> int:
    return int(sql(database, "SELECT count(*) FROM tokens")[0][0])


@played
async def test_a_token_keeps_its_claims_at_each_gateway(database: Database) -> None:
    clock = Clock()
    async with opened(database, 2, clock) as stores:
        one, two = (TokenStore(store, clock) for store in stores)
        assert await told(one, "a") == Recorded()
        assert await told(two, "a", TWO) == Changed(ONE, True)
        assert await told(one, "a", TWO) == Changed(ONE, False), "the audit log of the other gateway has it"
        assert await told(two, "a") == Recorded()
        assert await told(two, "a", TWO, issuer="CloudThree") == Recorded(), "another issuer's is another token"
        clock.now += 126
        assert await told(two, "a", TWO) == Recorded()
        assert await told(one, "a", ONE) == Changed(TWO, True)


@played
async def test_of_two_gateways_that_are_told_at_the_same_time_one_counts(database: Database) -> None:
    clock = Clock()
    async with opened(database, 2, clock) as stores:
        one, two = (TokenStore(store, clock) for store in stores)
        for number in range(30):
            answers = await asyncio.gather(told(one, f"t{number}", ONE, most=99), told(two, f"t{number}", TWO, most=99))
            assert sorted(type(answer).__name__ for answer in answers) == ["Changed", "Recorded"]
            assert all(answer.first for answer in answers if isinstance(answer, Changed))


@played
async def test_after_a_restart_a_token_has_the_same_claims(database: Database) -> None:
    clock = Clock()
    async with opened(database, 1, clock) as (store,):
        assert await told(TokenStore(store, clock), "a") == Recorded()
    async with opened(database, 1, clock) as (store,):
        record = TokenStore(store, clock)
        assert await told(record, "a", TWO) == Changed(ONE, True)
        assert await told(record, "b", most=1) == Full(125, 1)


@played
async def test_the_first_claims_count_until_their_time_is_over(database: Database) -> None:
    clock = Clock()
    async with opened(database, 1, clock) as (store,):
        record = TokenStore(store, clock)
        assert await told(record, "a") == Recorded()
        clock.now = NOW + 124
        for _ in range(2):
            assert isinstance(await told(record, "a", TWO), Changed), "what is refused makes the time no longer"
        clock.now = NOW + 125
        assert await told(record, "a", TWO) == Recorded()


@played
async def test_each_call_makes_the_time_longer_where_it_must(database: Database) -> None:
    clock = Clock()
    async with opened(database, 1, clock) as (store,):
        record = TokenStore(store, clock)
        for _ in range(30):
            clock.now += 30
            assert await told(record, "a") == Recorded()
        clock.now += 99
        assert await told(record, "a", TWO) == Changed(ONE, True)


@played
async def test_a_shorter_lifetime_of_another_gateway_is_ignored(database: Database) -> None:
    clock = Clock()
    async with opened(database, 2, clock) as stores:
        one, two = (TokenStore(store, clock) for store in stores)
        await told(one, "a", seconds=1000)
        await told(two, "a", seconds=1)
        clock.now += 999
        assert await told(two, "a", TWO) == Changed(ONE, True)


@played
async def test_a_new_token_pushes_none_out(database: Database) -> None:
    clock = Clock()
    async with opened(database, 1, clock) as (store,):
        record = TokenStore(store, clock)
        await told(record, "a")
        clock.now += 10
        await told(record, "b")
        assert [await told(record, name) for name in "cdab"] == [Full(115, 2), Full(115, 2), Recorded(), Recorded()]
        assert await told(record, "c", issuer="CloudThree") == Recorded(), "another peer has room of its own"
        assert await told(record, "a", TWO) == Changed(ONE, True)
        clock.now += 115
        assert await told(record, "c") == Recorded()
        assert await told(record, "d") == Full(10, 2)
        assert repr(record) == "<TokenStore {'CloudTwo': 2, 'CloudThree': 1} cached>"


@played
async def test_one_user_takes_no_more_than_a_share(database: Database) -> None:
    """Keystone reads a token in many spellings, and each is a token of its own here."""
    clock = Clock()
    async with opened(database, 2, clock) as stores:
        one, two = (TokenStore(store, clock) for store in stores)
        answers = await asyncio.gather(*(told(one, f"t{number}", most=2000) for number in range(201)))
        assert [type(answer) for answer in answers].count(Recorded) == 200
        assert [answer for answer in answers if answer != Recorded()] == [Full(125, 200, of_user=True)]
        assert await told(two, "b", most=2000) == Full(125, 200, of_user=True), "at the other gateway, too"
        assert await told(two, "another user", TWO, most=2000) == Recorded()
        clock.now += 125
        assert await told(two, "b", most=2000) == Recorded(), "the time of the others is over"


@played
async def test_the_bound_holds_for_tokens_that_come_at_once(database: Database) -> None:
    async with opened(database) as (store,):
        record = TokenStore(store, Clock())
        answers = await asyncio.gather(*(told(record, f"t{number}", most=10) for number in range(200)))
        assert [type(answer) for answer in answers].count(Recorded) == 10
        assert (tokens(database), repr(record)) == (10, "<TokenStore {'CloudTwo': 10} cached>")


@played
async def test_a_flood_of_new_tokens_is_bounded_in_rows_and_cpu(database: Database) -> None:
    most, more = 1000, 5000

    async def flood(first: int, number: int) -> list[object]:
        users = ((each, Claims(each.to_bytes(16) + bytes(160), "p/one")) for each in range(first, first + number))
        return await asyncio.gather(*(told(record, f"t{each}", claims, most=most) for each, claims in users))

    async with opened(database) as (store,):
        record = TokenStore(store, Clock())
        assert set(map(type, await flood(0, most))) == {Recorded}
        began = time.process_time()
        assert set(map(type, await flood(most, more))) == {Full}
        seconds = time.process_time() - began
        assert (tokens(database), repr(record)) == (most, f"<TokenStore {{'CloudTwo': {most}}} cached>")
        assert isinstance(await told(record, "t0", TWO, most=most), Changed), "the first one is still there"
    assert seconds / more < 0.003


@played
async def test_tokens_of_other_gateways_count_after_a_second(database: Database) -> None:
    clock = Clock()
    async with opened(database, 2, clock) as stores:
        one, two = (TokenStore(store, clock) for store in stores)
        for name in "abc":
            await told(one, name, most=4)
        await told(two, "d", most=4)
        clock.now += 2
        assert [type(await told(record, name, most=4)) for record, name in ((one, "e"), (two, "f"))] == [Full, Full]


@played
async def test_a_recorded_token_asks_the_database_once_in_a_quarter_of_its_time(database: Database) -> None:
    clock, asked = Clock(), list[float]()
    async with opened(database, 1, clock) as (store,):
        record = TokenStore(store, clock)
        with patch.object(store, "record", wraps=store.record) as offered:
            for seconds in range(60):
                clock.now = NOW + seconds
                before = offered.call_count
                assert await told(record, "a") == Recorded()
                asked += [seconds] * (offered.call_count - before)
    assert asked == [0, 26, 52]


@played
async def test_expired_tokens_and_those_of_a_clock_that_was_ahead_are_removed_in_batches(database: Database) -> None:
    clock = Clock()
    async with opened(database, 1, clock) as (store,):
        record = TokenStore(store, clock)
        await asyncio.gather(*(told(record, f"t{number}", most=9999) for number in range(BATCH + 50)))
        await told(record, "ahead", most=9999, seconds=2 * LONGEST)
        await told(record, "good", most=9999, seconds=1000)
        clock.now += 200
        worker = store._worker
        assert worker is not None
        worker._next_trim = 0.0
        await told(record, "new", most=9999)
        async with asyncio.timeout(5):
            while tokens(database) > 2:
                await asyncio.sleep(0.02)
        assert await told(record, "good", TWO, most=9999) == Changed(ONE, True)


class Room:
    """A store with room for every token."""

    async def record(self, offer: Offer) -> Found:
        return Found(offer.row, first=False)


@played
async def test_the_cached_claims_of_a_peer_are_bounded_in_memory() -> None:
    most = PeerPolicy.tokens
    record = TokenStore(cast(Store, Room()), Clock())
    tracemalloc.start()
    try:
        for number in range(most):
            claims = Claims(number.to_bytes(16) + bytes(160), "p/one")
            assert await record.tell("CloudTwo", number.to_bytes(32), claims, 300, most) == Recorded()
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < most * 1024
