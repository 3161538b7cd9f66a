# SPDX-License-Identifier: Apache-2.0
"""Which requests to Keystone are a way to a token. That the list is whole is tried on a real Keystone (tests/lab)."""

import pytest

from openstackoid.routing.token_routes import TOKEN_ROUTES, possible_token_route, token_route

FEDERATED = "/v3/OS-FEDERATION/identity_providers/i/protocols/p/auth"


@pytest.mark.parametrize(
    ("method", "called", "carries"),
    [
        ("POST", "/v3/auth/tokens", True),
        ("POST", "/v3/ec2tokens", True),
        *((method, FEDERATED, True) for method in ("GET", "HEAD", "POST")),
        ("POST", "/v3/OS-OAUTH2/token", False),
        ("PUT", "/v3/OS-OAUTH1/authorize/x", False),
    ],
)
def test_a_way_to_a_token(method: str, called: str, carries: bool) -> None:
    route = token_route(method, called)
    assert route is not None
    assert (route.instead is None) == carries


@pytest.mark.parametrize(
    ("method", "called"),
    [
        ("GET", "/v3/auth/tokens"),
        ("OPTIONS", "/v3/OS-OAUTH2/token"),
        ("POST", "/v3/auth/tokens/x"),
        ("POST", "/v3/OS-OAUTH1/consumers"),
        ("GET", FEDERATED.removesuffix("/auth")),
        ("GET", ""),
    ],
)
def test_any_other_request(method: str, called: str) -> None:
    assert token_route(method, called) is None


@pytest.mark.parametrize("called", ["/v3/auth/tokens;a", "/v3/Auth/tokens%3b", FEDERATED.lower(), "/v3/ec2tokens;"])
def test_a_path_that_some_server_reads_as_a_way_to_a_token(called: str) -> None:
    assert token_route("POST", called) is None
    assert possible_token_route("POST", called) is not None


def test_a_path_stands_once() -> None:
    paths = [route.path for route in TOKEN_ROUTES]
    assert len(paths) == len(set(paths))
