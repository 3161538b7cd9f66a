# SPDX-License-Identifier: Apache-2.0
"""The benchmark of refusals has a request for each place of routing and of the scope's grammar that refuses one."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import FrameType

import pytest

import openstackoid
from bench.refusals import REFUSALS, Refusal, meshes
from openstackoid.mesh import Mesh
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
}
"""Functions and classes that make an error. A place calls one of them."""

OF_CLIENTS = [("scope/parser.py", "_service", 1)]
"""Places that a gateway does not come by: it knows the services of its mesh."""

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


@cache
def places() -> dict[tuple[str, int], Place]:
    """Return each place by file and line."""
    return {
        (str(file), line): (file.relative_to(SOURCES).as_posix(), function, number)
        for folder in ("routing", "scope")
        for file in sorted((SOURCES / folder).glob("*.py"))
        for function, number, lines in _of(ast.parse(file.read_text()))
        for line in lines
    }


def _of(tree: ast.Module) -> Iterator[tuple[str, int, range]]:
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef) or function.name in HELPERS:
            continue
        inner = [
            node
            for other in ast.walk(function)
            if isinstance(other, ast.FunctionDef) and other is not function
            for node in ast.walk(other)
        ]
        calls = [
            node for node in ast.walk(function) if isinstance(node, ast.Call) and called(node) in HELPERS and node not in inner
        ]
        for number, call in enumerate(sorted(calls, key=lambda node: node.lineno)):
            yield function.name, number, range(call.lineno, (call.end_lineno or call.lineno) + 1)


def reached(refusal: Refusal, mesh: Mesh, monkeypatch: pytest.MonkeyPatch) -> set[Place]:
    """Return the places that a request comes by."""
    known, seen = places(), set[Place]()

    def note(frame: FrameType | None) -> None:
        while frame is not None:
            place = known.get((frame.f_code.co_filename, frame.f_lineno))
            if place is not None:
                seen.add(place)
            frame = frame.f_back

    for kind in (RefusedError, ScopeError, MisdirectedError):
        made = kind.__init__

        def init(self: Exception, *arguments: object, made: object = made, **more: object) -> None:
            note(sys._getframe(1))
            made(self, *arguments, **more)  # type: ignore[operator]

        monkeypatch.setattr(kind, "__init__", init)
    assert refusal.decided(refusal.met_by(mesh)).status == refusal.status
    return seen


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.key)
def test_each_request_is_refused(refusal: Refusal, found: dict[bool, Mesh]) -> None:
    assert refusal.decided(refusal.met_by(found[refusal.over_tls])).status == refusal.status


def test_each_place_has_its_request(found: dict[bool, Mesh]) -> None:
    seen = set[Place]()
    for refusal in REFUSALS:
        with pytest.MonkeyPatch.context() as patched:
            seen |= reached(refusal, found[refusal.over_tls], patched)
    assert sorted(set(places().values()) - seen) == OF_CLIENTS
