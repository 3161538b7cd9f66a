# SPDX-License-Identifier: Apache-2.0
"""Requests of a peer by tokens that are bound to it: delegation, exchange at Keystone, and a binding for the next cloud."""

import json
from collections import Counter
from typing import Any

import pytest

from conformance.bound_tokens import (
    COMPUTE_THERE,
    NETWORK_THERE,
    SERVICE,
    TOKEN,
    WITH_WRONG,
    as_peer,
    audited,
    bound,
    refused,
    seen,
)
from conformance.secure import Secure
from openstackoid.binding import KeyRepository, Kind, is_bound
from openstackoid.bridge.binding.binder import Binder
from openstackoid.scope import join_token, split_token


def counted(world: Secure) -> Counter[tuple[str | None, str, str]]:
    """Return the counts of delegated uses on the page of CloudOne's gateway."""
    _, _, page = world.ask("CloudOne", "GET", "/.openstackoid/mesh", {})
    return Counter({(use["peer"], use["rule"], use["outcome"]): use["count"] for use in page["delegation"]})


class TestDelegation:
    @pytest.mark.parametrize(
        ("scope", "method", "path", "status", "rule"),
        [
            (COMPUTE_THERE, "GET", "/image/v2/images/1", 200, "images"),
            (NETWORK_THERE, "GET", "/image/v2/images/1", 403, None),
            (COMPUTE_THERE, "DELETE", "/image/v2/images/1", 403, None),
            (COMPUTE_THERE, "GET", "/image/v2/images/1/members", 403, None),
            (COMPUTE_THERE, "GET", "/image/v2/tasks", 403, None),
            (COMPUTE_THERE, "GET", "/network/v2.0/ports", 200, "users"),
            (COMPUTE_THERE, "GET", "/network/v2.0/networks", 403, None),
            (COMPUTE_THERE, "GET", "/identity/v3/projects", 403, None),
            (COMPUTE_THERE, "DELETE", "/identity/v3/auth/tokens", 403, None),
        ],
    )
    def test_a_peer_asks_what_delegation_names(
        self, world: Secure, scope: str, method: str, path: str, status: int, rule: str | None
    ) -> None:
        token = join_token(bound(world, scope=scope), scope)
        assert as_peer(world, method, path, {"X-Auth-Token": token})[0] == status
        assert len(world.recorder.seen) == (status == 200)
        line = audited(world)[-1]
        assert (line["home"], line["sender"], line["status"]) == ("CloudOne", "CloudTwo", status)
        assert line["rule"] == (rule and f"delegation of */{rule}")
        who = (line["user"], line["project"])
        assert [found and found["name"] for found in who] == (["demo", "demo"] if rule else [None, None])

    def test_a_services_token_is_for_validation_and_for_what_names_it(self, world: Secure) -> None:
        token = join_token(bound(world, SERVICE, Kind.SERVICE, '{"*":"CloudOne"}'), '{"*":"CloudOne"}')
        assert as_peer(world, "GET", "/network/v2.0/ports", {"X-Auth-Token": token})[0] == 403
        assert as_peer(world, "GET", "/network/v2.0/networks", {"X-Auth-Token": token})[0] == 200
        bare, _ = split_token(token)
        assert as_peer(world, "GET", "/identity/v3/auth/tokens", {"X-Auth-Token": bare, "X-Subject-Token": bare})[0] == 200

    def test_another_method_in_the_request_is_refused(self, world: Secure) -> None:
        token = join_token(bound(world), COMPUTE_THERE)
        assert as_peer(world, "GET", "/image/v2/images/1?_method=DELETE", {"X-Auth-Token": token})[0] == 403
        assert world.recorder.seen == []

    def test_each_use_is_counted(self, world: Secure) -> None:
        """Each line of the audit log about a token of this cloud is one of the counts, also where it is refused."""
        before, lines = counted(world), len(audited(world))
        token = join_token(bound(world), COMPUTE_THERE)
        for path in ("/network/v2.0/ports", "/image/v2/images", "/network/v2.0/networks"):
            as_peer(world, "GET", path, {"X-Auth-Token": token})
        as_peer(world, "GET", "/identity/v3/auth/tokens", {"X-Auth-Token": token, "X-Subject-Token": token})
        as_peer(world, "GET", "/image/v2/images", {"X-Auth-Token": token}, certificate=None)
        exchange = {"subject_token": bound(world, scope=WITH_WRONG), "audience": "Wrong", "scope": WITH_WRONG}
        assert as_peer(world, "POST", "/.openstackoid/token", {}, json.dumps(exchange).encode())[0] == 200
        of: dict[tuple[str | None, str, str], int]
        of = {("CloudTwo", rule, "allowed"): 1 for rule in ("users", "images", "validation", "binding")}
        of |= {("CloudTwo", "none", "refused"): 1, (None, "none", "refused"): 1}
        assert counted(world) - before == of
        assert sum(line.get("count", 1) for line in audited(world)[lines:]) <= sum(of.values())

    def test_a_token_that_is_issued_by_way_of_a_peer_is_bound_to_it(self, world: Secure) -> None:
        login = json.dumps({"auth": {"identity": {"methods": ["password"], "password": {}}}}).encode()
        sent = {"Content-Type": "application/json", "X-Auth-Token": ""}
        world.recorder.answers["X-Subject-Token"] = TOKEN
        status, answered, _ = as_peer(world, "POST", "/identity/v3/auth/tokens", sent, login)
        assert (status, is_bound(answered["x-subject-token"])) == (200, True)
        mine = world.ask("CloudOne", "POST", "/identity/v3/auth/tokens", sent, login)[1]
        world.recorder.answers["X-Subject-Token"] = "new-token"
        assert mine["x-subject-token"] == TOKEN
        exchange = json.dumps(
            {"auth": {"identity": {"methods": ["token"], "token": {"id": answered["x-subject-token"]}}}}
        ).encode()
        assert as_peer(world, "POST", "/identity/v3/auth/tokens", sent, exchange)[0] == 403, "delegation names no exchange"

    @pytest.mark.parametrize("scope", [COMPUTE_THERE, '{"*":"CloudOne"}', None])
    def test_the_scope_that_a_peer_writes_beside_an_issued_token_gives_it_nothing(self, world: Secure, scope: str | None) -> None:
        issued = bound(world, kind=Kind.ISSUED, scope=None)
        used = {"X-Auth-Token": issued if scope is None else join_token(issued, scope)}
        for path in ("/image/v2/images", "/image/v2/images/1", "/image/v2/images/1/file", "/network/v2.0/networks"):
            assert as_peer(world, "GET", path, used)[0] == 403, path
        assert world.recorder.seen == []
        assert as_peer(world, "GET", "/network/v2.0/ports", used)[0] == 200, "delegation names it for users"
        validated = {"X-Auth-Token": issued, "X-Subject-Token": issued}
        assert as_peer(world, "GET", "/identity/v3/auth/tokens", validated)[0] == 200


