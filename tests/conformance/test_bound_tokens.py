# SPDX-License-Identifier: Apache-2.0
"""No token leaves its cloud: real HAProxies and bridges of two clouds, and a client with the certificate of a peer's gateway."""

import http.client
import json
from contextlib import closing

import pytest

from conformance.bound_tokens import (
    COMPUTE_THERE,
    SERVICE,
    TO_TWO,
    TOKEN,
    WITH_WRONG,
    as_peer,
    audited,
    bound,
    refused,
    seen,
    without_python,
)
from conformance.secure import Secure
from openstackoid.binding import KeyRepository, Kind, is_bound
from openstackoid.bridge.binding.binder import Binder
from openstackoid.scope import join_token, split_token


class TestLeaving:
    def test_a_token_leaves_bound_to_the_peer_and_the_same_for_each_request(self, world: Secure) -> None:
        found = set()
        for _ in range(3):
            assert world.ask("CloudOne", "GET", "/image/v2/images/i/file", {"X-Auth-Token": TOKEN, "X-Scope": TO_TWO})[0] == 200
            token, scope = split_token(seen(world)["x-auth-token"])
            assert (is_bound(token), scope) == (True, TO_TWO)
            found.add(token)
        assert len(found) == 1

    def test_haproxy_sends_a_token_that_python_has_bound_before_and_no_other(self, world: Secure) -> None:
        headers = {"X-Auth-Token": f"{TOKEN}haproxy", "X-Scope": TO_TWO}
        world.ask("CloudOne", "GET", "/image/v2/images/1/file", headers)
        by_python = seen(world)["x-auth-token"]
        with without_python(world, "CloudOne"):
            assert world.ask("CloudOne", "GET", "/image/v2/images/1/file", headers)[0] == 200
            assert seen(world)["x-auth-token"] == by_python
            other = {**headers, "X-Auth-Token": f"{TOKEN}other"}
            assert (world.ask("CloudOne", "GET", "/image/v2/images/1/file", other)[0], world.recorder.seen) == (503, [])

    def test_users_who_share_a_connection_leave_each_with_the_own_bound_token(self, world: Secure) -> None:
        path, tokens = "/image/v2/images/1/file", [f"{TOKEN}{end}" for end in ("one", "onetwo", "")]
        bound_to = {}
        for token in tokens:
            assert world.ask("CloudOne", "GET", path, {"X-Auth-Token": token, "X-Scope": TO_TWO})[0] == 200
            bound_to[token] = seen(world)["x-auth-token"]
        assert len(set(bound_to.values())) == len(tokens)
        connection = http.client.HTTPSConnection(
            "127.0.0.1", world.gates["CloudOne"], timeout=20, context=world.certificates.client()
        )
        with without_python(world, "CloudOne"), closing(connection):
            for token in [*tokens, *reversed(tokens), tokens[0], tokens[0], tokens[1]]:
                world.recorder.seen.clear()
                connection.request("GET", path, headers={"X-Case": "tls", "X-Auth-Token": token, "X-Scope": TO_TWO})
                answer = connection.getresponse()
                answer.read()
                assert (answer.status, seen(world)["x-auth-token"]) == (200, bound_to[token])

    @pytest.mark.parametrize("spelling", ["{}", "{} "], ids=["HAProxy", "Python"])
    def test_a_service_token_leaves_bound_and_of_its_own_kind(self, world: Secure, spelling: str) -> None:
        headers = {"X-Auth-Token": TOKEN, "X-Service-Token": SERVICE, "X-Scope": spelling.format(TO_TWO)}
        for _ in range(2):
            assert world.ask("CloudOne", "GET", "/image/v2/images/i/file", headers)[0] == 200
            token, scope = split_token(seen(world)["x-service-token"])
            assert (is_bound(token), scope) == (True, '{"*":"CloudOne"}')
            opened = Binder(KeyRepository(world.folders["CloudOne"] / "keys")).open(token, "CloudTwo")
            assert (opened.kind, opened.token) == (Kind.SERVICE, SERVICE)

    def test_a_services_own_token_on_a_hop_leaves_bound_as_that_of_a_service(self, world: Secure) -> None:
        workflow = "req-5c09ed00-0000-4000-8000-000000000001"
        began = {"X-Auth-Token": TOKEN, "X-Scope": '{"network":"CloudTwo"}', "X-OpenStack-Request-Id": workflow}
        assert world.ask("CloudOne", "POST", "/compute/v2.1/os-keypairs", began, b"{}")[0] == 200
        hop = {"X-Auth-Token": SERVICE, "X-OpenStack-Request-Id": workflow}
        assert world.ask("CloudOne", "GET", "/network/v2.0/networks", hop)[0] == 200
        opened = Binder(KeyRepository(world.folders["CloudOne"] / "keys")).open(
            split_token(seen(world)["x-auth-token"])[0], "CloudTwo"
        )
        assert (opened.kind, opened.token) == (Kind.SERVICE, SERVICE)

    @pytest.mark.parametrize("name", ["X-Storage-Token", "Authorization", "X-Subject-Token"])
    def test_a_token_in_another_header_leaves_bound(self, world: Secure, name: str) -> None:
        value = f"Bearer {TOKEN}" if name == "Authorization" else TOKEN
        for _ in range(2):
            assert (
                world.ask("CloudOne", "GET", "/image/v2/images/i/file", {"X-Auth-Token": TOKEN, "X-Scope": TO_TWO, name: value})[
                    0
                ]
                == 200
            )
            assert is_bound(seen(world)[name.lower()].removeprefix("Bearer "))

    @pytest.mark.parametrize(
        "name",
        [
            "X-Auth-Key",
            "X-Storage-Pass",
            "X-Target-Auth-Token",
            "Authorization",
            "X_Auth_Key",
            "x-auth_key",
            "X_Storage-Pass",
            "X_Target_Auth_Token",
            "x_target-auth_token",
        ],
    )
    def test_a_credential_that_cannot_be_bound_is_refused_by_name(self, world: Secure, name: str) -> None:
        headers = {"X-Auth-Token": TOKEN, "X-Scope": TO_TWO}
        for _ in range(2):
            assert world.ask("CloudOne", "GET", "/image/v2/images/i/file", headers)[0] == 200
        value = "Basic c2VjcmV0" if name == "Authorization" else "secret"
        status, _, document = world.ask("CloudOne", "GET", "/image/v2/images/i/file", {**headers, name: value})
        assert (status, world.recorder.seen) == (400, [])
        assert f"{name.replace('_', '-').title()} cannot be bound to CloudTwo" in document["error"]["message"]

    @pytest.mark.parametrize(
        "path",
        [
            "/v2.0/tokens",
            "/v3/auth/OS-FEDERATION/saml2",
            "/v3/auth/OS-FEDERATION/saml2/ecp/",
            "/v3/auth/tokens;a",
            "/v3;a=b/auth/tokens",
            "/v3/auth/tokens%3Ba",
            "/v3/auth/%2574okens",
            "/v3/auth/TOKENS",
            "/V2.0//tokens/",
            "/v2.0/tokens;",
            "/v3/auth/tokens/;/",
            "/v3/auth/tokens%20",
            "/v3/auth/OS-FEDERATION/saml2;a/ecp",
        ],
    )
    def test_a_token_in_a_body_that_no_gateway_reads_does_not_leave(self, world: Secure, path: str) -> None:
        headers = {"X-Auth-Token": "", "X-Scope": '{"identity":"CloudTwo"}', "Content-Type": "application/json"}
        for _ in range(2):
            world.ask("CloudOne", "POST", "/identity/v3/users", headers, b"{}")
        status, _, document = world.ask("CloudOne", "POST", f"/identity{path}", headers, b'{"auth":{"token":{"id":"mine"}}}')
        assert (status, world.recorder.seen) == (400, [])
        assert "a token in the body cannot be bound to CloudTwo" in document["error"]["message"]

    def test_the_page_of_a_user_shows_peers_a_bound_token(self, world: Secure) -> None:
        headers = {"X-Auth-Token": TOKEN, "X-Scope": TO_TWO}
        status, _, document = world.ask("CloudOne", "GET", "/.openstackoid/user", headers)
        assert status == 200
        told = {row["cloud"]: row["reason"] or row["user"]["name"] for row in document["clouds"]}
        assert told == {"CloudOne": "demo", "CloudTwo": "demo"}
        assert audited(world)[-1]["rule"] == "delegation of */validation"


