# SPDX-License-Identifier: Apache-2.0
"""A memory holds so many bytes of all users, and so many of one; the oldest goes first."""

import tracemalloc

import pytest

from openstackoid.composition import KnownMarkers
from openstackoid.composition.bounded_memory import ENTRY, BoundedMemory
from openstackoid.composition.cut import Cut, Place, Position
from openstackoid.composition.ties import Ties


def kept(memory: BoundedMemory[int], user: str) -> list[int]:
    return [number for number in range(20) if memory.get(user, number) is not None]


def fill(memory: BoundedMemory[int], user: str, numbers: range, size: int = 1000 - ENTRY) -> None:
    for number in numbers:
        memory.put(user, number, number, size)


def test_the_oldest_of_a_user_goes_first() -> None:
    memory: BoundedMemory[int] = BoundedMemory(10_000, 3000)
    fill(memory, "one", range(2))
    fill(memory, "two", range(5))
    assert (kept(memory, "one"), kept(memory, "two"), memory.size) == ([0, 1], [2, 3, 4], 5000)
    memory.put("two", 2, 2, 1000 - ENTRY)
    fill(memory, "two", range(7, 8))
    assert kept(memory, "two") == [2, 4, 7], "an entry that is put again is the newest"


def test_the_oldest_of_all_goes_once_all_is_full() -> None:
    memory: BoundedMemory[int] = BoundedMemory(4000, 3000)
    fill(memory, "one", range(2))
    fill(memory, "two", range(3))
    assert (kept(memory, "one"), kept(memory, "two"), memory.size) == ([1], [0, 1, 2], 4000)


def test_a_value_larger_than_a_share_is_not_kept_and_drives_nothing_out() -> None:
    memory: BoundedMemory[int] = BoundedMemory(4000, 3000)
    fill(memory, "one", range(2))
    memory.put("one", 9, 9, 3001 - ENTRY)
    assert kept(memory, "one") == [0, 1]


def test_what_is_forgotten_gives_its_bytes_back() -> None:
    memory: BoundedMemory[int] = BoundedMemory(4000, 3000)
    fill(memory, "one", range(2))
    for number in (0, 0, 1):
        memory.forget("one", number)
    assert (kept(memory, "one"), memory.size, memory._users, memory._spent, len(memory._order)) == ([], 0, {}, {}, 0)


@pytest.mark.parametrize("length", [36, 1000])
def test_known_markers_of_one_user_hold_no_more_than_their_share(length: int) -> None:
    share = 2**20
    known = KnownMarkers(4 * share, share)
    tracemalloc.start()
    try:
        for number in range(3000):
            last = f"{number}".rjust(length, "x")
            places = tuple(Place(f"{last}{cloud}", f"{cloud}{last}") for cloud in range(8))
            position = Position((last + "n",), last + "i", 1, ties=Ties(bytes(bytearray(640))))
            known.remember(f"user{number}"[:4], b"12345678", last, Cut(places, position))
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert share / 2 < held < share
    assert known.find("user", b"12345678", last) is not None
    assert known.find("user", b"12345678", "0".rjust(length, "x")) is None
