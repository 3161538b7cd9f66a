# SPDX-License-Identifier: Apache-2.0
"""The head of a request."""

from openstackoid.mesh import Listener
from openstackoid.routing import Request
from openstackoid.routing.request import with_headers

HEADERS = (("Accept", "a"), ("X-SCOPE", "1"), ("x-scope", "2"), ("X-Auth-Token", "t"))


def test_header_names_are_case_insensitive() -> None:
    request = Request("GET", Listener("h", 1), "/", HEADERS)
    assert request.values("x-scope") == ["1", "2"]
    assert request.values("x-none") == []


def test_a_change_sets_once_removes_all_and_leaves_the_rest_in_its_order() -> None:
    assert with_headers(HEADERS, {}) == HEADERS
    assert with_headers(HEADERS, {"x-scope": None}) == (("Accept", "a"), ("X-Auth-Token", "t"))
    assert with_headers(HEADERS, {"x-scope": "3", "x-new": ""}) == (
        ("Accept", "a"),
        ("X-Auth-Token", "t"),
        ("x-scope", "3"),
        ("x-new", ""),
    )
