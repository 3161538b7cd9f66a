# SPDX-License-Identifier: Apache-2.0
"""A page asks each cloud for no more items than it may still need."""

from urllib.parse import parse_qs

import pytest

from unit.composition.clouds import FakeCloud, Gateway, Item, list_kind, shown, uuid


def images(begin: int, count: int, day: int, names: str) -> FakeCloud:
    """Return a cloud with so many images of a day."""
    made: list[Item] = [
        {"id": uuid(begin + number), "name": f"{names}{number}", "os_hash_algo": "x", "os_hash_value": names}
        | {"created_at": f"2026-01-{day:02}"}
        for number in range(count)
    ]
    return FakeCloud(list_kind("images"), made)


def limits(cloud: FakeCloud) -> list[int]:
    """Return the limits by which a cloud was asked, and forget them."""
    found = [int(parse_qs(query)["limit"][0]) for query in cloud.asked]
    cloud.asked.clear()
    return found


@pytest.mark.parametrize("limit", [1000, 999])
def test_a_full_page_asks_for_few_items_to_see_whether_more_follow(limit: int) -> None:
    late, early = images(0, 3000, 9, "a"), images(5000, 10, 8, "b")
    gate = Gateway(late.kind, {"One": late, "Two": early})
    answer = gate.get(f"limit={limit}")
    assert len(answer.items) == limit
    assert limits(late) == [626, 375] if limit == 1000 else [625, 375]
    assert limits(early) == [626 if limit == 1000 else 625]
    assert answer.link("next") is not None


def test_the_rest_of_a_page_is_asked_for_alone() -> None:
    clouds = {f"Cloud{number}": images(number * 5000, 2000 if number == 0 else 0, 9, "a") for number in range(8)}
    gate = Gateway(list_kind("images"), clouds)
    assert len(gate.get("limit=1000").items) == 1000
    assert limits(clouds["Cloud0"]) == [157, 500, 344]


def test_many_things_that_were_shown_are_passed_over_by_long_pages() -> None:
    late, copies = images(0, 3000, 9, "a"), images(5000, 3000, 8, "a")
    gate = Gateway(late.kind, {"One": late, "Two": copies})
    pages = list(gate.pages("limit=1000"))
    assert [name for name, _ in shown(gate, pages)] == ["One"] * 3000
    assert sum(limits(copies)) < 3000 + 3 * 1100


@pytest.mark.parametrize("limit", [1, 100])
def test_a_small_page_passes_over_many_things_that_were_shown_by_pages_that_grow(limit: int) -> None:
    late, copies = images(0, 2100, 9, "a"), images(5000, 2100, 8, "a")
    copies.items.append({"id": uuid(9000), "name": "z", "os_hash_algo": "x", "os_hash_value": "z", "created_at": "2026-01-01"})
    gate = Gateway(late.kind, {"One": late, "Two": copies})
    page = gate.get("limit=1000")
    for size in (1000, 100):
        page = gate.get(f"limit={size}&marker={page.items[-1]['id']}")
    limits(copies)
    last = gate.get(f"limit={limit}&marker={page.items[-1]['id']}")
    assert [item["name"] for item in last.items] == ["z"]
    assert len(limits(copies)) < 20


def test_a_marker_far_away_is_found_by_pages_that_grow() -> None:
    late, early = images(0, 2200, 9, "a"), images(5000, 2200, 8, "b")
    gate = Gateway(late.kind, {"One": late, "Two": early})
    found = gate.get(f"limit=1&marker={late.ordered('')[-1]['id']}")
    assert [item["id"] for item in found.items] == [early.ordered("")[0]["id"]]
    assert len(limits(late)) < 20
