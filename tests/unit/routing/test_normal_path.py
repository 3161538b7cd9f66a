# SPDX-License-Identifier: Apache-2.0
"""Paths in the form in which they are compared."""

import pytest

from conformance.clouds import three_clouds
from openstackoid.routing import called_path, folded_path

ONE = next(known for known in three_clouds().clouds["CloudOne"].endpoints if known.key == "identity.public")


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
    "called",
    [
        "/v3/auth/tokens",
        "/v3/auth/tokens;a",
        "/v3;a=b/auth;/tokens;a/;b",
        "/v3/auth/tokens%3Ba",
        "/v3/auth/%2574okens",
        "/v3/auth%2f%2ftokens",
        "/V3/Auth/TOKENS",
        "/v3/auth/ tokens ",
        "/v3\\auth\\tokens",
        "/v3/./auth/.;x/tokens",
    ],
)
def test_a_path_that_some_server_reads_as_another_has_the_form_of_that(called: str) -> None:
    assert folded_path(called) == "/v3/auth/tokens"


@pytest.mark.parametrize("called", ["/v3/auth/tokens2", "/v3/authtokens", "/v3/auth/tokens/OS-PKI", "/v3/x/auth/tokens"])
def test_another_path_has_another_form(called: str) -> None:
    assert folded_path(called) != "/v3/auth/tokens"