class TestValidation:
    def test_a_service_of_the_peer_validates_a_bound_token_and_no_answer_shows_the_token(self, world: Secure) -> None:
        token = bound(world)
        headers = {"X-Auth-Token": "glance", "X-Subject-Token": join_token(token, COMPUTE_THERE)}
        world.recorder.answers["X-Subject-Token"] = TOKEN
        status, answered, document = world.ask("CloudTwo", "GET", "/identity/v3/auth/tokens", headers)
        world.recorder.answers["X-Subject-Token"] = "new-token"
        assert (status, document["token"]["user"]["name"]) == (200, "demo")
        assert (seen(world)["x-auth-token"], seen(world)["x-subject-token"]) == (TOKEN, TOKEN)
        assert answered["x-subject-token"] == token
        line = audited(world)[-1]
        assert (line["rule"], line["user"]["name"], line["project"]["name"]) == ("delegation of */validation", "demo", "demo")

    def test_an_answer_that_repeats_the_token_loses_it(self, world: Secure) -> None:
        headers = {"X-Auth-Token": join_token(bound(world), COMPUTE_THERE), "X-Answer-With": f"X-Debug: {TOKEN}!"}
        status, answered, _ = as_peer(world, "GET", "/image/v2/images", headers)
        assert (status, seen(world)["x-auth-token"]) == (200, join_token(TOKEN, COMPUTE_THERE))
        assert answered["x-debug"] == f"{bound(world)}!"


