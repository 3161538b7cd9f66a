# SPDX-License-Identifier: Apache-2.0
"""A case as the Python decision gets it, the way in which the bridge reads a request."""

from collections.abc import Collection
from dataclasses import replace

from conformance.case import FRESH, GIVEN, Case
from openstackoid.bridge.identity.token_documents import body_token, document
from openstackoid.mesh import Mesh
from openstackoid.routing import REQUEST_ID, Decision, Plan, ReadBody, ReadTimes, Relay, Request, Single, asks_for_token, decide
from openstackoid.routing.egress import GIVEN as PREFIX
from openstackoid.routing.egress import is_request_id
from openstackoid.routing.workflows import is_marked
from openstackoid.scope import Scope

ROUTED_BY = frozenset({"x-auth-token", "x-subject-token", "x-service-token", "x-scope", "x-openstack-request-id"})


def request_of(mesh: Mesh, case: Case, recalled: Scope | None, announced: Collection[str] = ()) -> Request:
    """Return a case as a request with an unread body, but for the token in an authentication."""
    listener = next(endpoint.listener for endpoint in mesh.clouds[case.at].endpoints if endpoint.key == case.to)
    headers = tuple((name, value.strip(" \t")) for name, value in case.headers)
    path = case.path.partition("?")[0]
    asked = asks_for_token(mesh.clouds[case.at].locate(listener, path), case.method, path)
    token = body_token(case.body.encode()) if asked and case.body is not None else None
    return Request(case.method, listener, path, headers, token, None, recalled, FRESH, None, announced)


def body_of(case: Case) -> object:
    """Return the JSON document in the body of a case, as the bridge reads one that decides."""
    return {} if case.body is None else document(case.body.encode())


def plan_of(mesh: Mesh, case: Case, recalled: Scope | None, announced: Collection[str] = ()) -> Plan:
    """Return the plan for a case; its body is shown only when it is asked for, as the bridge does."""
    request = request_of(mesh, case, recalled, announced)
    decision = decide(mesh, case.at, request)
    if isinstance(decision, ReadTimes):
        # The servers around a gateway here tell no times.
        request = replace(request, times={center: {} for center in decision.centers})
        decision = decide(mesh, case.at, request)
    if isinstance(decision, ReadBody):
        decision = decide(mesh, case.at, replace(request, body=body_of(case)))
    assert isinstance(decision, Decision)
    return decision.plan


def path_of(plan: Single | Relay, case: Case) -> str:
    """Return the path and query under which a backend or a peer sees the request."""
    endpoint, path = plan.endpoint, plan.path
    if plan.local:
        path = endpoint.backends[0].path + plan.path[len(endpoint.frontend.prefix) :]
    _, mark, query = case.path.partition("?")
    return (path or "/") + mark + query


def without_chance(expected: dict[str, str], headers: dict[str, str], ids: Collection[str]) -> dict[str, str]:
    """Return the headers that were sent, with an id that the gateway has made in the form in which ``expected`` has it."""
    wanted, found = expected.get(REQUEST_ID), headers.get(REQUEST_ID, "")
    made = (wanted == FRESH and is_marked(found)) or (wanted == GIVEN and is_request_id(found) and found.startswith(PREFIX))
    return {**headers, REQUEST_ID: wanted} if wanted is not None and made and found not in ids else headers


def routed(headers: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Return those of the headers that routing is about."""
    return {name.lower(): value for name, value in headers if name.lower() in ROUTED_BY}
