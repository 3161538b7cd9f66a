# SPDX-License-Identifier: Apache-2.0
"""A gateway whose treatment of requests is compared with their decision."""

from contextlib import suppress
from dataclasses import replace

from conformance.asking import path_of, plan_of, request_of, routed, without_chance
from conformance.case import FRESH, Case
from conformance.gateway import RunningGateway
from openstackoid.routing import REQUEST_ID, All, Otherwise, Refuse, Relay, Single, decide
from openstackoid.routing.route_cache import cached_route
from openstackoid.routing.wire_version import HEADER, SPOKEN
from openstackoid.scope import Scope, ScopeError, split_token


def read_tokens(headers: dict[str, str]) -> dict[str, tuple[str, str | None]]:
    """Return headers with each token apart from its scope: its form is newer for a peer that has announced that one."""

    def read(name: str, value: str) -> tuple[str, str | None]:
        with suppress(ScopeError):
            if name.endswith("token"):
                return split_token(value)
        return value, None

    return {name: read(name, value) for name, value in headers.items()}


class Remembering:
    """A gateway, and its expected stored workflows."""

    def __init__(self, gateway: RunningGateway) -> None:
        self.gateway = gateway
        self.known: dict[str, Scope] = {}
        # To a peer that announces less, a gateway sends no operators.
        gateway.recorder.answers[HEADER.title()] = str(SPOKEN)

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
        expected = routed(plan.headers)
        assert read_tokens(without_chance(expected, routed(seen.headers), ids)) == read_tokens(expected)
        assert not isinstance(plan, Single) or (seen.method, seen.body) == (case.method, case.body or "")