class TestMisuse:
    @pytest.mark.parametrize(
        ("certificate", "why"),
        [(None, "no gateway has sent it"), ("Wrong.pem", "bound to another gateway than that of Wrong")],
    )
    def test_a_bound_token_in_other_hands_is_worth_nothing(self, world: Secure, certificate: str | None, why: str) -> None:
        token = bound(world)
        for headers in ({"X-Auth-Token": token}, {"X-Auth-Token": join_token(token, COMPUTE_THERE)}):
            status, _, document = as_peer(world, "GET", "/image/v2/images", headers, certificate=certificate)
            assert (status, world.recorder.seen) == (401, [])
            assert why in document["error"]["message"]
            assert (audited(world)[-1]["status"], why in audited(world)[-1]["reason"]) == (401, True)

    def test_a_changed_character_is_401(self, world: Secure) -> None:
        token = bound(world)
        changed = token[:30] + ("A" if token[30] != "A" else "B") + token[31:]
        headers = {"X-Auth-Token": join_token(changed, COMPUTE_THERE)}
        assert (as_peer(world, "GET", "/image/v2/images", headers)[0], world.recorder.seen) == (401, [])

    @pytest.mark.parametrize("scope", [COMPUTE_THERE, None])
    def test_the_bound_scope_counts_and_not_one_beside_it(self, world: Secure, scope: str | None) -> None:
        token = bound(world, scope=TO_TWO)
        value = token if scope is None else join_token(token, scope)
        assert (as_peer(world, "GET", "/image/v2/images", {"X-Auth-Token": value})[0], world.recorder.seen) == (401, [])
        assert "scope" in audited(world)[-1]["reason"]

    @pytest.mark.parametrize("name", ["X-Subject-Token", "X-Service-Token", "X-Storage-Token", "Authorization"])
    @pytest.mark.parametrize("path", ["/image/v2/images", "/identity/v3/auth/tokens"])
    def test_a_user_shows_a_bound_token_in_no_other_header(self, world: Secure, name: str, path: str) -> None:
        token = bound(world)
        value = f"Bearer {token}" if name == "Authorization" else token
        for certificate, more in ((None, {"X-Forwarded-For": f"10.0.{len(name)}.{len(path)}"}), ("Wrong.pem", {})):
            shown = {"X-Auth-Token": "own", name: value, **more}
            status, _, _ = as_peer(world, "GET", path, shown, certificate=certificate)
            assert (status, world.recorder.seen) == (401, [])
            assert refused(world)["status"] == 401

    @pytest.mark.parametrize("certificate", [None, "Wrong.pem"])
    def test_a_bound_token_in_the_body_of_an_exchange_is_401(self, world: Secure, certificate: str | None) -> None:
        by_token = {"methods": ["token"], "token": {"id": bound(world)}}
        body = json.dumps({"auth": {"identity": by_token}}).encode()
        sent = {"Content-Type": "application/json", "X-Auth-Token": ""}
        assert as_peer(world, "POST", "/identity/v3/auth/tokens", sent, body, certificate)[0] == 401
        assert (world.recorder.seen, refused(world)["status"]) == ([], 401)

    def test_past_its_end_it_is_401(self, world: Secure) -> None:
        past = Binder(KeyRepository(world.folders["CloudOne"] / "keys"), clock=lambda: 1_700_000_000)
        token = join_token(past.bind(TOKEN, Kind.USER, "CloudTwo", COMPUTE_THERE, 86_400), COMPUTE_THERE)
        assert (as_peer(world, "GET", "/image/v2/images", {"X-Auth-Token": token})[0], world.recorder.seen) == (401, [])
        assert (audited(world)[-1]["status"], audited(world)[-1]["reason"]) == (401, "the time of the bound token is over")

    def test_the_page_of_a_user_is_not_shown_for_it(self, world: Secure) -> None:
        headers = {"X-Auth-Token": bound(world)}
        assert as_peer(world, "GET", "/.openstackoid/user", headers, certificate=None)[0] == 401
        line = audited(world)[-1]
        assert (line["status"], line["path"], line["outcome"]) == (401, "/.openstackoid/user", "refused")