class TestExchangeAtKeystone:
    """By ``POST /v3/auth/tokens`` with a token in the body, where delegation names it."""

    sent = {"Content-Type": "application/json", "X-Auth-Token": ""}  # noqa: RUF012

    def body(self, token: str) -> bytes:
        return json.dumps({"auth": {"identity": {"methods": ["token"], "token": {"id": token}}}}).encode()

    def bound_to_wrong(self, world: Secure) -> str:
        binder = Binder(KeyRepository(world.folders["CloudOne"] / "keys"))
        return binder.bind(TOKEN, Kind.USER, "Wrong", WITH_WRONG, 86_400)

    @pytest.mark.parametrize("beside", [None, COMPUTE_THERE, '{"*":"CloudOne"}'])
    def test_the_bound_scope_counts(self, world: Secure, beside: str | None) -> None:
        token = self.bound_to_wrong(world)
        value = token if beside is None else join_token(token, beside)
        status = as_peer(world, "POST", "/identity/v3/auth/tokens", self.sent, self.body(value), "Wrong.pem")[0]
        assert (status, world.recorder.seen) == (401, [])
        assert "scope" in refused(world)["reason"]

    @pytest.mark.parametrize("in_header", [True, False])
    def test_the_new_token_is_bound_to_the_same_scope(self, world: Secure, in_header: bool) -> None:
        token = self.bound_to_wrong(world)
        sent = {**self.sent, "X-Scope": WITH_WRONG} if in_header else self.sent
        written = token if in_header else join_token(token, WITH_WRONG)
        world.recorder.answers["X-Subject-Token"] = f"{TOKEN}new"
        status, answered, _ = as_peer(world, "POST", "/identity/v3/auth/tokens", sent, self.body(written), "Wrong.pem")
        world.recorder.answers["X-Subject-Token"] = "new-token"
        assert status == 200
        binder = Binder(KeyRepository(world.folders["CloudOne"] / "keys"))
        opened = binder.open(split_token(answered["x-subject-token"])[0], "Wrong")
        assert (opened.token, opened.kind) == (f"{TOKEN}new", Kind.USER)
        assert (opened.holds_for(WITH_WRONG), opened.holds_for(COMPUTE_THERE)) == (True, False)

    def test_by_way_of_the_gateway_that_has_the_token(self, world: Secure) -> None:
        scope = '{"*":"CloudTwo","image":"CloudOne"}'
        binder = Binder(KeyRepository(world.folders["CloudTwo"] / "keys"))
        token = binder.bind(TOKEN, Kind.USER, "CloudOne", scope, 86_400)
        world.recorder.answers["X-Subject-Token"] = f"{TOKEN}new"
        written = self.body(join_token(token, scope))
        status, answered, _ = world.ask("CloudOne", "POST", "/identity/v3/auth/tokens", self.sent, written)
        world.recorder.answers["X-Subject-Token"] = "new-token"
        (asked,) = world.recorder.seen
        assert (status, asked.server) == (200, "identity of CloudTwo")
        assert "x-scope" not in seen(world)
        new, mark = split_token(answered["x-subject-token"])
        assert (mark, binder.open(new, "CloudOne").holds_for(scope)) == (scope, True)


