# SPDX-License-Identifier: Apache-2.0
"""The slots of routes; teaching is tested in tests/conformance/test_route_cache.py."""

from openstackoid.bridge.proxy.route_teacher import SHARE, RouteSlots


def test_the_oldest_route_goes() -> None:
    slots = RouteSlots()
    sources = [f"10.0.0.{number}" for number in range(20)]
    assert [slots.take(source, 8) for source in sources] == [*range(8), *range(8), *range(4)]


def test_a_source_that_has_its_share_replaces_its_own_oldest() -> None:
    slots = RouteSlots()
    assert SHARE == 4
    assert [slots.take("10.0.0.1", 8) for _ in range(5)] == [0, 1, 0, 1, 0]
    assert [slots.take("10.0.0.2", 8) for _ in range(3)] == [2, 3, 2]
    others = [slots.take(f"10.0.1.{number}", 8) for number in range(5)]
    assert others == [4, 5, 6, 7, 0]
    assert slots.take("10.0.0.1", 8) == 1, "the slot that another source has by now is not its own"


def test_the_slots_of_sources_are_bounded() -> None:
    slots = RouteSlots()
    for number in range(1000):
        slots.take(f"source {number}", 8)
    assert len(slots._of_source) == len(slots._source_of) == 8


def test_a_route_that_has_a_slot_keeps_it() -> None:
    slots = RouteSlots()
    assert [slots.take("10.0.0.1", 16, key) for key in ("a", "b", "a", "b")] == [0, 1, 0, 1]
    assert [slots.take(f"10.0.1.{number}", 16, f"k{number}") for number in range(15)] == [*range(2, 16), 0]
    assert slots.take("10.0.0.1", 16, "a") == 1, "the route has lost its slot to another one"
