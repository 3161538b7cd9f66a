# SPDX-License-Identifier: Apache-2.0
"""``A & B`` beside ``A | B``: ``(A | B) & C`` has one of the first two in its answer, ``A & B | C`` is C where A and B fail."""

import json
import re
import time
from collections.abc import Iterator
from uuid import UUID

import pytest

from conformance.branches import TIME, Branches, Got, branches
from conformance.lists import LISTS, Clouds, clouds_with_lists
from documents import read, table
from waiting import timed

LIST, ITEM = "/network/v2.0/networks", "/network/v2.0/networks/x"
PAGE = read("use/outcomes.md")
MIXED = table(PAGE, "scope")
ONE = table(PAGE, "scope of one resource")


@pytest.fixture(scope="module")
def running() -> Iterator[Branches]:
    with branches() as around:
        yield around


@pytest.fixture
def around(running: Branches) -> Branches:
    running.down.clear()
    return running


def clouds_in(got: Got) -> set[str]:
    """Return the clouds of the items: those that the gateway says, or the one whose answer it is."""
    return {item.get("os_scope_cloud", item["id"].removeprefix("of-")) for item in json.loads(got.body)["networks"]}


def names(cell: str) -> set[str]:
    """Return the clouds that a cell of the page names."""
    return set() if cell.startswith("none") else set(cell.split(" and "))


@pytest.mark.parametrize("scope", MIXED)
def test_a_list_has_the_clouds_of_the_expression(scope: str, around: Branches) -> None:
    row = MIXED[scope]
    got = around.ask("GET", LIST, scope.strip("`"))
    partial = None if row["`X-Scope-Partial`"] == "none" else row["`X-Scope-Partial`"].strip("`")
    said = row["the list has the items of"]
    if said.startswith("none: "):
        assert got.status == int(said.removeprefix("none: "))
    else:
        assert (got.status, clouds_in(got), got.headers.get("x-scope-partial")) == (200, names(said), partial), got
    # The one that refuses connections is asked, too, and cannot see it.
    assert set(around.asked()) == set(re.findall(r"[A-Z]\w+", scope)) - names(row["not asked"]) - {"Refuses"}


@pytest.mark.parametrize(
    ("corner", "path", "strict"),
    [
        ("scope of a list by `name`", f"{LIST}?name=x", "false"),
        ("scope of a list, strict", LIST, "true"),
    ],
)
def test_a_list_goes_on_to_the_next_clouds(corner: str, path: str, strict: str, around: Branches) -> None:
    for scope, row in table(PAGE, corner).items():
        got = around.ask("GET", path, scope.strip("`"), X_Scope_Strict=strict)
        assert (got.status, clouds_in(got)) == (200, names(row["the list has the items of"]))


def test_the_error_names_all_clouds(around: Branches) -> None:
    got = around.ask("GET", LIST, "Refuses & Unavailable | Fails")
    assert got.status == 503
    for cloud in ("Refuses", "Unavailable", "Fails"):
        assert cloud in got.message.partition("has the answer: ")[2]


@pytest.mark.parametrize("scope", ONE)
def test_one_resource_is_that_of_the_cloud_that_has_it(scope: str, around: Branches) -> None:
    expression = scope.strip("`")
    for method, column in (("GET", "a read"), ("DELETE", "a change")):
        said = ONE[scope][column]
        got = around.ask(method, ITEM, expression)
        changed = [seen.server for seen in around.seen if seen.method == "DELETE"]
        if said.isdecimal():
            assert (got.status, changed) == (int(said), [])
        elif method == "GET":
            assert (got.status, json.loads(got.body)) == (200, {"id": f"of-{said.removeprefix('of ')}"})
        else:
            assert (got.status, changed) == (204, [said.removeprefix("of ")])


@pytest.mark.parametrize("expression", ["(Serves | Lacks) & Other", "Serves & Lacks | Other"])
def test_a_new_resource_needs_one_cloud(expression: str, around: Branches) -> None:
    got = around.ask("POST", LIST, expression, b"{}")
    assert (got.status, around.asked()) == (400, [])
    assert got.message.startswith(f"gateway of Home: network of {expression}: of several clouds at once, lists")


def test_a_cloud_stands_on_one_side(around: Branches) -> None:
    got = around.ask("GET", LIST, "(Serves | Other) & Serves")
    assert (got.status, around.asked()) == (400, [])
    assert got.message == "gateway of Home: network of (Serves | Other) & Serves: '&' has Serves on both sides; name it once"
    assert around.ask("GET", ITEM, "(Serves | Other) & Serves").status == 200


@timed
def test_all_turns_have_the_time_of_one_request(around: Branches) -> None:
    for expression in ("(Silent | Serves) & Other", "Silent & Lacks | Serves"):
        began = time.monotonic()
        assert around.ask("GET", LIST, expression).status == 200
        assert time.monotonic() - began < TIME + 1


@pytest.fixture(scope="module")
def listed() -> Iterator[Clouds]:
    with clouds_with_lists() as clouds:
        for cloud in ("One", "Two", "Three"):
            clouds.lists[cloud, LISTS["servers"]].items = [
                {"id": str(UUID(int=number * 2**90 + ord(cloud[1]))), "created": f"2026-01-01T00:00:{number % 60:02}Z"}
                for number in range(20)
            ]
        yield clouds


def test_pages_go_on_with_the_next_cloud(listed: Clouds) -> None:
    """The twenty items of One or Two, and those of Three, none twice, where One fails between two pages."""
    found = []
    for number, page in enumerate(listed.pages("/compute/v2.1/servers/detail?limit=7", "compute=(One | Two) & Three")):
        found += json.loads(page.body)["servers"]
        if number == 1:
            listed.fails["One"] = 503
    assert len(found) == len({item["id"] for item in found})
    times = {
        cloud: {item["created"] for item in found if item["os_scope_cloud"] in cloud.split()} for cloud in ("One Two", "Three")
    }
    assert {cloud: len(each) for cloud, each in times.items()} == {"One Two": 20, "Three": 20}
    # Two's item that sorts as the last one of One is another one, and comes as well.
    assert len(found) <= 41
    assert [item["created"] for item in found] == sorted((item["created"] for item in found), reverse=True)
    assert {item["os_scope_cloud"] for item in found} == {"One", "Two", "Three"}
    listed.fails.clear()


def test_limits_are_added_of_the_clouds_that_answered(listed: Clouds) -> None:
    listed.fails["One"] = 503
    got = listed.ask("GET", "/compute/v2.1/limits", "compute=(One | Two) & Three")
    listed.fails.clear()
    assert json.loads(got.body)["limits"]["os_scope_clouds"] == ["Two", "Three"]
    assert json.loads(got.body)["limits"]["absolute"] == {"maxTotalCores": 20}
