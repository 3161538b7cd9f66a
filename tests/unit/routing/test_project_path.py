# SPDX-License-Identifier: Apache-2.0
"""The project in a path becomes the one by which the service knows the user."""

import pytest

from conformance.clouds import three_clouds
from openstackoid.routing.project_path import with_project

ONE = three_clouds().clouds["CloudOne"]


@pytest.mark.parametrize(
    ("service", "path", "expected"),
    [
        ("block-storage", "/volume/v3/p1/volumes/p1", "/volume/v3/ours/volumes/p1"),
        ("block-storage", "/volume/v3/p1", "/volume/v3/ours"),
        ("block-storage", "/volume/v3/p12/volumes", "/volume/v3/p12/volumes"),
        ("block-storage", "/volume/v3/ours/volumes", "/volume/v3/ours/volumes"),
        ("block-storage", "/volume/v3/volumes", "/volume/v3/volumes"),
        ("block-storage", "/volume/", "/volume/"),
        ("object-store", "/swift/v1/AUTH_p1/c/p1", "/swift/v1/AUTH_ours/c/p1"),
        ("object-store", "/swift/v1/p1/c", "/swift/v1/p1/c"),
        ("image", "/image/v2/p1", "/image/v2/p1"),
    ],
)
def test_paths(service: str, path: str, expected: str) -> None:
    endpoint = ONE.endpoint(service, "public")
    assert endpoint is not None
    assert with_project(endpoint, path, "p1", "ours") == expected
