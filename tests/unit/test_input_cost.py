# SPDX-License-Identifier: Apache-2.0
"""The CPU time of inputs beside scopes: the corpus of the fuzzing, and 16 KiB of what costs each reader most.

Scopes are in ``routing/test_cost.py``. The decisions are those of a mesh of 10,000 clouds.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from bench.meshes import many_clouds
from conformance.asking import body_of, request_of
from cpu_time import least_cpu_time
from fuzz import bound_tokens, dispatched, documents, heads, merged_lists, policy_tokens
from fuzz.scope_text import MESH as FUZZED
from openstackoid.binding import BoundToken, BoundTokenError, Kind, open_token, seal_token
from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.identity.token_documents import body_token, document, project_of, with_body_token
from openstackoid.composition import CompositionError
from openstackoid.mesh import Mesh, parse_mesh
from openstackoid.policy import Grant, grant, mapped, may_enter, principal_of
from openstackoid.routing import Decision, ReadBody, Refuse, decide
from openstackoid.routing.dispatched_method import form_body, method_override
from openstackoid.scope import BOUND

MOST = 0.001
"""Seconds of CPU that one input of 16 KiB may cost."""
SIZE = 16 * 1024
FEW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
ODD = '{}[]":,\\ \t!SCOPEx*&|=%/.;?#-_'


@pytest.fixture(scope="module")
def mesh() -> Mesh:
    """The clouds of the fuzzing's mesh, and 10,000 more."""
    more = parse_mesh(many_clouds(10_000, (1001, 1002, 1003), (2001, 2002, 2003), 3000))
    return replace(FUZZED, clouds={**more.clouds, **FUZZED.clouds})


def cost(read: Callable[[], object]) -> float:
    """Return the seconds of CPU of a reader, and of its refusal."""

    def work() -> None:
        with suppress(BoundTokenError, CompositionError, ValueError):
            read()

    return least_cpu_time(work, MOST)


def opened(text: str) -> Callable[[], object]:
    return lambda: open_token(bound_tokens.KEYS, text, "CloudTwo", bound_tokens.NOW)


def resumed(text: str) -> Callable[[], object]:
    return lambda: merged_lists.CURSORS.open(text, "user", merged_lists.DIGEST, 8)


def judged(method: str, query: str, headers: tuple[tuple[str, str], ...]) -> Callable[[], object]:
    return lambda: (method_override(query, headers), form_body("network", method, headers))


READERS: Mapping[str, Callable[[bytes], object]] = {
    "its token": body_token,
    "its token changed": lambda data: with_body_token(data, "t" * 100),
    "its operation": document,
    "its project": project_of,
}
"""What is read of the body of an authentication, or of an operation."""

BODIES: Mapping[str, bytes] = {
    "brackets": b"[" * SIZE,
    "objects": b'{"a":' * (SIZE // 5),
    "quotes": b'"' * SIZE,
    "numbers": b"9" * SIZE,
    "tokens": b'{"auth":{"identity":{"token":{"id":"' + b"~" * SIZE + b'"}}}}',
}

LARGE: Mapping[str, Callable[[], object]] = {
    "a bound token": opened(BOUND + "A" * SIZE),
    "a bound token of this key's name": opened(
        seal_token(
            bound_tokens.KEYS,
            BoundToken(Kind.USER, b"8 bytes.", bound_tokens.NOW, bytes(16), "a.b" * 5000),
        )
    ),
    "points in a bound token": opened(BOUND + "." * SIZE),
    "a cursor": resumed("scope1." + "A" * SIZE),
    "a form": judged("POST", "", (("Content-Type", "application/x-www-form-urlencoded;" + " a=b;" * 3000),)),
    "a query of methods": judged("POST", "&".join(["_method=PUT"] * (SIZE // 12)), ()),
    "a query without one": judged("POST", "a=%5fmethod&" * (SIZE // 12), ()),
    "types of content": judged("POST", "", (("Content-Type", ";"),) * 255),
    **{f"a body of {name}: {what}": partial(reader, data) for name, data in BODIES.items() for what, reader in READERS.items()},
}


@pytest.mark.parametrize("name", LARGE)
def test_no_large_input_costs_more_than_a_millisecond(name: str) -> None:
    assert cost(LARGE[name]) < MOST


@FEW
@given(given=bound_tokens.TARGET.inputs)
def test_no_bound_token_does(given: bound_tokens.Input) -> None:
    token, _, _, place, by = given
    changed = token[: place % (len(token) + 1)] + chr(by) + token
    for text in (token, BOUND + token, BOUND + changed):
        assert cost(opened(text)) < MOST


@FEW
@given(given=merged_lists.CURSOR.inputs)
def test_no_cursor_does(given: Any) -> None:
    assert cost(resumed(given[3])) < MOST


@FEW
@given(given=dispatched.TARGET.inputs)
def test_no_form_does(given: dispatched.Literal) -> None:
    method, query, headers, body = given
    assert cost(judged(method, query[:SIZE], headers)) < MOST
    for reader in READERS.values():
        assert cost(partial(reader, body)) < MOST


@FEW
@given(data=documents.BODIES.inputs)
def test_no_body_does(data: bytes) -> None:
    for reader in READERS.values():
        assert cost(partial(reader, data[:SIZE])) < MOST


@FEW
@given(given=policy_tokens.TARGET.inputs)
def test_no_token_of_a_peer_does(given: Any) -> None:
    """As its Keystone describes it, with any policy here."""
    document, said, issuer, sender = given
    policy = policy_tokens.policy_of(said)

    def work() -> None:
        may_enter(policy, issuer, sender, None)
        judged = grant(policy, issuer, principal_of(document), None)
        if isinstance(judged, Grant):
            mapped(document, issuer, judged)

    assert cost(work) < MOST


@FEW
@given(literal=heads.literals(ODD, secret=True))
def test_no_head_does(mesh: Mesh, literal: heads.Literal) -> None:
    case = heads.case_of(literal)
    request = request_of(mesh, case, None)

    def answer() -> None:
        decision = decide(mesh, case.at, request)
        if isinstance(decision, ReadBody):
            decision = decide(mesh, case.at, replace(request, body=body_of(case)))
        if isinstance(decision, Decision) and isinstance(decision.plan, Refuse):
            AnswerError(decision.plan.status, decision.plan.message)

    assert cost(answer) < MOST
