# SPDX-License-Identifier: Apache-2.0
"""Recorded claims stay for their time, and a flood of new tokens costs bounded memory and CPU."""

import asyncio
import tracemalloc

from cpu_time import least_cpu_time
from openstackoid.bridge.identity.token_memory import TokenMemory
from openstackoid.bridge.identity.token_record import Changed, Full, Recorded
from openstackoid.policy import Claims, PeerPolicy

ONE, TWO = Claims(bytes(176), "p/one"), Claims(b"\1" * 176, "p/two")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def told(
    memory: TokenMemory, token: bytes, claims: Claims = ONE, issuer: str = "CloudTwo", most: int = 2, seconds: float = 100
) -> object:
    return asyncio.run(memory.tell(issuer, token, claims, seconds, most))


def test_the_first_claims_count_until_their_time_is_over() -> None:
    clock = Clock()
    memory = TokenMemory(clock)
    assert told(memory, b"a") == Recorded()
    clock.now = 99
    assert told(memory, b"a", TWO) == Changed(ONE, True)
    assert told(memory, b"a", TWO) == Changed(ONE, False), "the audit log has it"
    clock.now = 124
    assert told(memory, b"a", TWO) == Changed(ONE, False), "what is refused makes the time no longer"
    clock.now = 125
    assert told(memory, b"a", TWO) == Recorded()
    assert told(memory, b"a", ONE) == Changed(TWO, True)


def test_each_call_makes_the_time_longer_where_it_must() -> None:
    clock = Clock()
    memory = TokenMemory(clock)
    for clock.now in range(0, 1000, 30):
        assert told(memory, b"a") == Recorded()
    clock.now += 99
    assert told(memory, b"a", TWO) == Changed(ONE, True)


def test_a_new_token_pushes_none_out() -> None:
    clock = Clock()
    memory = TokenMemory(clock)
    told(memory, b"a")
    clock.now = 10
    told(memory, b"b")
    assert [told(memory, name) for name in (b"c", b"d", b"a", b"b")] == [Full(115, 2), Full(115, 2), Recorded(), Recorded()]
    assert told(memory, b"c", issuer="CloudThree") == Recorded(), "another peer has room of its own"
    assert told(memory, b"a", TWO) == Changed(ONE, True)
    clock.now = 125
    assert told(memory, b"c") == Recorded()
    assert told(memory, b"d") == Full(10, 2)
    assert repr(memory) == "<TokenMemory {'CloudTwo': 2, 'CloudThree': 1}>"


def test_one_user_takes_no_more_than_a_share() -> None:
    """Keystone reads a token in many spellings, and each is a token of its own here."""
    clock = Clock()
    memory = TokenMemory(clock)
    statuses = [told(memory, number.to_bytes(32), most=2000) for number in range(201)]
    assert statuses[:-1] == [Recorded()] * 200
    assert statuses[-1] == Full(100, 200, of_user=True)
    assert told(memory, b"another user", TWO, most=2000) == Recorded()
    clock.now = 125
    assert told(memory, b"a", most=2000) == Recorded(), "the time of the others is over"


def test_a_token_with_a_shortened_lifetime_is_found_behind_an_older_one() -> None:
    clock = Clock()
    memory = TokenMemory(clock)
    told(memory, b"a", seconds=1000)
    told(memory, b"b", seconds=1)
    clock.now = 2
    assert told(memory, b"b", TWO) == Recorded()
    assert told(memory, b"a", TWO) == Changed(ONE, True)


def test_a_flood_of_new_tokens_is_bounded_in_memory_and_cpu() -> None:
    most, more = PeerPolicy.tokens, 100_000
    memory = TokenMemory(Clock())

    async def flood(first: int, number: int) -> list[bool]:
        told = []
        for token in range(first, first + number):
            claims = Claims(token.to_bytes(16) + bytes(160), "p/one")
            told.append(type(await memory.tell("CloudTwo", token.to_bytes(32), claims, 300, most)) is Full)
        return told

    def refuse_more() -> None:
        assert sum(asyncio.run(flood(most, more))) == more

    tracemalloc.start()
    try:
        assert sum(asyncio.run(flood(0, most))) == 0
        seconds = least_cpu_time(refuse_more, 0.0001 * more)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < most * 1024
    assert seconds < 0.0001 * more
    assert told(memory, bytes(32), TWO, most=most) == Changed(ONE, True), "the first one is still there"
