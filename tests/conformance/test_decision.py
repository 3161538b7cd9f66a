# SPDX-License-Identifier: Apache-2.0
"""The Python decision against the table."""

import json

import pytest

from conformance.case import Case, Refused, Sent
from conformance.cases import CASES
from conformance.clouds import three_clouds
from openstackoid.mesh import Listener
from openstackoid.routing import Forward, Refuse, Relay, Request, decide

ROUTED_BY = {"x-auth-token", "x-subject-token", "x-service-token", "x-scope"}
MESH = three_clouds()


def request_of(case: Case, listener: Listener) -> Request:
    token = None
    if case.body is not None:
        token = json.loads(case.body)["auth"]["identity"].get("token", {}).get("id")
    return Request(case.method, listener, case.path, case.headers, token)


def listener_of(case: Case) -> Listener:
    """Return the socket that the case's request comes to."""
    return next(endpoint.listener for endpoint in MESH.clouds[case.at].endpoints if endpoint.key == case.to)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_decision(case: Case) -> None:
    decision = decide(MESH, case.at, request_of(case, listener_of(case)))
    if isinstance(case.expect, Refused):
        assert isinstance(decision, Refuse)
        assert decision.status == case.expect.status
        assert decision.message.startswith(f"gateway of {case.at}: ")
        for word in case.expect.words:
            assert word in decision.message
        return
    assert isinstance(decision, Forward | Relay)
    routed = {name.lower(): value for name, value in decision.headers if name.lower() in ROUTED_BY}
    path = decision.path
    if decision.local:
        backend = decision.endpoint.backends[0].path
        path = backend + path[len(decision.endpoint.frontend.prefix) :] or "/"
        path = path if path.startswith("/") else f"/{path}"
    assert Sent(decision.endpoint.cloud, path, routed, isinstance(decision, Relay)) == case.expect