class TestExchange:
    def exchange(self, world: Secure, certificate: str | None = "CloudTwo.pem", **said: str) -> tuple[int, Any]:
        body = {"subject_token": bound(world, scope=WITH_WRONG), "audience": "Wrong", "scope": WITH_WRONG, **said}
        sent = json.dumps(body).encode()
        status, _, document = as_peer(world, "POST", "/.openstackoid/token", {"X-Auth-Token": ""}, sent, certificate)
        return status, document

    def test_a_token_is_bound_anew_for_the_next_cloud_that_its_scope_names(self, world: Secure) -> None:
        status, document = self.exchange(world)
        opened = Binder(KeyRepository(world.folders["CloudOne"] / "keys")).open(document["access_token"], "Wrong")
        assert (status, opened.token, opened.holds_for(WITH_WRONG)) == (200, TOKEN, True)
        line = audited(world)[-1]
        assert (line["rule"], line["sender"], line["user"]["name"]) == (
            "delegation of CloudTwo/bound to Wrong",
            "CloudTwo",
            "demo",
        )

    @pytest.mark.parametrize(
        ("status", "said"),
        [
            (401, {"scope": '{"*":"CloudOne","image":"Wrong"}'}),
            (403, {"audience": "Stranger"}),
            (403, {"audience": "CloudTwo"}),
            (400, {"scope": '{"*":"CloudTwo"}'}),
            (400, {"scope": "{"}),
            (401, {"subject_token": "bound1.AAAA"}),
            (400, {"subject_token": ""}),
        ],
    )
    def test_it_is_bound_to_no_other_cloud_or_scope(self, world: Secure, status: int, said: dict[str, str]) -> None:
        assert self.exchange(world, **said)[0] == status
        assert (audited(world)[-1]["outcome"], audited(world)[-1]["status"]) == ("refused", status)

    @pytest.mark.parametrize(("sender", "audience", "status"), [("CloudTwo", "Wrong", 403), ("Wrong", "CloudTwo", 200)])
    def test_an_issued_token_goes_on_where_delegation_names_exchanges(
        self, world: Secure, sender: str, audience: str, status: int
    ) -> None:
        """The sender alone says its scope. Delegation names exchanges by way of Wrong."""
        issued = Binder(KeyRepository(world.folders["CloudOne"] / "keys")).issue(TOKEN, sender, 86_400, by=None)
        assert self.exchange(world, f"{sender}.pem", subject_token=issued, audience=audience)[0] == status

    def test_only_the_audience_can_have_it_bound_anew(self, world: Secure) -> None:
        assert self.exchange(world, None)[0] == 401
        assert self.exchange(world, "Wrong.pem")[0] in (401, 403)
