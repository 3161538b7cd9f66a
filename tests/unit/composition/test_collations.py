# SPDX-License-Identifier: Apache-2.0
"""Clouds sort texts by collations of their own. A page is never wrong for it; a place that no order tells is refused."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from openstackoid.composition import Refused
from openstackoid.composition.collation import certain
from unit.composition.clouds import NAMES, Answer, FakeCloud, Gateway, item, list_kind, shown, uuid

ACCENTS = str.maketrans("ä", "a")
COLLATIONS: dict[str, Callable[[str], Any]] = {
    "utf8_general_ci": str.upper,
    "utf8mb4_0900_ai_ci": lambda text: text.casefold().translate(ACCENTS),
    "binary": str,
    "en_US": lambda text: (text.casefold().replace("_", ""), text.swapcase(), text),
    "en_US, capitals first": lambda text: (text.casefold(), text),
}
WORDS = ["web1", "web2", "weba", "webb", "web_1", "web_2", "web", "xyz"]
BY_NAME = "sort_key=name&sort_dir=asc"
BY_NAME_DOWN = "sort_key=name&sort_dir=desc"


def named(name: str, collation: str, names: dict[str, list[str]], *, numbered: bool = False) -> Gateway:
    """Return clouds with items of these names."""
    kind, clouds, number = list_kind(name), {}, 0
    for cloud, given in names.items():
        items = []
        for text in given:
            number += 1
            items.append(item(kind, number, number % 4, text))
        clouds[cloud] = FakeCloud(kind, items, numbered=numbered, collation=COLLATIONS[collation])
    return Gateway(kind, clouds)


def paged(gate: Gateway, query: str, delete: Callable[[int], None]) -> list[Answer]:
    """Follow the links; ``delete`` gets the number of each page."""
    pages: list[Answer] = []
    for page in gate.pages(query):
        pages.append(page)
        assert len(pages) < 100
        delete(len(pages))
    return pages


def names_of(pages: list[Answer]) -> list[str]:
    return [str(item["name"]) for page in pages for item in page.items]


def is_refused(pages: list[Answer]) -> bool:
    outcome = pages[-1].outcome
    return isinstance(outcome, Refused) and outcome.status == 400 and "list again from the start" in outcome.message


@pytest.mark.parametrize(
    ("collation", "words", "limit"),
    [
        ("utf8_general_ci", WORDS, 4),
        ("utf8_general_ci", WORDS, 6),
        ("utf8_general_ci", ["net", "NET", "net", "Net"], 2),
        ("binary", ["A", "B", "a", "b"], 2),
        ("utf8mb4_0900_ai_ci", ["a", "äb", "ac", "b"], 2),
    ],
)
def test_a_place_between_texts_that_databases_sort_differently_is_refused(collation: str, words: list[str], limit: int) -> None:
    gate = named("servers", collation, {"One": words})
    cloud = gate.clouds["One"]

    def delete(page: int) -> None:
        if page == 1:
            ordered = cloud.ordered(BY_NAME)
            cloud.items = ordered[: limit - 1] + ordered[limit + 1 :]

    pages = paged(gate, f"{BY_NAME}&limit={limit}", delete)
    assert len(pages) == 2 and is_refused(pages)


def test_an_item_behind_one_that_another_database_would_have_after_it_is_not_lost() -> None:
    # Two's web_2 comes before One's weba, and so do all that One has behind weba: also its web_1.
    gate = named("servers", "utf8_general_ci", {"One": ["web0", "weba", "web_1"], "Two": ["web_2"]})

    def delete(page: int) -> None:
        if page == 1:
            gate.clouds["One"].items = gate.clouds["One"].items[2:]

    pages = paged(gate, f"{BY_NAME}&limit=2", delete)
    assert names_of(pages) == ["web0", "web_2"] and is_refused(pages)


def test_an_item_that_came_early_in_another_cloud_does_not_come_again() -> None:
    # One's weba hides its web_1 until Two's web_2 and web_25 have come.
    gate = named("servers", "utf8_general_ci", {"One": ["weba", "web_1"], "Two": ["web_2", "web_25", "wx"]})

    def delete(page: int) -> None:
        if page == 1:
            gate.clouds["Two"].items = [item for item in gate.clouds["Two"].items if item["name"] == "web_2"]

    pages = paged(gate, f"{BY_NAME}&limit=4", delete)
    assert names_of(pages) == ["web_2", "web_25", "weba", "web_1"] and is_refused(pages)


def test_an_item_that_was_made_since_and_ends_a_page_leaves_the_place_of_the_other_clouds() -> None:
    gate = named("servers", "binary", {"One": ["web"] * 9, "Two": ["web"]})
    one, two = gate.clouds["One"], gate.clouds["Two"]
    one.items = [{**item, "created": f"2026-01-0{9 - number}"} for number, item in enumerate(one.items)]
    two.items = [{**two.items[0], "created": "2026-01-01"}]
    first = gate.get("limit=3")
    two.items = [*two.items, {**two.items[0], "id": uuid(99), "created": "2026-01-08"}]
    second = gate.get(str(first.link("next")).replace("limit=3", "limit=1"))
    assert second.ids == [uuid(99)]
    one.items = one.items[:2] + one.items[4:]
    third = gate.get(str(second.link("next")))
    assert third.ids == [one.items[2]["id"]]


@pytest.mark.parametrize("collation", COLLATIONS)
@pytest.mark.parametrize("query", [BY_NAME, BY_NAME_DOWN])
def test_texts_that_all_databases_sort_alike_find_the_place(query: str, collation: str) -> None:
    words = [f"web-{number:02}" for number in range(20)]
    gate = named("servers", collation, {"One": words[::2], "Two": words[1::2]})
    before = set(gate.whole(query))
    deleted: set[tuple[str, str]] = set()

    def delete(page: int) -> None:
        for name, cloud in gate.clouds.items():
            listed = [entry for entry in gate.whole(query) if entry[0] == name]
            begin = max(0, page * 2 - 1 - len([entry for entry in deleted if entry[0] == name]))
            deleted.update(listed[begin : begin + 2])
            cloud.items = [item for item in cloud.items if (name, cloud.id(item)) not in deleted]

    pages = paged(gate, f"{query}&limit=4", delete)
    found = shown(gate, pages)
    assert not isinstance(pages[-1].outcome, Refused)
    assert len(found) == len(set(found)) and before - deleted <= set(found)


@pytest.mark.parametrize("numbered", [False, True])
@pytest.mark.parametrize("query", [BY_NAME, BY_NAME_DOWN, f"{BY_NAME}&sort_key=created_at&sort_dir=asc"])
@pytest.mark.parametrize("collation", COLLATIONS)
@pytest.mark.parametrize("name", ["servers", "images", "volumes"])
def test_under_any_collation_nothing_is_lost_and_nothing_comes_twice(
    name: str, collation: str, query: str, numbered: bool
) -> None:
    refused = 0
    for seed in range(20):
        chance = random.Random(seed)
        words = chance.choice([WORDS, ["a", "A", "b", "B", "ä"], ["Web1", "web_1", "WEB1", "web-1"]])
        names = {cloud: chance.choices(words, k=chance.randrange(10)) for cloud in NAMES[: chance.randrange(1, 4)]}
        gate = named(name, collation, names, numbered=numbered)
        before, deleted = set(gate.whole()), set[tuple[str, str]]()

        def delete(_: int, chance: random.Random = chance, gate: Gateway = gate, deleted: set[tuple[str, str]] = deleted) -> None:
            for name, cloud in gate.clouds.items():
                gone = chance.sample(cloud.items, chance.randrange(min(4, len(cloud.items)) + 1))
                deleted |= {(name, cloud.id(item)) for item in gone}
                cloud.items = [item for item in cloud.items if item not in gone]

        pages = paged(gate, f"{query}&limit={chance.choice([1, 2, 3, 5])}", delete)
        found = shown(gate, pages)
        assert len(found) == len(set(found)), seed
        if is_refused(pages):
            refused += 1
        else:
            assert before - deleted <= set(found), seed
    assert refused < 15, "most places are found"


@pytest.mark.parametrize(
    ("one", "other", "sign"),
    [
        ("web1", "web2", -1), ("b", "a", 1), ("A", "B", -1), ("web-9", "web-10", 1), ("9", "a", -1), ("web", "web1", -1),
        ("web_1", "web_2", -1), (uuid(1), uuid(1), 0), ("2026-01-01T00:00:09Z", "2026-01-01T00:00:10Z", -1), (1, 2, -1),
        (1.5, True, 1), ("a", "B", None), ("web", "WEB", None), ("web", "web ", None), ("web_1", "weba", None), ("ä", "b", None),
        ("é", "ê", None), (None, "a", None), (1, "1", None), (float("nan"), 1, None), ("", "\u00ad", None),
    ],
)  # fmt: skip
def test_two_values_are_compared_as_far_as_databases_agree(one: Any, other: Any, sign: int | None) -> None:
    assert certain(one, other, caseless=True) == sign
    assert certain(other, one, caseless=True) == (None if sign is None else -sign)


def test_a_service_that_sorts_by_bytes_leaves_no_doubt() -> None:
    assert [certain(*pair, caseless=False) for pair in (("Z", "a"), ("web_1", "weba"), ("b", "ä"))] == [-1, -1, -1]
