# SPDX-License-Identifier: Apache-2.0
"""Documents of a peer's image service without places."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.bridge.proxy.image_answers import PLACES, REFERENCES, without_places
from openstackoid.bridge.proxy.links import Links
from openstackoid.mesh import parse_mesh

MESH = parse_mesh("""
mesh: 1
clouds:
  One: {services: {image: {frontend: "http://gw/image"}, compute: {frontend: "http://gw/compute"}}}
  Two: {services: {image: {frontend: "http://peer:9292"}, compute: {frontend: "http://peer:8774"}}}
""")


def links() -> Links:
    here, there = (MESH.clouds[cloud].endpoint("image", "public") for cloud in ("One", "Two"))
    assert here is not None
    assert there is not None
    return Links(MESH, here, there, "gw")


def egress(document: Any, path: str = "/image/v2/images") -> Any:
    return json.loads(without_places(json.dumps(document).encode(), path, links()))


@pytest.mark.parametrize("field", REFERENCES[1:])
@pytest.mark.parametrize("reference", ["http://evil/v2/images/x", "../x", "a/b", "", ["x"], "x\n"])
def test_a_reference_that_is_no_id_is_removed(field: str, reference: Any) -> None:
    assert egress({"id": "i", field: reference}) == {"id": "i"}
    assert egress({"images": [{"id": "i", field: reference}]}) == {"images": [{"id": "i"}]}
    assert egress({"id": "i", field: "64b0cfb4-5f84-4d43-b1f6-3ea83cb6d4f5"})[field] == "64b0cfb4-5f84-4d43-b1f6-3ea83cb6d4f5"


@pytest.mark.parametrize("image", ["http://evil/v2/images/x", "..", ["x"], {"x": 1}])
def test_an_image_with_an_id_that_is_none_is_not_handed_on(image: Any) -> None:
    """Nova takes an id with a slash in it for a URL, and asks it with the token of its own account."""
    with pytest.raises(ValueError, match="the id of an image"):
        egress({"id": image})
    assert egress({"images": [{"id": image}, {"id": "i"}, "x"]}) == {"images": [{"id": "i"}]}


@pytest.mark.parametrize(
    ("disks", "kept"),
    [
        ('[{"snapshot_id": "s", "boot_index": 0}]', '[{"snapshot_id": "s", "boot_index": 0}]'),
        ('[{"image_id": "http://evil/v2/images/x"}]', None),
        ('[{"volume_id": "../x"}]', None),
        ('[{"image_id": "i", "image_id": "a/b"}]', None),
        ('{"image_id": "i"}', None),
        ("[1]", None),
        ("no JSON", None),
        (7, None),
    ],
)
def test_the_disks_of_an_image_are_named_by_ids(disks: Any, kept: str | None) -> None:
    expected = {"id": "i"} if kept is None else {"id": "i", "block_device_mapping": kept}
    assert egress({"id": "i", "block_device_mapping": disks}) == expected


def names() -> st.SearchStrategy[str]:
    return st.sampled_from([*PLACES, "next", "images", "$ref", "name"])


values = st.none() | st.integers() | st.lists(st.integers() | st.dictionaries(names(), st.integers(), max_size=3), max_size=3)


@given(document=st.dictionaries(names(), values))
def test_no_image_names_a_place_and_all_else_stays(document: dict[str, Any]) -> None:
    found = egress(document)
    listed = found.get("images")
    for image in [found, *(listed if isinstance(listed, list) else [])]:
        assert not isinstance(image, dict) or set(PLACES).isdisjoint(image)
    assert {key for key in document if key not in (*PLACES, "next")} == set(found) - {"next"}


@pytest.mark.parametrize(
    ("link", "kept"),
    [
        ("/v2/images?marker=1", "/v2/images?marker=1"),
        ("http://peer:9292/v2/images?marker=1", "http://gw/image/v2/images?marker=1"),
        ("http://gw/image/v2/images?marker=../1", "http://gw/image/v2/images?marker=../1"),
        ("http://peer:8774/v2.1/servers", None),
        ("http://gw/image/../compute", None),
        ("https://peer:9292/v2/images", None),
        ("http://[", None),
        (" //elsewhere/", None),
    ],
)
def test_the_next_page_is_one_of_the_image_service_here(link: str, kept: str | None) -> None:
    assert egress({"images": [], "next": link}).get("next") == kept


def test_a_schema_refers_to_itself_alone() -> None:
    schema = {"properties": {"$ref": {"type": "string"}, "a": {"$ref": "#/definitions/x"}, "b": [{"$dynamicRef": "http://x/"}]}}
    kept = {"properties": {"$ref": {"type": "string"}, "a": {"$ref": "#/definitions/x"}, "b": [{}]}}
    assert egress(schema, "/image/v2/%73chemas/image") == kept
    assert egress(schema) == schema, "a name that a user has given"
