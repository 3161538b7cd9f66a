# SPDX-License-Identifier: Apache-2.0
"""What a merge has seen is told once, and its items are freed with it."""

import gc

from openstackoid.composition.branch import Branch
from openstackoid.composition.merge import Merge
from openstackoid.composition.page import Item
from openstackoid.composition.seen_items import SeenItems
from openstackoid.composition.things import THING, Things
from unit.composition.clouds import gateway, list_kind, uuid

THINGS = [bytes([number]) * THING for number in range(3)]


def item(number: int, equal: bytes | None) -> Item:
    return Item(uuid(number), (), None, equal, "{}")


def test_another_clouds_item_that_is_the_same_thing_is_repeated() -> None:
    seen = SeenItems(["One", "Two"], Things.of({THINGS[0]: 1}))
    seen.remember(item(1, THINGS[1]), 0)
    assert seen.is_repeated(item(2, THINGS[0]), 0)
    assert seen.is_repeated(item(2, THINGS[1]), 1)
    assert not seen.is_repeated(item(2, THINGS[0]), 1)
    assert not seen.is_repeated(item(2, THINGS[1]), 0)
    assert not seen.is_repeated(item(2, THINGS[2]), 0)
    assert not seen.is_repeated(item(2, None), 0)


def test_the_first_cloud_of_a_thing_stays() -> None:
    seen = SeenItems(["One", "Two"], Things.of({THINGS[0]: 1}))
    for number in (0, 1):
        seen.remember(item(number, THINGS[0]), number)
        seen.remember(item(number, THINGS[1]), number)
    assert [seen.shown.get(thing) for thing in THINGS] == [1, 0, None]


def test_claims_have_the_clouds_of_all_items() -> None:
    seen = SeenItems(["One", "Two"], Things())
    seen.claim(item(1, None), 0)
    seen.remember(item(2, THINGS[0]), 1)
    seen.claim(item(2, None), 0)
    assert dict(seen.claims.sole()) == {uuid(1): "One"}
    assert seen.claims.contested == {uuid(2)}


def test_a_page_is_freed_with_its_listing_without_a_collection_of_garbage() -> None:
    gate = gateway(list_kind("images"), [9, 7])
    gc.collect()
    gc.disable()
    try:
        assert len(gate.get("limit=5").items) == 5
        assert not [found for found in gc.get_objects() if isinstance(found, Merge | Branch | Item)]
    finally:
        gc.enable()
