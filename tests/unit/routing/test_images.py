# SPDX-License-Identifier: Apache-2.0
"""Which answers of a peer's image service are followed, and so read."""

import pytest

from openstackoid.mesh import Listener
from openstackoid.routing import Request
from openstackoid.routing.images import is_followed


@pytest.mark.parametrize(
    ("method", "path", "query", "followed"),
    [
        ("GET", "/v2/images", None, False),
        ("HEAD", "/v2/images", None, False),
        ("POST", "/v2/images", None, True),
        ("GET", "/v2/images", "", True),
        ("GET", "/v2/images/", None, True),
        ("GET", "/v2/images/i", None, True),
        ("GET", "/v2/images/i/file", None, False),
        ("GET", "/v2.17/images/i/file", "prefer=a", False),
        ("PUT", "/v2/images/i/stage", None, False),
        ("GET", "/v2/images/i/locations", None, True),
        ("GET", "/v2/images/i/x/file", None, True),
        ("GET", "/v2/schemas/image", None, True),
        ("GET", "", None, False),
        ("GET", "/v2/info/stores", None, False),
        ("GET", "/v2//images/i", None, True),
        ("GET", "/v2/images/i", "x=/file", True),
        ("PATCH", "/v2/images/i", None, True),
        ("DELETE", "/v2/images/i", None, False),
    ],
)
def test_redirects_are_followed_for_image_downloads_alone(method: str, path: str, query: str | None, followed: bool) -> None:
    assert is_followed(path, Request(method, Listener("h", 1), f"/image{path}", query=query)) == followed
