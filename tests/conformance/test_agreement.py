# SPDX-License-Identifier: Apache-2.0
"""The Python decision and the whole gateway agree on generated requests."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, example, given, settings

from conformance.asking import path_of, plan_of, request_of, routed, without_chance
from conformance.case import FRESH, IMAGES, Case, auth, plain, refused
from conformance.gateway import RunningGateway, running_gateway
from conformance.requests import requests, scoped_requests
from openstackoid.routing import REQUEST_ID, All, Otherwise, Refuse, Relay, Single, decide
from openstackoid.routing.route_cache import cached_route
from openstackoid.scope import Scope

REQUESTS = 3000
"""How many are generated in a run."""
SCOPED_URLS = 600
"""How many with a scope in the URL."""


class Remembering:
    """A gateway, and its expected stored workflows."""

    def __init__(self, gateway: RunningGateway) -> None:
        self.gateway = gateway
        self.known: dict[str, Scope] = {}

    def agrees(self, case: Case, origin: str = "") -> None:
        """Compare the treatment of a request, to a URL below ``origin``, with its decision."""
        self._agrees(case, origin)
        mesh, request = self.gateway.mesh, request_of(self.gateway.mesh, case, None)
        if cached_route(mesh, case.at, request, decide(mesh, case.at, request)) is not None:
            self._agrees(case, origin)

    def _agrees(self, case: Case, origin: str) -> None:
        gateway = self.gateway
        ids = [value.strip(" \t") for name, value in case.headers if name.lower() == REQUEST_ID]
        plan = plan_of(gateway.mesh, case, self.known.get(ids[0]) if len(ids) == 1 else None)
        if isinstance(plan, Otherwise):
            # Each server here answers, so the first of several clouds serves the request.
            plan = plan.turns[0].plan
        if isinstance(plan, All):
            # tests/conformance/test_at_once.py has the answers of several clouds at once.
            return
        if isinstance(plan, Single) and plan.remember is not None and plan.remember.id != FRESH:
            self.known.setdefault(plan.remember.id, plan.remember.scope)
        gateway.recorder.seen.clear()
        answer = gateway.send(replace(case, path=origin + case.path))
        if isinstance(plan, Refuse):
            assert answer.status == plan.status, answer.message
            assert case.method == "HEAD" or answer.message == plan.message
            assert gateway.recorder.seen == []
            return
        assert answer.status == 200, answer.message
        if isinstance(plan, Relay) and plan.validates and not gateway.recorder.seen:
            # The question is answered from what the gateway has heard of the token a moment ago.
            return
        assert isinstance(plan, Single | Relay), "the cases have one operator"
        seen = gateway.recorder.seen[0]
        assert (seen.server, seen.path) == (plan.endpoint.cloud, path_of(plan, case))
        expected, headers = routed(plan.headers), routed(seen.headers)
        assert without_chance(expected, headers, ids) == expected
        assert not isinstance(plan, Single) or (seen.method, seen.body) == (case.method, case.body or "")


@pytest.fixture(scope="module")
def gateways() -> Iterator[dict[str, Remembering]]:
    with running_gateway("CloudOne", with_bridge=True) as one, running_gateway("CloudTwo", with_bridge=True) as two:
        yield {"CloudOne": Remembering(one), "CloudTwo": Remembering(two)}


@settings(max_examples=REQUESTS, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(case=requests())
@example(case=Case("a mark in no token", refused(0), "/identity", (auth("to!k"),)))
@example(case=Case("a pattern's end", refused(0), "/image", (plain('{"image":"CloudTwo"}\t'),)))
@example(case=Case("white space before the object", refused(0), IMAGES, (auth("t~IHsiaW1hZ2UiOiJDbG91ZFR3byJ9"),)))
def test_gateway_and_decision_agree(case: Case, gateways: dict[str, Remembering]) -> None:
    gateways[case.at].agrees(case)


@settings(max_examples=SCOPED_URLS, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(case=scoped_requests())
@example(case=Case("behind a segment without a name", refused(0), "/swift/;/scope/*=CloudTwo", to="object-store.public"))
@example(case=Case("in absolute form", refused(0), "/image/Scope/image=CloudTwo/v2/images"))
def test_no_spelling_of_a_scope_in_a_url_leads_home(case: Case, gateways: dict[str, Remembering]) -> None:
    """Every scope here names another cloud for the service. It is sent there, or refused, also in an absolute URL."""
    mine = gateways[case.at]
    for origin in ("", f"http://{mine.gateway.listener(case.to)}"):
        mine.agrees(case, origin)
        assert case.at not in {seen.server for seen in mine.gateway.recorder.seen}
