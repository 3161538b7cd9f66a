# SPDX-License-Identifier: Apache-2.0
"""Paths to Keystone: in which form they are compared, and the scope that may stand in them."""

import pytest

from conformance.clouds import three_clouds
from openstackoid.mesh import Endpoint
from openstackoid.routing import called_path, url_segment, without_segment

MESH = three_clouds()


def endpoint(cloud: str, key: str) -> Endpoint:
    return next(known for known in MESH.clouds[cloud].endpoints if known.key == key)


ONE, TWO, IMAGE = (
    endpoint("CloudOne", "identity.public"),
    endpoint("CloudTwo", "identity.public"),
    endpoint("CloudOne", "image.public"),
)


@pytest.mark.parametrize(
    ("path", "called"),
    [
        ("/identity/v3/auth/tokens", "/v3/auth/tokens"),
        ("/identity/v3/auth/tokens/", "/v3/auth/tokens"),
        ("/identity//v3///auth/tokens//", "/v3/auth/tokens"),
        ("/identity/v3/auth/%74okens", "/v3/auth/tokens"),
        ("/identity/v3/./auth/x/../tokens/.", "/v3/auth/tokens"),
        ("/identity/v3/%2e/auth/x/%2E%2e/tokens", "/v3/auth/tokens"),
        ("/identity/../../v3", "/v3"),
        ("/identity/v3/.../..a/b..", "/v3/.../..a/b.."),
        ("/identity/v3%2Fauth/tokens", "/v3/auth/tokens"),
        ("/identity/v3/auth/%2574okens", "/v3/auth/%74okens"),
        ("/identity", ""),
        ("/identity/", ""),
    ],
)
def test_a_path_is_called_by_one_form(path: str, called: str) -> None:
    assert called_path(ONE, path) == called


@pytest.mark.parametrize(
    ("where", "path", "segment", "rest"),
    [
        (ONE, "/identity/scope/image=CloudTwo/v3", "image=CloudTwo", "/identity/v3"),
        (ONE, "/identity/scope/image%3DCloudTwo/v3/auth/tokens", "image%3DCloudTwo", "/identity/v3/auth/tokens"),
        (ONE, "/identity/scope/image=CloudTwo", "image=CloudTwo", "/identity"),
        (ONE, "/identity/scope/image=CloudTwo/", "image=CloudTwo", "/identity/"),
        (ONE, "/identity/scope//v3", "", "/identity/v3"),
        (ONE, "/identity/scope/", "", "/identity"),
        (ONE, "/identity/scope", None, "/identity/scope"),
        (ONE, "/identity/v3/scope/x", None, "/identity/v3/scope/x"),
        (ONE, "/identity//scope/x/v3", None, "/identity//scope/x/v3"),
        (TWO, "/scope/image=CloudTwo/v3", "image=CloudTwo", "/v3"),
        (TWO, "/scope/image=CloudTwo", "image=CloudTwo", "/"),
        (IMAGE, "/image/scope/image=CloudTwo/v2", None, "/image/scope/image=CloudTwo/v2"),
    ],
)
def test_a_scope_is_one_segment_behind_keystones_root(where: Endpoint, path: str, segment: str | None, rest: str) -> None:
    assert url_segment(where, path) == segment
    assert without_segment(where, path) == rest