class TestStolen:
    """A plain token of CloudOne that CloudTwo's operator has got hold of, by CloudTwo's gateway."""

    def test_the_audit_log_has_the_peer(self, world: Secure) -> None:
        status = as_peer(world, "GET", "/image/v2/images", {"X-Auth-Token": TOKEN})[0]
        assert (refused(world)["sender"], refused(world)["status"], status) == ("CloudTwo", 403, 403)

    def test_it_is_bound_to_no_further_cloud(self, world: Secure) -> None:
        body = json.dumps({"subject_token": TOKEN, "audience": "Wrong", "scope": WITH_WRONG}).encode()
        assert as_peer(world, "POST", "/.openstackoid/token", {"X-Auth-Token": ""}, body)[0] == 403
        assert (refused(world)["sender"], refused(world)["status"]) == ("CloudTwo", 403)

    def test_it_is_bound_for_no_scope_that_a_first_gateway_would_resolve(self, world: Secure) -> None:
        body = json.dumps({"subject_token": TOKEN, "audience": "Wrong", "scope": '{"*":"CloudOne","image":"nearest(Wrong)"}'})
        assert as_peer(world, "POST", "/.openstackoid/token", {"X-Auth-Token": ""}, body.encode())[0] == 400

    @pytest.mark.parametrize(
        "headers",
        [
            {"X-Auth-Token": TOKEN},
            {"X-Auth-Token": join_token(TOKEN, '{"*":"CloudOne"}')},
            {"X-Auth-Token": TOKEN, "X-Scope": COMPUTE_THERE},
            {"X-Auth-Token": "", "X-Storage-Token": TOKEN},
            {"X-Auth-Token": "", "Authorization": f"Bearer {TOKEN}"},
        ],
        ids=["plain", "with a scope", "with a scope beside it", "X-Storage-Token", "Authorization"],
    )
    @pytest.mark.parametrize(
        ("method", "path"),
        [("GET", "/image/v2/images"), ("GET", "/identity/v3/projects"), ("DELETE", "/network/v2.0/ports/1")],
    )
    def test_it_is_worth_nothing(self, world: Secure, method: str, path: str, headers: dict[str, str]) -> None:
        # The user's own requests, by which HAProxy knows the routes.
        for _ in range(2):
            world.ask("CloudOne", method, path, headers)
        assert (as_peer(world, method, path, headers)[0] in (401, 403), world.recorder.seen) == (True, [])

    def test_what_delegation_names_is_served_and_audited_with_the_user(self, world: Secure) -> None:
        assert as_peer(world, "GET", "/network/v2.0/ports", {"X-Auth-Token": TOKEN})[0] == 200
        line = audited(world)[-1]
        assert (line["rule"], line["user"]["name"]) == ("delegation of */users", "demo")


class TestForgedHome:
    CALLED_THEIRS = '{"*":"CloudTwo","image":"CloudOne"}'

    @pytest.mark.parametrize("path", ["/image/v2/images", "/network/v2.0/networks", "/identity/v3/projects"])
    def test_a_token_of_this_cloud_that_is_called_a_peers_is_not_sent_there(self, world: Secure, path: str) -> None:
        headers = {"X-Auth-Token": "of-CloudOne-mine", "X-Scope": self.CALLED_THEIRS}
        status, _, document = world.ask("CloudOne", "GET", path, headers)
        assert (status, world.recorder.seen) == (401, [])
        assert document["error"]["message"] == "gateway of CloudOne: identity of CloudTwo does not accept the token"

    def test_nor_is_one_in_the_body_of_an_exchange(self, world: Secure) -> None:
        by_token = {"methods": ["token"], "token": {"id": "of-CloudOne-mine"}}
        headers = {"X-Auth-Token": "", "X-Scope": '{"identity":"CloudTwo"}', "Content-Type": "application/json"}
        body = json.dumps({"auth": {"identity": by_token}}).encode()
        assert world.ask("CloudOne", "POST", "/identity/v3/auth/tokens", headers, body)[0] == 401
        assert world.recorder.seen == []

    def test_a_users_own_token_of_a_peer_is_accepted_at_this_gateway(self, world: Secure) -> None:
        headers = {"X-Auth-Token": "of-CloudTwo-theirs", "X-Scope": self.CALLED_THEIRS}
        assert world.ask("CloudOne", "GET", "/image/v2/images/i/file", headers)[0] == 200
        assert [request.server for request in world.recorder.seen] == ["image of CloudOne"]
