# SPDX-License-Identifier: Apache-2.0
"""The headers of each way: a plain token, a scope beside it, or the token of a gateway."""

from bench.lab.client import Client
from bench.lab.goals import ACROSS, CHAIN, THROUGH
from bench.lab.ways import IMAGE_THERE, TLS_ALONE, Question, Way, as_handed_on, plain, scoped


def test_a_user_sends_a_plain_token() -> None:
    assert plain("t") == {"X-Auth-Token": "t"}
    assert scoped(IMAGE_THERE)("t") == {"X-Auth-Token": "t", "X-Scope": IMAGE_THERE}


def test_behind_the_users_gateway_the_scope_is_in_the_token_and_names_home() -> None:
    headers = as_handed_on(IMAGE_THERE)("t")
    assert headers["X-Auth-Token"] == "t~eyIqIjoiQ2xvdWRPbmUiLCJpbWFnZSI6IkNsb3VkVHdvIn0"
    assert headers["X-OpenStack-Request-Id"].startswith("req-a0d17000-")


def test_gateways_are_also_put_beside_as_many_that_do_tls_alone() -> None:
    ways = tuple(Way(key, key, Client("http://127.0.0.1:1"), "/", plain, None) for key in (THROUGH, TLS_ALONE, ACROSS, CHAIN))
    assert Question("images", "", ways, 1).beside == [(THROUGH, TLS_ALONE), (ACROSS, CHAIN)]
    assert Question("images", "", ways[2:3], 1).beside == []
