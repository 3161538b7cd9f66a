# SPDX-License-Identifier: Apache-2.0
"""Each row of the table of lists in docs/use/all-at-once.md holds."""

import re
from collections.abc import Callable

import pytest

from documents import read
from unit.composition.clouds import FakeCloud, Gateway, Item, by_pages, gateway, list_kind, shown, uuid

PAGE = read("use/all-at-once.md").partition("\n## Lists\n")[2].partition("\n## ")[0]


def order() -> None:
    for name, query in (
        ("images", "sort=name:asc"),
        ("volumes", "sort_key=name&sort_dir=desc"),
        ("networks", "sort_key=name&sort_dir=asc"),
    ):
        gate = gateway(list_kind(name), [9, 7, 5])
        names = [item["name"].casefold() for page in by_pages(gate, 4, query) for item in page.items]
        assert names == sorted(names, reverse="desc" in query)
        assert shown(gate, by_pages(gate, 4)) == gate.whole()
    alike: list[Item] = [{"id": uuid(1), "name": "a"}, {"id": uuid(2), "name": "a"}]
    gate = Gateway(list_kind("networks"), {cloud: FakeCloud(list_kind("networks"), alike) for cloud in ("Two", "One")})
    found = shown(gate, [gate.get("sort_key=name&sort_dir=asc")])
    assert found == sorted(found, key=lambda entry: (entry[1], ["Two", "One"].index(entry[0])))


def limit() -> None:
    for name, own, zero in (("servers", 1000, 0), ("volumes", 1000, 0), ("images", 25, 0), ("networks", 1200, 1200)):
        gate = gateway(list_kind(name), [600, 600])
        for query, length in (("limit=7", 7), ("", own), ("limit=0", zero)):
            assert len(gate.get(query).items) == length, (name, query)


def marker() -> None:
    gate = gateway(list_kind("servers"), [9, 7])
    whole = gate.whole()
    first = gate.get("limit=5")
    for query in (str(first.link("next")), f"limit=5&marker={first.ids[-1]}"):
        assert shown(gate, [gate.get(query)]) == whole[5:10]
        for cloud in gate.clouds.values():
            cloud.items = [item for item in cloud.items if item["id"] != first.ids[-1]]


def links() -> None:
    both = ["next", "previous"]
    for name, rels in (("servers", ["next"]), ("images", ["next"]), ("networks", both), ("load-balancers", both)):
        _, second, *_ = gateway(list_kind(name), [9, 7]).pages("limit=5")
        assert [rel for rel in ("next", "previous") if second.link(rel)] == rels
        assert {"images": "next", "load-balancers": "loadbalancers_links"}.get(name, f"{name}_links") in second.document


def offset_and_fields() -> None:
    gate = gateway(list_kind("volumes"), [6, 6])
    assert shown(gate, [gate.get("offset=5&limit=3")]) == gate.whole()[5:8]
    page = gateway(list_kind("networks"), [2, 2]).get("fields=name&limit=3")
    assert [set(item) for item in page.items] == [{"name", "os_scope_cloud"}] * 3


def equal_things() -> None:
    flavor = {"name": "a", "vcpus": 1, "ram": 512, "disk": 1, "OS-FLV-EXT-DATA:ephemeral": 0}
    image = {"name": "a", "os_hash_algo": "sha512", "os_hash_value": "ff", "created_at": "2026-01-01T00:00:00Z"}
    keypair = {"name": "a", "fingerprint": "ff"}
    for name, thing, other in (
        ("flavors", flavor, {"ram": 1024}),
        ("images", image, {"os_hash_value": "fe"}),
        ("keypairs", keypair, {"fingerprint": "fe"}),
    ):
        kind = list_kind(name)

        def lists(one: Item, two: Item, kind=kind) -> list[str]:  # type: ignore[no-untyped-def]
            clouds = {cloud: FakeCloud(kind, [{"id": cloud} | item]) for cloud, item in (("Two", two), ("One", one))}
            return [item["os_scope_cloud"] for item in Gateway(kind, clouds).get().items]

        assert len(lists(thing, thing)) == 1
        assert sorted(lists(thing, thing | other)) == ["One", "Two"]
        assert sorted(lists(thing, thing | {"name": "b"})) == ["One", "Two"]


ROWS: dict[str, Callable[[], None]] = {
    "order": order,
    "`limit`": limit,
    "`marker`": marker,
    "links": links,
    "`offset`, `fields`": offset_and_fields,
    "equal things": equal_things,
}


def test_the_page_has_these_rows() -> None:
    assert re.findall(r"^\| ([^|]+) \| ", PAGE, re.MULTILINE)[1:] == list(ROWS)


@pytest.mark.parametrize("row", ROWS)
def test_a_row_of_the_table(row: str) -> None:
    ROWS[row]()
