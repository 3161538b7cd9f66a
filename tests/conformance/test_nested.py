# SPDX-License-Identifier: Apache-2.0
"""``A & B`` beside ``A | B``: ``(A | B) & C`` has one of the first two in its answer, ``A & B | C`` is C where A and B fail."""

import json
import time
from collections.abc import Iterator
from uuid import UUID

import pytest

from conformance.branches import Branches, Got, branches
from conformance.lists import LISTS, Clouds, clouds_with_lists

LIST, ITEM = "/network/v2.0/networks", "/network/v2.0/networks/x"


@pytest.fixture(scope="module")
def running() -> Iterator[Branches]:
    with branches() as around:
        yield around


@pytest.fixture
def around(running: Branches) -> Branches:
    # A cloud that failed is not asked for a moment.
    time.sleep(0.3)
    return running


def clouds_in(got: Got) -> set[str]:
    """Return the clouds of the items: those that the gateway says, or the one whose answer it is."""
    return {item.get("os_scope_cloud", item["id"]) for item in json.loads(got.body)["networks"]}


@pytest.mark.parametrize(
    ("expression", "clouds", "partial", "left_out"),
    [
        ("(Refuses | Serves) & Other", {"Serves", "Other"}, None, ""),
        ("(Unavailable | Serves) & Other", {"Serves", "Other"}, None, ""),
        ("(Cuts | Serves) & Other", {"Serves", "Other"}, None, ""),
        ("(Serves | Fails) & Other", {"Serves", "Other"}, None, "Fails"),
        ("(Forbids | Serves) & Other", {"Other"}, "Forbids | Serves=403", "Serves"),
        ("(Refuses | Unavailable) & Other", {"Other"}, "Refuses | Unavailable=503", ""),
        ("(Lacks | Serves) & Other", {"Other"}, None, "Serves"),
        ("Serves & Other | Fails", {"Serves", "Other"}, None, "Fails"),
        ("Serves & Refuses | Other", {"Serves"}, "Refuses=unreachable", "Other"),
        ("Refuses & Unavailable | Other", {"of-Other"}, None, ""),
        ("Forbids & Refuses | Other", None, None, "Other"),
        ("Refuses | Serves & Other", {"Serves", "Other"}, None, ""),
        ("Serves | Other & Fails", {"of-Serves"}, None, "Other"),
        ("Refuses | (Unavailable | Serves) & Other", {"Serves", "Other"}, None, ""),
    ],
)
def test_a_list_has_the_clouds_of_the_expression(
    expression: str, clouds: set[str] | None, partial: str | None, left_out: str, around: Branches
) -> None:
    got = around.ask("GET", LIST, expression)
    if clouds is None:
        assert got.status == 403
    else:
        assert (got.status, clouds_in(got), got.headers.get("x-scope-partial")) == (200, clouds, partial), got
    assert left_out not in around.asked()


def test_a_list_by_name_goes_on_where_it_is_empty(around: Branches) -> None:
    path = f"{LIST}?name=x"
    assert clouds_in(around.ask("GET", path, "(Lacks | Serves) & Other")) == {"Serves", "Other"}
    assert clouds_in(around.ask("GET", path, "Lacks & Refuses | Serves")) == {"of-Serves"}


def test_a_strict_scope_goes_on_where_a_cloud_is_missing(around: Branches) -> None:
    assert clouds_in(around.ask("GET", LIST, "Serves & Refuses | Other", X_Scope_Strict="true")) == {"of-Other"}


def test_the_error_names_all_clouds(around: Branches) -> None:
    got = around.ask("GET", LIST, "Refuses & Unavailable | Fails")
    assert got.status == 503
    for cloud in ("Refuses", "Unavailable", "Fails"):
        assert cloud in got.message.partition("has the answer: ")[2]


@pytest.mark.parametrize(
    ("expression", "cloud"),
    [
        ("(Lacks | Serves) & Other", "Serves"),
        ("Lacks & Serves | Other", "Serves"),
        ("(Lacks | Forbids) & Serves", "Serves"),
        ("Lacks & Forbids | Serves", "Serves"),
    ],
)
def test_one_resource_is_that_of_the_cloud_that_has_it(expression: str, cloud: str, around: Branches) -> None:
    got = around.ask("GET", ITEM, expression)
    assert (got.status, json.loads(got.body)) == (200, {"id": f"of-{cloud}"})
    assert around.ask("DELETE", ITEM, expression).status == 204
    assert [seen.server for seen in around.seen if seen.method == "DELETE"] == [cloud]


def test_a_change_is_not_sent_where_a_cloud_was_not_heard(around: Branches) -> None:
    got = around.ask("DELETE", ITEM, "Lacks & Forbids | Refuses")
    assert (got.status, {seen.method for seen in around.seen}) == (503, {"GET"})


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


def test_all_turns_have_the_time_of_one_request(around: Branches) -> None:
    for expression in ("(Silent | Serves) & Other", "Silent & Lacks | Serves"):
        began = time.monotonic()
        assert around.ask("GET", LIST, expression).status == 200
        assert time.monotonic() - began < 2.5
        time.sleep(1)


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
