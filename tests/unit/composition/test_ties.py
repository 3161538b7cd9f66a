# SPDX-License-Identifier: Apache-2.0
"""Items that sort alike come once each, in whatever order a cloud has them and whatever is deleted in between."""

from collections.abc import Callable

import pytest

from openstackoid.composition import KnownMarkers, Refused
from openstackoid.composition.ties import MOST
from unit.composition.clouds import NAMES, Answer, FakeCloud, Gateway, item, list_kind, shown

EQUAL_NAMES = "sort_key=name&sort_dir=asc&"


def numbered(name: str, sizes: list[int], query: str = "") -> Gateway:
    """Return clouds whose items were all made in one second, or have the same name."""
    kind, clouds, number = list_kind(name), {}, 0
    for cloud, size in zip(NAMES, sizes, strict=False):
        items = []
        for _ in range(size):
            number += 1
            items.append(item(kind, number, number % 60 if query else 0, "a"))
        clouds[cloud] = FakeCloud(kind, items, numbered=True)
    return Gateway(kind, clouds)


def delete(gate: Gateway, gone: set[tuple[str, str]]) -> None:
    for name, cloud in gate.clouds.items():
        cloud.items = [item for item in cloud.items if (name, cloud.id(item)) not in gone]


def to_come(gate: Gateway, listed: list[tuple[str, str]], query: str) -> dict[str, list[tuple[str, str]]]:
    """Return what is not listed yet of each cloud, in its order."""
    return {
        name: [(name, cloud.id(item)) for item in cloud.ordered(query) if (name, cloud.id(item)) not in listed]
        for name, cloud in gate.clouds.items()
    }


def last_and_every_second(gate: Gateway, listed: list[tuple[str, str]], query: str) -> set[tuple[str, str]]:
    return {listed[-1], *(entry for ahead in to_come(gate, listed, query).values() for entry in ahead[::2])}


def last_of_each_cloud_and_every_second(gate: Gateway, listed: list[tuple[str, str]], query: str) -> set[tuple[str, str]]:
    last = {name: [entry for entry in listed if entry[0] == name][-3:] for name in gate.clouds}
    return last_and_every_second(gate, listed, query).union(*last.values())


def all_listed_and_the_next(gate: Gateway, listed: list[tuple[str, str]], query: str) -> set[tuple[str, str]]:
    return {*listed, *(entry for ahead in to_come(gate, listed, query).values() for entry in ahead[:1])}


@pytest.mark.parametrize("way", ["links", "ids"])
@pytest.mark.parametrize("sizes", [[9, 9, 9], [40, 3, 21]])
@pytest.mark.parametrize("gone", [last_and_every_second, last_of_each_cloud_and_every_second, all_listed_and_the_next])
@pytest.mark.parametrize("limit", [1, 7, 25])
@pytest.mark.parametrize("query", ["", EQUAL_NAMES])
@pytest.mark.parametrize("name", ["servers", "images", "volumes"])
def test_deletions_lose_and_repeat_nothing(
    name: str, query: str, limit: int, gone: Callable[..., set[tuple[str, str]]], sizes: list[int], way: str
) -> None:
    gate = numbered(name, sizes, query)
    before, deleted, pages = set(gate.whole()), set[tuple[str, str]](), list[Answer]()
    for page in gate.pages(f"{query}limit={limit}") if way == "links" else gate.pages_by_id(limit, query.rstrip("&")):
        pages.append(page)
        if len(pages) <= 3:
            deleted |= gone(gate, shown(gate, pages), query)
            delete(gate, deleted)
    found = shown(gate, pages)
    assert len(found) == len(set(found)), "no item comes twice"
    assert before - deleted <= set(found), "every item that is still there came"


@pytest.mark.parametrize("start", ["marker", "offset"])
def test_items_that_a_marker_or_an_offset_leaves_out_do_not_come_later(start: str) -> None:
    gate = numbered("volumes", [20, 20])
    listed = shown(gate, [gate.get("limit=10")])
    gate.known = KnownMarkers(0)
    begin = f"marker={listed[-1][1]}" if start == "marker" else "offset=10"
    listed += shown(gate, [page := gate.get(f"limit=5&{begin}")])
    deleted = last_of_each_cloud_and_every_second(gate, listed, "")
    delete(gate, deleted)
    listed += shown(gate, list(gate.pages(str(page.link("next")))))
    assert len(listed) == len(set(listed))
    assert set(gate.whole()) <= set(listed)


@pytest.mark.parametrize("name", ["servers", "images", "volumes"])
def test_ties_that_came_do_not_come_again_behind_one_that_was_made_since(name: str) -> None:
    gate = numbered(name, [6])
    cloud = gate.clouds["One"]
    made = [item(gate.kind, number, 0, "a") for number in (7, 8)]
    first, last = gate.get("limit=3"), [cloud.id(entry) for entry in cloud.ordered()]
    cloud.items = [entry for entry in cloud.items if cloud.id(entry) not in last[2:4]] + made
    pages = [first, *gate.pages(str(first.link("next")).replace("limit=3", "limit=1"))]
    new = [cloud.id(entry) for entry in reversed(made)]
    assert [id_ for page in pages for id_ in page.ids] == [*last[:3], *new, *last[4:]]


@pytest.mark.parametrize("left", [0, 1])
def test_more_ties_than_a_cursor_holds_are_refused_only_if_all_that_it_holds_are_gone(left: int) -> None:
    gate = numbered("servers", [3 * MOST])
    listed = shown(gate, [page := gate.get(f"limit={2 * MOST}")])
    delete(gate, {*listed[len(listed) - MOST + left :], to_come(gate, listed, "")["One"][0]})
    answer = gate.get(str(page.link("next")))
    if left:
        assert shown(gate, [answer]) == to_come(gate, listed, "")["One"]
    else:
        assert isinstance(answer.outcome, Refused) and answer.outcome.status == 400
        assert "One no longer has the items around the marker; list again from the start" in answer.outcome.message


def test_a_cursor_of_many_ties_is_no_longer_than_a_url_allows() -> None:
    gate = numbered("servers", [200, 200, 200, 200])
    assert len(str(gate.get("limit=700").link("next"))) < 1500
