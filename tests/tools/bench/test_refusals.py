# SPDX-License-Identifier: Apache-2.0
"""The benchmark of refusals has a request for each place that refuses one before another server is asked."""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from types import FrameType

import pytest

import openstackoid
from bench.bridge_refusals import BRIDGE_REFUSALS, LEFT_OUT, BridgeRefusal
from bench.refusals import REFUSALS, Refusal, meshes
from openstackoid.binding import BoundTokenError
from openstackoid.bridge.errors import AnswerError
from openstackoid.mesh import Mesh
from openstackoid.policy import Denial
from openstackoid.policy.principal import UnfitError
from openstackoid.routing.hosts import MisdirectedError
from openstackoid.routing.reading import RefusedError
from openstackoid.scope import ScopeError

SOURCES = Path(openstackoid.__file__).parent
HELPERS = {
    "bad_request",
    "_fail",
    "fail",
    "_unexpected",
    "_expected",
    "_quoted",
    "RefusedError",
    "ScopeError",
    "MisdirectedError",
    "AnswerError",
    "BoundTokenError",
    "Denial",
    "OverloadError",
    "TokenRefusedError",
    "UnfitError",
    "UpstreamError",
    "token_not_accepted",
}
"""Functions and classes that make an error. A place calls one of them."""

WITHOUT_ROW = [
    # Where the mesh changes between a decision and its authorization.
    ("bridge/identity/authorization.py", "_asked", 0),
    # Denials that are written into the audit log; each was made elsewhere.
    ("bridge/identity/authorization.py", "refused_entry", 0),
    # A token of this cloud that a client calls another's: after this cloud's Keystone was asked.
    ("bridge/binding/outgoing.py", "refuse_own", 0),
    # A user's page asks about a token that the policy judges in the same way.
    ("bridge/identity/authorization.py", "judge_user", 0),
    ("bridge/identity/authorization.py", "owner", 0),
    ("bridge/identity/own_tokens.py", "refuse", 0),
    # A gateway knows the services of its mesh.
    ("scope/parser.py", "_service", 1),
]
"""Further places, beside those in the files of ``LEFT_OUT``."""

Place = tuple[str, str, int]
"""File, function, and the number of the place among those of the function."""


@pytest.fixture(scope="module")
def found() -> dict[bool, Mesh]:
    return meshes(5)


def called(node: ast.AST) -> str:
    """Return the name of the called function. ``_quoted`` of a word makes no error."""
    function = node.func if isinstance(node, ast.Call) else None
    name = function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    return "" if name == "_quoted" and isinstance(node, ast.Call) and node.args else name


def left_out(file: str) -> bool:
    return any(file == path or file.startswith(f"{path}/") for path in LEFT_OUT)


@cache
def places() -> dict[tuple[str, int], Place]:
    """Return each place by file and line."""
    return {
        (str(file), line): (file.relative_to(SOURCES).as_posix(), function, number)
        for folder in ("routing", "scope", "policy", "binding", "bridge")
        for file in sorted((SOURCES / folder).rglob("*.py"))
        if not left_out(file.relative_to(SOURCES).as_posix())
        for function, number, lines in _of(ast.parse(file.read_text()))
        for line in lines
    }


def _of(tree: ast.Module) -> Iterator[tuple[str, int, range]]:
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) or function.name in HELPERS:
            continue
        inner = [
            node
            for other in ast.walk(function)
            if isinstance(other, ast.FunctionDef | ast.AsyncFunctionDef) and other is not function
            for node in ast.walk(other)
        ]
        calls = [
            node for node in ast.walk(function) if isinstance(node, ast.Call) and called(node) in HELPERS and node not in inner
        ]
        for number, call in enumerate(sorted(calls, key=lambda node: node.lineno)):
            yield function.name, number, range(call.lineno, (call.end_lineno or call.lineno) + 1)


def reached(refuse: Callable[[], AnswerError], status: int, monkeypatch: pytest.MonkeyPatch) -> set[Place]:
    """Return the places that a request comes by."""
    known, seen = places(), set[Place]()

    def note(frame: FrameType | None) -> None:
        while frame is not None:
            place = known.get((frame.f_code.co_filename, frame.f_lineno))
            if place is not None:
                seen.add(place)
            frame = frame.f_back

    for kind in (RefusedError, ScopeError, MisdirectedError, AnswerError, BoundTokenError, Denial, UnfitError):
        made = kind.__init__

        def init(self: object, *arguments: object, made: object = made, **more: object) -> None:
            note(sys._getframe(1))
            made(self, *arguments, **more)  # type: ignore[operator]

        monkeypatch.setattr(kind, "__init__", init)
    assert refuse().status == status
    return seen


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.key)
def test_each_request_is_refused(refusal: Refusal, found: dict[bool, Mesh]) -> None:
    assert refusal.decided(refusal.met_by(found[refusal.over_tls])).status == refusal.status


@pytest.mark.parametrize("refusal", BRIDGE_REFUSALS, ids=lambda refusal: refusal.key)
def test_the_bridge_refuses_each_request(refusal: BridgeRefusal, found: dict[bool, Mesh]) -> None:
    assert [refusal.refuse(found[True]).status for _ in range(3)] == [refusal.status] * 3


def test_each_place_has_its_request(found: dict[bool, Mesh]) -> None:
    work = [(refusal.status, partial(refusal.decided, refusal.met_by(found[refusal.over_tls]))) for refusal in REFUSALS] + [
        (refusal.status, partial(refusal.refuse, found[True])) for refusal in BRIDGE_REFUSALS
    ]
    seen = set[Place]()
    for status, refuse in work:
        with pytest.MonkeyPatch.context() as patched:
            seen |= reached(refuse, status, patched)
    assert sorted(set(places().values()) - seen) == sorted(WITHOUT_ROW)


def test_each_file_that_is_left_out_is_in_the_document_with_its_reason() -> None:
    page = (SOURCES.parents[1] / "docs" / "understand" / "benchmarks.md").read_text(encoding="utf-8")
    _, _, section = page.partition("### Refusals without a row")
    rows = re.findall(r"^\| (.+) \| (.+) \|$", section.partition("\n#")[0], re.MULTILINE)[2:]
    assert {reason: set(re.findall(r"`([^`]+)`", files)) for files, reason in rows} == {
        reason: {path for path, why in LEFT_OUT.items() if why == reason} for reason in LEFT_OUT.values()
    }
    assert all((SOURCES / path).exists() for path in LEFT_OUT)
