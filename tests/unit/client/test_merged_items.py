# SPDX-License-Identifier: Apache-2.0
"""The clouds of items, by the rows that a command shows."""

import json

import requests
from cliff.columns import FormattableColumn

from openstackoid.client.merged_items import MergedItems


def read(*documents: object) -> MergedItems:
    items = MergedItems()
    for document in documents:
        items.read(answer(document))
    return items


def answer(document: object, cloud: str | None = None) -> requests.Response:
    response = requests.Response()
    if cloud is not None:
        response.headers["x-scope-cloud"] = cloud
    response._content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return response


def of(cloud: object, **item: object) -> dict[str, object]:
    return {**item, "os_scope_cloud": cloud}


def test_rows_are_found_by_the_first_column_that_names_items() -> None:
    items = read({"servers": [of("One", id="1", name="x"), of("Two", id="2", name="x")]})
    assert items.clouds("servers", [("2", "x"), ("1", "x")]) == ["Two", "One"]
    assert items.clouds("servers", [("ACTIVE", "2"), ("ACTIVE", "1")]) == ["Two", "One"]
    assert items.clouds("servers", []) == []


def test_the_same_name_in_several_clouds_is_told_apart_by_the_order() -> None:
    items = read({"availabilityZoneInfo": [of("One", zoneName="nova"), of("Two", zoneName="nova")]})
    assert items.clouds("availabilityZoneInfo", [("nova",), ("nova",)]) == ["One", "Two"]
    assert items.clouds("availabilityZoneInfo", [("nova",)]) == [""], "which one it is, is not known"


def test_a_list_that_was_asked_for_twice_is_no_more() -> None:
    page = {"images": [of("Two", id="1")]}
    assert read(page, page).clouds("images", [("1",)]) == ["Two"]


def test_items_of_the_command_before_are_forgotten() -> None:
    items = read({"images": [of("Two", id="1")]})
    items.forget()
    assert items.clouds("images", [("1",)]) == [""]


def test_keypairs_and_objects() -> None:
    items = read({"keypairs": [of("Two", keypair={"name": "k"})]}, [of("One", name="a"), of("Two", subdir="b/")])
    assert items.clouds("keypairs", [("k", "ab:cd")]) == ["Two"]
    equal = read({"keypairs": [of("One", keypair={"name": "k"}, os_scope_clouds=["One", "Two"])]})
    assert equal.clouds("keypairs", [("k", "ab:cd")]) == ["One"]
    assert items.clouds("", [("b/",), ("a",)]) == ["Two", "One"]


def test_other_answers_are_left_alone() -> None:
    garbage = read(
        b'{"os_scope_cloud"', b"\xff\xfe", 7, {"os_scope_cloud": 1}, {"images": [of(1, id="1"), 3, of("T\x1b", id="2")]}
    )
    assert garbage.clouds("images", [("1",)]) == [""]
    assert garbage.clouds("images", [("2",)]) == ["T?"], "no character that controls a terminal"


def test_an_answer_about_a_part_names_its_cloud_in_a_header() -> None:
    items = read({"servers": [of("One", id="s1")]})
    assert (items.cloud_of_parts(), items.cloud_of_all()) == ("", "One"), "no part was read"
    items.read(answer({"parts": []}, "Two\x1b"))
    assert (items.cloud_of_parts(), items.cloud_of_all()) == ("Two?", "Two?")
    items.read(answer(b"", "One"))
    assert (items.cloud_of_parts(), items.cloud_of_all()) == ("", ""), "there are two"
    items.forget()
    assert (items.cloud_of_parts(), items.cloud_of_all()) == ("", "")


def test_a_sum_is_of_its_clouds() -> None:
    both = ["One", "Two", 3]
    items = read({"quota_set": {"id": "p1", "cores": 1, "os_scope_clouds": both}})
    assert items.clouds(None, [("p1", "1"), ("p2", "2")]) == ["One, Two", ""]
    assert (items.cloud_of_all(), items.cloud_of_parts()) == ("One, Two", "")
    items.read(answer({"quota": {"cores": 1, "os_scope_clouds": ["One"]}}))
    assert items.cloud_of_all() == "", "there are two sums"
    assert read({"quota": {"os_scope_clouds": "One"}}).cloud_of_all() == ""


def test_entries_that_all_clouds_have_are_of_all() -> None:
    extensions = [{"name": "Quotas", "alias": "os-quota-sets"}, {"name": "Keys"}]
    items = read({"extensions": extensions, "os_scope_clouds": ["One", "Two"]})
    assert items.clouds(None, [("Quotas",), ("Keys",)]) == ["One, Two"] * 2
    shown = [("Quotas",), ("Keys",), ("Other",), ("Quotas",)]
    assert items.clouds(None, shown) == ["", "One, Two", "", ""], "one of two is of another service"
    items.read(answer({"extensions": extensions[:1], "os_scope_clouds": ["Two", "Three"]}))
    assert items.clouds(None, shown) == ["One, Two", "One, Two", "", "Two, Three"]


def test_a_project_that_is_shown_by_its_name_is_found_by_its_id() -> None:
    class Project(FormattableColumn[str]):
        def human_readable(self) -> str:
            return "demo"

    items = read({"tenant_usages": [of("One", tenant_id="p1"), of("Two", tenant_id="p2")]})
    assert items.clouds(None, [(Project("p2"), 1), (Project("p1"), 2)]) == ["Two", "One"]
    items = read({"servers": [of("One", id="1", tenant_id="p1"), {"id": "2", "tenant_id": "p1"}]})
    assert items.clouds("servers", [("1", "p1"), ("2", "p1")]) == ["One", ""], "a project names no server"


def test_the_cloud_of_an_answer_is_that_of_its_items() -> None:
    """Of two lists of a command, each has its own."""
    items = MergedItems()
    items.read(answer({"images": [{"id": "1", "name": "x"}]}, "One"))
    items.read(answer({"servers": [{"id": "2", "name": "x"}, {"id": "3", "name": "y"}]}, "Two"))
    assert items.clouds("servers", [("2", "x"), ("3", "y")]) == ["Two", "Two"]
    assert items.clouds("images", [("1", "x")]) == ["One"]
