# SPDX-License-Identifier: Apache-2.0
"""What is left of a document of a peer's image service."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.bridge.image_answers import PLACES, without_places
from openstackoid.bridge.links import Links
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


def left(document: Any, path: str = "/image/v2/images") -> Any:
    return json.loads(without_places(json.dumps(document).encode(), path, links()))


def names() -> st.SearchStrategy[str]:
    return st.sampled_from([*PLACES, "next", "images", "id", "$ref", "name"])


values = st.none() | st.integers() | st.lists(st.integers() | st.dictionaries(names(), st.integers(), max_size=3), max_size=3)


@given(document=st.dictionaries(names(), values))
def test_no_image_names_a_place_and_all_else_stays(document: dict[str, Any]) -> None:
    found = left(document)
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
    assert left({"images": [], "next": link}).get("next") == kept


def test_a_schema_refers_to_itself_alone() -> None:
    schema = {"properties": {"$ref": {"type": "string"}, "a": {"$ref": "#/definitions/x"}, "b": [{"$dynamicRef": "http://x/"}]}}
    kept = {"properties": {"$ref": {"type": "string"}, "a": {"$ref": "#/definitions/x"}, "b": [{}]}}
    assert left(schema, "/image/v2/%73chemas/image") == kept
    assert left(schema) == schema, "a name that a user has given"
