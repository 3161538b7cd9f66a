# SPDX-License-Identifier: Apache-2.0
"""Which answers of a peer's image service to writes are followed, and so read."""

import pytest

from openstackoid.mesh import Listener
from openstackoid.routing import Request
from openstackoid.routing.images import is_followed_write


@pytest.mark.parametrize(
    ("method", "path", "query", "followed"),
    [
        ("GET", "/v2/images/i", None, False),
        ("POST", "/v2/images", None, True),
        ("POST", "/v2/images/", None, True),
        ("PUT", "/v2/images/i/stage", None, False),
        ("PUT", "/v2.17/images/i/file", "prefer=a", False),
        ("PUT", "/v2/images/i/x/file", None, True),
        ("PUT", "/v2/images/i", "x=/file", True),
        ("POST", "/v2//images/i/locations", None, True),
        ("POST", "/v2/info/stores", None, False),
        ("PATCH", "/v2/images/i", None, True),
        ("DELETE", "/v2/images/i", None, False),
    ],
)
def test_the_answer_to_a_change_of_an_image_is_read(method: str, path: str, query: str | None, followed: bool) -> None:
    assert is_followed_write(path, Request(method, Listener("h", 1), f"/image{path}", query=query)) == followed
