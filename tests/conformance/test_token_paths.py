# SPDX-License-Identifier: Apache-2.0
"""A token in a path of Keystone's second API leaves for no peer: it cannot be bound."""

import pytest

from conformance.bound_tokens import TOKEN
from conformance.secure import Secure


class TestTokensInPaths:
    @pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "POST", "PUT"])
    @pytest.mark.parametrize(
        "path",
        [
            f"/v2.0/tokens/{TOKEN}",
            f"/v2.0/tokens/{TOKEN}/endpoints",
            f"/V2.0/Tokens/{TOKEN}",
            f"/v2.0//tokens/{TOKEN}",
            f"/v2.0;a/tokens/{TOKEN}",
            f"/v2%2E0/tokens/{TOKEN}",
            f"/v3/../v2.0/tokens/{TOKEN}",
            f"/v2.0/%2574okens/{TOKEN}",
        ],
    )
    def test_a_token_in_a_path_does_not_leave(self, world: Secure, path: str, method: str) -> None:
        """Also not when HAProxy knows the way of the scope."""
        headers = {"X-Auth-Token": "", "X-Scope": '{"identity":"CloudTwo"}'}
        for _ in range(2):
            assert world.ask("CloudOne", "GET", "/identity/v3/users", headers)[0] == 200
        status, _, document = world.ask("CloudOne", method, f"/identity{path}", headers)
        assert (status, world.recorder.seen) == (400, []), document

    def test_the_refusal_of_a_token_in_a_path_says_what_to_do(self, world: Secure) -> None:
        headers = {"X-Auth-Token": "", "X-Scope": '{"identity":"CloudTwo"}'}
        for path in ("/v2.0/tokens", "/v2.0/tokens/t"):
            status, _, document = world.ask("CloudOne", "GET", f"/identity{path}", headers)
            assert (status, world.recorder.seen) == (400, [])
            message = "a token in the path cannot be bound to CloudTwo; ask by GET /v3/auth/tokens, or ask without the scope"
            assert document["error"]["message"] == f"gateway of CloudOne: {message}"
