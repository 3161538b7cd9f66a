# SPDX-License-Identifier: Apache-2.0
"""Attacks by the operator of a peer on bound tokens, and requests in odd spellings that leave."""

import http.client
import json
from collections.abc import Iterator
from itertools import product

import pytest

from conformance.bound_tokens import COMPUTE_THERE, SERVICE, TO_TWO, TOKEN, as_peer, bound
from conformance.secure import Secure, secure_world
from openstackoid.binding import KeyRepository, Kind, is_bound
from openstackoid.bridge.binding.binder import Binder
from openstackoid.scope import join_token

OF_SERVICES = '{"*":"CloudOne"}'


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    with secure_world(tmp_path_factory.mktemp("certificates"), "{'*': {tokens: [exchange, revocation]}}") as secure:
        secure.certificates.issue("Wrong")
        yield secure


def exchange_of(token: str) -> bytes:
    return json.dumps({"auth": {"identity": {"methods": ["token"], "token": {"id": token}}}}).encode()


class TestLaundering:
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_the_validation_of_a_plain_token_gives_no_bound_one(self, world: Secure, method: str) -> None:
        world.recorder.answers["X-Subject-Token"] = TOKEN
        headers = {"X-Auth-Token": TOKEN, "X-Subject-Token": TOKEN}
        status, answered, _ = as_peer(world, method, "/identity/v3/auth/tokens", headers)
        world.recorder.answers["X-Subject-Token"] = "new-token"
        assert status == 200
        given = answered["x-subject-token"]
        used = {"X-Auth-Token": join_token(given, COMPUTE_THERE)}
        assert as_peer(world, "GET", "/image/v2/images/1", used)[0] == 403
        assert not is_bound(given)


class TestServices:
    @pytest.mark.parametrize("auth", ["", "user", "service"])
    def test_a_services_token_is_exchanged_for_none_of_a_user(self, world: Secure, auth: str) -> None:
        service = bound(world, SERVICE, Kind.SERVICE, OF_SERVICES)
        user = join_token(bound(world), COMPUTE_THERE)
        sent = {"": "", "user": user, "service": join_token(service, OF_SERVICES)}[auth]
        headers = {"Content-Type": "application/json", "X-Auth-Token": sent}
        world.recorder.answers["X-Subject-Token"] = TOKEN
        status, _, _ = as_peer(world, "POST", "/identity/v3/auth/tokens", headers, exchange_of(service))
        world.recorder.answers["X-Subject-Token"] = "new-token"
        assert (status, world.recorder.seen) == (403, [])

    def test_a_services_token_revokes_none(self, world: Secure) -> None:
        service = join_token(bound(world, SERVICE, Kind.SERVICE, OF_SERVICES), OF_SERVICES)
        headers = {"X-Auth-Token": service, "X-Subject-Token": TOKEN}
        assert as_peer(world, "DELETE", "/identity/v3/auth/tokens", headers)[0] == 403


AUTHS = [
    None,
    "",
    TOKEN,
    join_token(TOKEN, TO_TWO),
    join_token(TOKEN, TO_TWO, 1),
    *(odd.format(TOKEN) for odd in ("%{}", "{}%", "~{}", "!{}", "a!{}", "|{}", "={}", "%7E{}", "{}%7E", "bound1.{}", "\t{}")),
    join_token(f"a!{TOKEN}", TO_TWO),
]
SCOPES = [
    None,
    TO_TWO,
    f" {TO_TWO} ",
    "image=CloudTwo",
    '{"identity":"CloudTwo"}',
    '{"*":"CloudTwo","image":"CloudTwo","identity":"CloudTwo"}',
]
FURTHER = [
    *("X-Subject-Token", "X-Storage-Token", "X_Auth_Token", "X-Auth_Token", "X_Service_Token", "X_Subject_Token", "X-Auth-Token"),
    *("X-Service-Token", "X-Storage_Token"),
]
REQUESTS = [
    ("GET", "/image/v2/images/1/file"),
    ("DELETE", "/image/v2/images/1"),
    ("GET", "/identity/v3/projects"),
    ("DELETE", "/identity/v3/auth/tokens"),
]
SENT = [
    *((request, scope, auth, None, None) for request, scope, auth in product(REQUESTS, SCOPES, AUTHS)),
    *(
        (request, TO_TWO, auth, name, value)
        for request, auth, name, value in product(REQUESTS[::2], AUTHS[:4], FURTHER, (TOKEN, f"!{TOKEN}"))
    ),
]


class TestUserPage:
    """Wrong's operator has a token of CloudOne that is bound to Wrong's gateway, and has it sent to CloudTwo."""

    @pytest.mark.parametrize("kind", [Kind.USER, Kind.SERVICE])
    def test_it_binds_no_token_to_a_cloud_that_its_scope_does_not_name(self, world: Secure, kind: Kind) -> None:
        binder = Binder(KeyRepository(world.folders["CloudOne"] / "keys"))
        token = binder.bind(TOKEN, kind, "Wrong", '{"*":"CloudOne","compute":"Wrong"}', 86_400)
        headers = {"X-Auth-Token": join_token(token, TO_TWO)}
        status, _, document = as_peer(world, "GET", "/.openstackoid/user", headers, certificate="Wrong.pem")
        assert (status, "clouds" in document) == (403, False)


class TestSpelling:
    def test_no_token_leaves_unbound_in_odd_spellings(self, world: Secure) -> None:
        gate, context = world.gates["CloudOne"], world.certificates.client()
        connection = http.client.HTTPSConnection("127.0.0.1", gate, timeout=20, context=context)
        left, leaks = 0, []
        for (method, path), scope, auth, name, value in SENT:
            world.recorder.seen.clear()
            connection.putrequest(method, path)
            for header, content in (("X-Case", "odd"), ("X-Auth-Token", auth), ("X-Scope", scope), (name, value)):
                if header is not None and content is not None:
                    connection.putheader(header, content)
            connection.endheaders()
            connection.getresponse().read()
            there = [request for request in world.recorder.seen if request.server.endswith("CloudTwo")]
            left += len(there)
            leaks += [(method, path, scope, auth, name) for request in there if TOKEN in str(request.headers)]
        connection.close()
        assert (left > 20, leaks) == (True, [])
