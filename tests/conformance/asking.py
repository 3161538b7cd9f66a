# SPDX-License-Identifier: Apache-2.0
"""A case as the Python decision gets it, the way in which the bridge reads a request."""

from conformance.case import FRESH, Case
from openstackoid.bridge.tokens import body_token, document
from openstackoid.mesh import Mesh
from openstackoid.routing import (
    IDENTITY,
    TOKENS_PATH,
    Forward,
    ReadBody,
    Refuse,
    Relay,
    Request,
    called_path,
    decide,
    without_segment,
)
from openstackoid.scope import Scope

ROUTED_BY = frozenset({"x-auth-token", "x-subject-token", "x-service-token", "x-scope", "x-openstack-request-id"})


def decision_of(mesh: Mesh, case: Case, recalled: Scope | None) -> Forward | Relay | Refuse:
    """Return what is decided about a case; its body is shown only when it is asked for, as the bridge does."""
    listener = next(endpoint.listener for endpoint in mesh.clouds[case.at].endpoints if endpoint.key == case.to)
    headers = tuple((name, value.strip(" \t")) for name, value in case.headers)
    path = case.path.partition("?")[0]
    endpoint = mesh.clouds[case.at].locate(listener, path)
    content = None if case.body is None else case.body.encode()
    token = None
    if content is not None and case.method == "POST" and endpoint is not None and endpoint.service == IDENTITY:
        called = called_path(endpoint, without_segment(endpoint, path))
        token = body_token(content) if called == TOKENS_PATH else None
    request = Request(case.method, listener, path, headers, token, None, recalled, FRESH)
    decision = decide(mesh, case.at, request)
    if isinstance(decision, ReadBody):
        body = {} if content is None else document(content)
        decision = decide(mesh, case.at, Request(case.method, listener, path, headers, token, body, recalled, FRESH))
    assert not isinstance(decision, ReadBody)
    return decision


def path_of(decision: Forward | Relay, case: Case) -> str:
    """Return the path and query under which a backend or a peer sees the request."""
    endpoint, path = decision.endpoint, decision.path
    if decision.local:
        path = endpoint.backends[0].path + decision.path[len(endpoint.frontend.prefix) :]
    _, mark, query = case.path.partition("?")
    return (path or "/") + mark + query


def routed(headers: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Return those of the headers that routing is about."""
    return {name.lower(): value for name, value in headers if name.lower() in ROUTED_BY}
