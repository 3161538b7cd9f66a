# SPDX-License-Identifier: Apache-2.0
"""The links of version documents."""

import json
from typing import Any

import pytest

from openstackoid.bridge.links import Links
from openstackoid.mesh import FrontendUrl


def links(theirs: str, ours: str) -> Links:
    parse = FrontendUrl.parse
    return Links(("gw:8801",), parse(f"http://peer:9000{theirs}"), parse(f"http://gw:8801{ours}"))


def mended(document: Any, theirs: str, ours: str) -> Any:
    return json.loads(links(theirs, ours).document(json.dumps(document).encode()))


@pytest.mark.parametrize(
    ("theirs", "ours", "before", "after"),
    [
        ("", "/image", "http://gw:8801/v2/", "http://gw:8801/image/v2/"),
        ("", "/image", "http://gw:8801", "http://gw:8801/image"),
        ("/image", "", "http://gw:8801/image/v2/", "http://gw:8801/v2/"),
        ("/image", "/os/image", "http://GW:8801/image/v2/", "http://GW:8801/os/image/v2/"),
        ("/image", "/os/image", "http://gw:8801/imagefoo/v2/", "http://gw:8801/imagefoo/v2/"),
        ("/image", "/os/image", "http://peer:9000/image/v2/?a=b", "http://gw:8801/os/image/v2/?a=b"),
        ("", "/image", "http://docs.example.org/v2/", "http://docs.example.org/v2/"),
        ("", "/image", "http://gw:88010/v2/", "http://gw:88010/v2/"),
        ("", "/image", "http://[gw/v2/", "http://[gw/v2/"),
        ("", "/image", "not a link to http://gw.example", "not a link to http://gw.example"),
        ("", "/image", "/v2/", "/v2/"),
    ],
)
def test_a_link_names_the_gateway_of_the_client(theirs: str, ours: str, before: str, after: str) -> None:
    assert mended({"versions": [{"links": [{"href": before}]}]}, theirs, ours) == {"versions": [{"links": [{"href": after}]}]}


@pytest.mark.parametrize(
    ("theirs", "ours", "before", "after"),
    [
        ("", "/image", "/v2/", "/image/v2/"),
        ("/image", "", "/image/v2/", "/v2/"),
        ("/image", "", "/image", "/"),
        ("/image", "", "v2/", "v2/"),
        ("", "/image", "ftp:/v2/", "ftp:/v2/"),
        ("/image", "/os", "http://peer:9000/image/v2/", "http://gw:8801/os/v2/"),
    ],
)
def test_a_location_may_be_a_path(theirs: str, ours: str, before: str, after: str) -> None:
    assert links(theirs, ours).link(before) == after


def test_the_default_port_may_be_left_out() -> None:
    parse = FrontendUrl.parse
    assert Links(("gw",), parse("http://peer/i"), parse("http://gw/image")).link("http://peer/i/v2") == "http://gw:80/image/v2"


@pytest.mark.parametrize("body", [b"<html>", b"", b"[" * 100_000])
def test_what_is_not_json_stays_as_it_is(body: bytes) -> None:
    assert links("", "/image").document(body) == body


def test_numbers_and_names_stay_as_they_are() -> None:
    document = {"version": {"min": 2, "current": True, "id": None, "media-types": ["application/json"]}}
    assert mended(document, "", "/image") == document
