# SPDX-License-Identifier: Apache-2.0
"""A compact set of things finds each of them, however many there are, in little memory."""

import random

from cpu_time import least_cpu_time
from openstackoid.composition.things import THING, Things


def things(numbers: range) -> dict[bytes, int]:
    chance = random.Random(numbers.start)
    return {chance.randbytes(THING): number % 8 for number in numbers}


def test_an_empty_set_has_nothing() -> None:
    assert Things().get(bytes(THING)) is None
    assert Things.of({}) == Things()


def test_each_thing_has_the_cloud_that_showed_it_first_whatever_is_added() -> None:
    known: dict[bytes, int] = {}
    found = Things()
    for begin in range(0, 3000, 100):
        more = things(range(begin, begin + 100))
        assert all(found.get(thing) is None for thing in more)
        before, found = found, found.plus(more)
        assert {thing: before.get(thing) for thing in known} == known
        known |= more
        assert {thing: found.get(thing) for thing in known} == known


def test_a_thing_is_not_found_within_two_others() -> None:
    clouds = {bytes([number]) * THING: (number + 1) % 4 for number in range(4)}
    found = Things.of(clouds)
    assert {thing: found.get(thing) for thing in clouds} == clouds
    assert found.get(bytes(THING - 1) + b"\1") is None


def test_a_hundred_thousand_things_take_16_bytes_each_and_few_more() -> None:
    found = Things.of(things(range(100_000)))
    assert 1_600_000 < found.size < 1_650_000
    assert Things.of({bytes(THING): 0}).size < 150


def test_a_page_of_a_long_list_costs_no_more_than_its_own_items() -> None:
    found, page = Things.of(things(range(100_000))), things(range(100_000, 101_000))

    def turn() -> None:
        assert all(found.get(thing) is None for thing in page)
        found.plus(page)

    assert least_cpu_time(turn, 0.01) < 0.01
