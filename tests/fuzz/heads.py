# SPDX-License-Identifier: Apache-2.0
"""Heads of requests, for the routing decision."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from conformance.asking import body_of, request_of
from conformance.case import Case, refused
from conformance.requests import requests
from conformance.scopes import once_in, scopes
from fuzz.mutations import mutated
from fuzz.scope_text import MESH, NAMES
from fuzz.target import Target, pure
from openstackoid.mesh import Endpoint
from openstackoid.routing import (
    REQUEST_ID,
    All,
    Decision,
    Otherwise,
    ReadBody,
    Refuse,
    Relay,
    Request,
    Single,
    decide,
    scoped_url,
)
from openstackoid.routing.decision import singles
from openstackoid.scope import IDENTITY, Scope, ScopeError, is_marked, join_token, parse, parse_url_form, split_token

SECRET = "gAAAAABfuzzSECRETfuzzSECRETfuzzSECRETfuzzSECRET"
"""Longer than an id, so that the log shows no path that has it."""

_TOKENS = ("x-auth-token", "x-subject-token", "x-service-token")
_ODD = '{}[]":,\\ \t!SCOPEx*&|=%/.;?#-_\x00\x7fé\u2028'
Literal = tuple[str, str, str, str, tuple[tuple[str, str], ...], str | None]


def case_of(literal: Literal) -> Case:
    """Return the case that a literal stands for."""
    method, at, to, path, headers, body = literal
    return Case("fuzzed", refused(0), path, tuple((name, value) for name, value in headers), method, at, to, body=body)


@st.composite
def literals(draw: st.DrawFn, odd: str, *, secret: bool) -> Literal:
    """A request of the conformance tests, changed in some of its parts. ``secret``: its tokens are :data:`SECRET`."""
    case = draw(requests())
    headers = []
    for name, given in case.headers:
        value = given
        bare, text = _divided(given)
        if secret and name.lower() in _TOKENS and bare:
            changed = text if text is None or draw(st.booleans()) else draw(mutated(text, odd, 2))
            value = SECRET if changed is None else join_token(SECRET, changed, draw(st.sampled_from([1, 2])))
        elif draw(once_in(3)):
            value = draw(mutated(given, odd, 3))
        headers.append((name, value))
    if draw(once_in(8)):
        headers.append((draw(st.sampled_from(["X-Scope", "x_auth_token", "X-Scope-Force", "Upgrade"])), draw(scopes())))
    path = draw(mutated(case.path, odd, 3)) if draw(once_in(3)) else case.path
    method = draw(st.sampled_from(["BREW", "get", "CONNECT", "TRACE"])) if draw(once_in(12)) else case.method
    return method, case.at, case.to, path, tuple(headers), case.body


def _divided(value: str) -> tuple[str, str | None]:
    """Return a token and the text of its scope; of a malformed one, the value as a token."""
    try:
        return split_token(value)
    except ScopeError:
        return value, None


def recalls() -> st.SearchStrategy[dict[str, str] | None]:
    """A stored scope of the request's id: of a mesh that has changed since, too."""
    named = st.sampled_from(["CloudOne", "CloudTwo", "Cloud-3.b", "Gone"])
    return st.none() | st.dictionaries(st.sampled_from(["*", "image", "network", "compute", "x"]), named, min_size=1)


def carried(request: Request, frontend_endpoint: Endpoint) -> Iterator[Scope]:
    """Yield every scope that stands in a request where one may stand, as far as it can be read."""
    texts = [value for name, value in request.headers if name.lower() == "x-scope"]
    about = ("x-auth-token", "x-subject-token") if frontend_endpoint.service == IDENTITY else ("x-auth-token",)
    values = [value for name, value in request.headers if name.lower() in about]
    values += [] if request.body_token is None else [request.body_token]
    texts += [text for text in (split_token(value)[1] for value in values) if text is not None]
    for text in texts:
        try:
            yield parse(text, **NAMES)
        except ScopeError:
            continue
    found = scoped_url(frontend_endpoint, request.path)
    if found is not None:
        yield parse_url_form(found.segment, **NAMES)


