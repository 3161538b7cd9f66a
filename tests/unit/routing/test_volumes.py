# SPDX-License-Identifier: Apache-2.0
"""Which lists of a peer's block storage are followed, and so read."""

import pytest

from openstackoid.mesh import Listener
from openstackoid.routing import Request
from openstackoid.routing.volumes import is_followed_list


@pytest.mark.parametrize(
    ("method", "path", "query", "followed"),
    [
        ("GET", "/v3/p/volumes", None, True),
        ("HEAD", "/v3/p/volumes/detail", "limit=2", True),
        ("GET", "/v3/p/snapshots/detail/", None, True),
        ("GET", "/v3/volumes/detail", None, True),
        ("GET", "/v3//p//types", None, True),
        ("GET", "/v3/p/attachments", "", True),
        ("GET", "/v3/p/backups/detail", None, True),
        ("GET", "/v3/p/volumes/v", None, False),
        ("GET", "/v3/p/volumes/summary", None, False),
        ("GET", "/v3/p/os-quota-sets/volumes-p", None, False),
        ("GET", "/v3/p/limits", "x=/volumes", False),
        ("POST", "/v3/p/volumes", None, False),
        ("DELETE", "/v3/p/volumes/v", None, False),
    ],
)
def test_the_next_page_is_followed_in_lists_alone(method: str, path: str, query: str | None, followed: bool) -> None:
    assert is_followed_list(path, Request(method, Listener("h", 1), f"/volume{path}", query=query)) == followed
