# SPDX-License-Identifier: Apache-2.0
"""Pages of lists whose equal things are shown once begin at each cloud's own place, if the gateway remembers what was shown."""

import random
from urllib.parse import parse_qs

import pytest

from openstackoid.composition import KnownMarkers, Refused
from openstackoid.composition.cut import Cut, Place
from openstackoid.composition.shown_things import ShownThings
from openstackoid.composition.things import THING, Things
from unit.composition.clouds import NAMES, FakeCloud, Gateway, Item, list_kind, shown, uuid


def image(number: int, name: str, day: int) -> Item:
    return {"id": uuid(number), "name": name, "os_hash_algo": "x", "os_hash_value": name, "created_at": f"2026-01-{day:02}"}


def images(sizes: list[int], names: int = 1000) -> Gateway:
    """Return clouds with so many images, of so many things."""
    kind, chance, number, clouds = list_kind("images"), random.Random(1), 0, {}
    for cloud, size in zip(NAMES, sizes, strict=False):
        items = []
        for _ in range(size):
            number += 1
            items.append(image(number, f"i{chance.randrange(names)}", chance.randrange(1, 28)))
        clouds[cloud] = FakeCloud(kind, items)
    return Gateway(kind, clouds)


def forget(gate: Gateway) -> None:
    gate.known = KnownMarkers()


@pytest.mark.parametrize("way", ["links", "ids"])
def test_each_page_asks_each_cloud_once_from_its_own_place(way: str) -> None:
    gate = images([200, 200], 300)
    pages = list(gate.pages("limit=20") if way == "links" else gate.pages_by_id(20))
    whole = list(images([200, 200], 300).pages("limit=1000"))
    assert shown(gate, pages) == shown(gate, whole)
    for cloud in gate.clouds.values():
        assert len(cloud.asked) <= len(pages) + 3
        assert all(("marker" in parse_qs(query)) == (number > 0) for number, query in enumerate(cloud.asked))


def test_a_gateway_that_has_forgotten_reads_the_lists_once_more_and_goes_on() -> None:
    gate = images([100, 100])
    expected = shown(gate, list(images([100, 100]).pages("limit=10")))
    pages = list(gate.pages("limit=10", between=lambda: forget(gate)))
    assert shown(gate, pages) == expected
    forget(gate)
    gate.clouds["One"].asked.clear()
    following = str(pages[8].link("next"))
    third = gate.get(str(gate.get(following).link("next")))
    assert third.ids == pages[10].ids
    assert [("marker" in parse_qs(query)) for query in gate.clouds["One"].asked] == [False, True]


def test_a_copy_that_is_made_between_two_pages_hides_no_item_that_was_never_shown() -> None:
    kind = list_kind("images")
    one, two = [image(1, "cirros", 9), image(2, "other", 5)], [image(3, "cirros", 8), image(4, "mine", 4)]
    gate = Gateway(kind, {"One": FakeCloud(kind, one), "Two": FakeCloud(kind, two)})

    def copy() -> None:
        if len(one) == 2:
            one.append(image(9, "mine", 20))

    pages = list(gate.pages("limit=1", between=copy))
    names = [(item["os_scope_cloud"], item["name"]) for page in pages for item in page.items]
    assert names == [("One", "cirros"), ("One", "other"), ("Two", "mine")]


def test_a_page_can_be_repeated() -> None:
    gate = images([60, 60])
    first = gate.get("limit=10")
    second = gate.get(str(first.link("next")))
    gate.clouds["One"].asked.clear()
    assert gate.get(str(first.link("next"))).ids == second.ids
    assert ["marker" in query for query in gate.clouds["One"].asked] == [True]


def test_another_user_and_another_list_know_nothing_of_it() -> None:
    things, cut = ShownThings(), Cut((Place("a", "b"),))
    things.remember("user", b"list", (Cut.at_start(1), cut), Things.of({b"x" * THING: 3}))
    assert things.find("user", b"list", cut) == Things.of({b"x" * THING: 3})
    assert things.find("other", b"list", cut) is things.find("user", b"other", cut) is None
    assert things.find("user", b"list", Cut((Place("a", "c"),))) is None


def test_a_list_holds_the_things_of_two_pages() -> None:
    things, cuts = ShownThings(), [Cut((Place(f"{number}"),)) for number in range(9)]
    for number in range(8):
        things.remember("user", b"list", (cuts[number], cuts[number + 1]), Things.of({bytes(THING): 0}))
    assert [number for number, cut in enumerate(cuts) if things.find("user", b"list", cut) is not None] == [7, 8]


def test_a_user_has_a_share() -> None:
    things, cuts = ShownThings(100_000, 40_000), [Cut((Place(f"{number}"),)) for number in range(30)]
    many = Things.of({number.to_bytes(THING, "big"): 1 for number in range(1000)})
    for number, cut in enumerate(cuts):
        things.remember("user", b"%d" % number, (Cut.at_start(1), cut), many)
    kept = [number for number, cut in enumerate(cuts) if things.find("user", b"%d" % number, cut) is not None]
    assert kept == [28, 29]


@pytest.mark.parametrize("name", ["images", "flavors", "keypairs"])
@pytest.mark.parametrize("limit", [1, 3, 7])
def test_changes_between_pages_hide_nothing_and_repeat_nothing(name: str, limit: int) -> None:
    kind, refused = list_kind(name), 0
    for seed in range(20):
        chance, number = random.Random(seed), 0

        def made(cloud: str, chance: random.Random = chance) -> Item:
            nonlocal number
            number += 1
            same = chance.choice("pqrstuvw")
            item = {"created_at": f"2026-01-{chance.randrange(1, 9):02}", "ram": 1, "vcpus": 1, "disk": 1, "fingerprint": same}
            item |= {"name": same, "OS-FLV-EXT-DATA:ephemeral": 0, "os_hash_algo": "x", "os_hash_value": same}
            return item | ({} if kind.id == "name" else {"id": uuid(number)})

        def once(items: list[Item]) -> list[Item]:
            return list({str(item[kind.id]): item for item in items}.values())

        clouds = {cloud: FakeCloud(kind, once([made(cloud) for _ in range(chance.randrange(12))])) for cloud in NAMES[:3]}
        gate = Gateway(kind, clouds)
        stays = {(cloud, item["name"]) for cloud, fake in clouds.items() for item in fake.items}

        def change(
            chance: random.Random = chance, clouds: dict[str, FakeCloud] = clouds, stays: set[tuple[str, str]] = stays
        ) -> None:
            for cloud, fake in clouds.items():
                gone = chance.sample(fake.items, min(len(fake.items), chance.randrange(2)))
                stays -= {(cloud, item["name"]) for item in gone}
                fake.items = once([item for item in fake.items if item not in gone] + [made(cloud)] * chance.randrange(2))

        pages = list(gate.pages(f"limit={limit}", between=change))
        found = shown(gate, pages)
        names = [item["name"] for page in pages for item in page.items]
        assert len(found) == len(set(found)), seed
        if isinstance(pages[-1].outcome, Refused):
            refused += 1
            continue
        assert {name for _, name in stays} <= set(names), seed
    assert refused <= 3, "a place is hardly ever lost"