def allowed(request: Request, at: str, frontend_endpoint: Endpoint) -> set[str]:
    """Return the clouds that a request may be sent to: those that one of its scopes names for the service, or home."""
    scopes = [scope.completed(at) for scope in carried(request, frontend_endpoint)]
    found = {cloud for scope in scopes for cloud in scope.clouds_for(frontend_endpoint.service, at)}
    if not found and isinstance(request.recalled, Scope):
        found = {*request.recalled.clouds_for(frontend_endpoint.service, at), at}
    return found or {at}


def check(given: tuple[Literal, dict[str, str] | None]) -> None:
    """A decision, whatever the head says; and none that a scope has not asked for, or that shows a token."""
    literal, remembered = given
    case = case_of(literal)
    request = request_of(MESH, case, None if remembered is None else Scope.of(remembered))
    decision: Any = decide(MESH, case.at, request)
    if isinstance(decision, ReadBody):
        assert decide(MESH, case.at, request) == decision, "a decision is the same each time"
        request = replace(request, body=body_of(case))
        decision = decide(MESH, case.at, request)
        assert not isinstance(decision, ReadBody), "a body is read once"
    if not isinstance(decision, Decision):
        return
    plan = decision.plan
    if isinstance(plan, Otherwise | All):
        for _, of_cloud in singles(plan):
            judge(request, case.at, of_cloud)
    else:
        judge(request, case.at, plan)


def judge(request: Request, at: str, plan: Single | Relay | Refuse) -> None:
    """Raise unless a plan is sound."""
    if isinstance(plan, Refuse):
        assert 400 <= plan.status < 600, "a refusal is an error"
        assert plan.message.startswith(f"gateway of {at}: "), "a refusal names the gateway"
        assert SECRET not in plan.message, "a refusal shows no token"
        assert SECRET not in plan.title, "a refusal shows no token"
        return
    sound(request, at, plan)


def sound(request: Request, at: str, plan: Single | Relay) -> None:
    """Raise unless a request goes where a scope has it go, and what is sent is for who gets it."""
    frontend_endpoint = MESH.clouds[at].locate(request.listener, request.path)
    assert frontend_endpoint is not None, "what is sent on was a service's"
    target = plan.endpoint
    assert target.service == frontend_endpoint.service, "a service stays the same"
    assert target.cloud in allowed(request, at, frontend_endpoint), "no cloud is asked that no scope names"
    assert plan.local == (target.cloud == at), "local is here"
    assert plan.path.startswith(target.frontend.prefix) or plan.path == "/", "the path is the target's"
    sent = [(name.lower(), value) for name, value in plan.headers]
    keystone = target.service == IDENTITY and (plan.local or isinstance(plan, Relay))
    for name, value in sent:
        if keystone:
            assert name != "x-scope", "Keystone sees no scope"
            assert name not in _TOKENS or not is_marked(value), "Keystone sees no scope"
        read = name in ("x-auth-token", "x-service-token", "x-scope") or (
            name == "x-subject-token" and target.service == IDENTITY
        )
        assert not read or [key for key, _ in sent].count(name) == 1, "what is decided by stands once"
    if keystone and isinstance(plan, Relay):
        assert plan.body_token is None or not is_marked(plan.body_token), "Keystone sees no scope"
    given = {(name.lower(), value) for name, value in request.headers}
    changed = {name for name, value in sent if (name, value) not in given}
    assert changed <= {*_TOKENS, "x-scope", REQUEST_ID}, "no other header is changed"
    if not plan.local and target.service != IDENTITY:
        tokens = [value for name, value in sent if name == "x-service-token" and value]
        assert all(map(is_marked, tokens)), "a service token says abroad whose it is"
        assert not tokens or MESH.share_data_plane(at, target.cloud), "a service token leaves for a shared data plane alone"


def inputs() -> st.SearchStrategy[tuple[Literal, dict[str, str] | None]]:
    """Heads, and their stored scopes."""
    return st.tuples(literals(_ODD, secret=True), recalls())


TARGET = Target("heads", "decide() decides, sends nothing where no scope says, shows no token", inputs(), pure(check), short=400)
