# SPDX-License-Identifier: Apache-2.0
"""The clouds of items, by the rows that a command shows."""

import json

import requests

from openstackoid.client.merged_items import MergedItems


def read(*documents: object) -> MergedItems:
    items = MergedItems()
    for document in documents:
        items.read(answer(document))
    return items


def answer(document: object, url: str = "http://gateway/list") -> requests.Response:
    response = requests.Response()
    response.url = url
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


def test_a_part_of_an_item_is_in_its_cloud() -> None:
    """Answers about parts name no cloud; the id in their path tells."""
    items = read({"server": of("Two", id="s1")}, {"servers": [of("One", id="s2"), of("Two", uuid="s3")]}, of("One", id="s4"))
    assert items.cloud_of_parts() == "", "no part was read"
    for id_, cloud in (("s1", "Two"), ("s2", "One"), ("s3", "Two"), ("s4", "One")):
        fresh = read({"server": of("Two", id="s1")}, {"servers": [of("One", id="s2"), of("Two", uuid="s3")]}, of("One", id="s4"))
        fresh.read(answer({"parts": []}, f"http://gateway/compute/v2.1/servers/{id_}/parts?x=s9"))
        assert fresh.cloud_of_parts() == cloud
    items.read(answer({"server": {}}, "http://gateway/compute/v2.1/servers/s1"))
    assert items.cloud_of_parts() == "", "the item itself is no part"
    items.read(answer({"parts": []}, "http://gateway/compute/v2.1/servers/s1/parts"))
    items.read(answer({"parts": []}, "http://gateway/compute/v2.1/servers/s2/parts"))
    assert items.cloud_of_parts() == "", "there are two"
    items.forget()
    items.read(answer({"parts": []}, "http://gateway/compute/v2.1/servers/s1/parts"))
    assert items.cloud_of_parts() == ""
