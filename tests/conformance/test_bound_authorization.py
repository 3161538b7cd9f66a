# SPDX-License-Identifier: Apache-2.0
"""``Authorization`` of a request that leaves: a token in it is bound or refused, in any spelling, as one in another header is."""

import pytest

from conformance.bound_tokens import TO_TWO, TOKEN, seen
from conformance.secure import Secure
from openstackoid.binding import is_bound

OWN = "of-CloudOne-mine"
THEIRS = "of-CloudTwo-theirs"


class TestAuthorization:
    @pytest.mark.parametrize("value", ["Bearer\t{}", "bearer  {}", "BEARER {} "])
    def test_a_bearer_token_leaves_bound_in_any_spelling(self, world: Secure, value: str) -> None:
        headers = {"X-Auth-Token": TOKEN, "X-Scope": TO_TWO, "Authorization": value.format(TOKEN)}
        assert world.ask("CloudOne", "GET", "/image/v2/images", headers)[0] == 200
        assert is_bound(seen(world)["authorization"].removeprefix("Bearer "))

    @pytest.mark.parametrize(
        "value",
        [
            *("{}", "Token {}", "Basic {}", "Digest {}"),
            'OAuth oauth_signature_method="PLAINTEXT", oauth_signature="a%26b"',
            'OAuth oauth_signature_method="plain%54EXT", oauth_signature="a%26b"',
            "AWS4-HMAC-SHA256 Credential=key/20261130/one/s3/aws4_request, SignedHeaders=host, Signature=0a",
        ],
    )
    def test_another_credential_is_refused_by_name(self, world: Secure, value: str) -> None:
        headers = {"X-Auth-Token": TOKEN, "X-Scope": TO_TWO, "Authorization": value.format(TOKEN)}
        status, _, document = world.ask("CloudOne", "GET", "/image/v2/images", headers)
        assert (status, world.recorder.seen) == (400, [])
        assert "Authorization cannot be bound to CloudTwo" in document["error"]["message"]

    def test_a_signature_goes_on_as_it_is(self, world: Secure) -> None:
        signature = 'OAuth oauth_signature_method="HMAC-SHA1", oauth_signature="0a"'
        headers = {"X-Auth-Token": TOKEN, "X-Scope": TO_TWO, "Authorization": signature}
        assert world.ask("CloudOne", "GET", "/image/v2/images", headers)[0] == 200
        assert seen(world)["authorization"] == signature

    @pytest.mark.parametrize("path", ["/image/v2/images", "/image/v2/images/i/file"])
    def test_cookies_and_credentials_for_proxies_stay(self, world: Secure, path: str) -> None:
        """A browser sends a cookie to every port of a host, and keystoneauth that of a federated log-in."""
        given = {"Cookie": "sessionid=1", "Cookie2": "x", "Proxy-Authorization": "Basic abc"}
        for _ in range(2):
            assert world.ask("CloudOne", "GET", path, {"X-Auth-Token": TOKEN, "X-Scope": TO_TWO, **given})[0] == 200
            assert not {name.lower() for name in given} & set(seen(world))

    @pytest.mark.parametrize("path", ["/identity/v3/auth/tokens", "/identity/v3/projects", "/image/v2/images"])
    @pytest.mark.parametrize("scope", ['{"identity":"CloudTwo"}', '{"*":"CloudTwo"}', '{"*":"CloudTwo","image":"CloudOne"}'])
    @pytest.mark.parametrize("value", ["Bearer {}", "Bearer\t{}", "Token {}", "{}"])
    @pytest.mark.parametrize("beside", ["", THEIRS])
    def test_a_token_of_this_cloud_that_is_called_a_peers_is_not_sent_there(
        self, world: Secure, path: str, scope: str, value: str, beside: str
    ) -> None:
        headers = {"X-Auth-Token": beside, "X-Scope": scope, "Authorization": value.format(OWN)}
        status = world.ask("CloudOne", "GET", path, headers)[0]
        assert status == 401 or (status == 400 and "Bearer" not in value)
        assert world.recorder.seen == []

    def test_a_token_of_an_identity_provider_goes_to_the_gateway_of_the_keystone_that_is_asked(self, world: Secure) -> None:
        headers = {"X-Auth-Token": "", "X-Scope": '{"identity":"CloudTwo"}', "Authorization": "Bearer of-an-identity-provider"}
        path = "/identity/v3/OS-FEDERATION/identity_providers/one/protocols/openid/auth"
        status, _, document = world.ask("CloudOne", "POST", path, headers, b"")
        assert (status, document["error"]["message"]) == (
            403,
            "gateway of CloudTwo: a log-in by way of a peer is for 'delegation' in the policy here to name",
        )
