# SPDX-License-Identifier: Apache-2.0
"""The links of version documents."""

import json
from typing import Any

import pytest

from openstackoid.bridge.links import with_own_links


def mended(document: Any, theirs: str, ours: str) -> Any:
    return json.loads(with_own_links(json.dumps(document).encode(), "gw:8801", theirs, ours))


@pytest.mark.parametrize(
    ("theirs", "ours", "before", "after"),
    [
        ("", "/image", "http://gw:8801/v2/", "http://gw:8801/image/v2/"),
        ("", "/image", "http://gw:8801", "http://gw:8801/image"),
        ("/image", "", "http://gw:8801/image/v2/", "http://gw:8801/v2/"),
        ("/image", "/os/image", "http://GW:8801/image/v2/", "http://GW:8801/os/image/v2/"),
        ("/image", "/os/image", "http://gw:8801/imagefoo/v2/", "http://gw:8801/imagefoo/v2/"),
        ("", "/image", "http://docs.example.org/v2/", "http://docs.example.org/v2/"),
        ("", "/image", "http://gw:88010/v2/", "http://gw:88010/v2/"),
        ("", "/image", "not a link to http://gw.example", "not a link to http://gw.example"),
    ],
)
def test_a_link_names_the_gateway_of_the_client(theirs: str, ours: str, before: str, after: str) -> None:
    assert mended({"versions": [{"links": [{"href": before}]}]}, theirs, ours) == {"versions": [{"links": [{"href": after}]}]}


def test_what_is_not_json_stays_as_it_is() -> None:
    assert with_own_links(b"<html>", "gw", "", "/image") == b"<html>"


def test_numbers_and_names_stay_as_they_are() -> None:
    document = {"version": {"min": 2, "current": True, "id": None, "media-types": ["application/json"]}}
    assert mended(document, "", "/image") == document
