# SPDX-License-Identifier: Apache-2.0
"""The text of a scope: user input at every hop."""

import json
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

from conformance.clouds import three_clouds
from conformance.scopes import likely, scopes, url_scopes
from fuzz.mutations import mutated
from fuzz.steps import steps
from fuzz.target import Target, pure
from openstackoid.scope import (
    MAX_LENGTH,
    Scope,
    ScopeError,
    centers_of,
    join_token,
    may_resolve_to,
    parse,
    read_header,
    resolve,
    split_token,
)
from openstackoid.scope.expression import clouds_of
from openstackoid.scope.expression_parser import MOST_CLOUDS
from openstackoid.scope.parser import is_compound

MESH = three_clouds()
NAMES: dict[str, Any] = {"services": MESH.services, "clouds": MESH.clouds, "offers": MESH.offers}
_FRAGMENTS = st.sampled_from(
    [
        *'{}[]":,\\ \t\r\n\x00&|*',
        '"image"',
        '"nova"',
        '"CloudOne"',
        '"CloudOne | CloudTwo"',
        *"();+'",
        "around(",
        "nearest(CloudOne)",
        "all(around(CloudTwo, 1.5ms))",
        "null",
        "1e9",
        "true",
        "\\u0069",
        "\\ud800",
        "\u212a",
        "é",
        "\x85",
    ]
)
_LARGE = st.builds(
    lambda unit, number: unit * number, st.lists(_FRAGMENTS, min_size=1, max_size=4).map("".join), st.integers(1, 2000)
)
texts = st.one_of(
    st.one_of(likely, scopes()).flatmap(lambda text: mutated(text, '{}[]":,\\ \tu!SCOPE*&|;()0aé\x00\u2028')),
    st.lists(_FRAGMENTS, max_size=20).map("".join),
    url_scopes().flatmap(lambda text: mutated(text, "=, \t*{%|;()é\x00")),
    st.text(max_size=60),
    _LARGE,
)

STEPS = 40_000
"""What a refusal may cost however short the text is: the names that are known are compared with the one that is not."""
STEPS_A_CHARACTER = 40


def one_line(error: ScopeError, length: int) -> None:
    """Raise unless an error is one printable line, and its carets stand within a text of this length."""
    assert str(error).isprintable(), "an error is one printable line"
    assert 0 <= error.start < error.end, "an error names a spot"
    assert error.start <= length, "the spot is in the text"
    shown, carets = error.pointer().splitlines()
    assert set(carets) <= {" ", "^"}, "carets point"
    assert "^" in carets, "carets point"
    assert len(carets) <= len(shown) + 1, "carets stand under the text"
    assert len(shown) <= 80, "a terminal shows the line as a whole"


def check(text: str) -> None:
    """A scope or a ScopeError, in time; a scope means the same when it has travelled."""
    parsed = []
    for names in ({}, NAMES):
        try:
            scope = parse(text, **names)
        except ScopeError as error:
            one_line(error, len(text))
        else:
            parsed.append(scope)
            assert parse(scope.to_header(), **names) == scope, "what was read is read again"
            if names:
                resolved(scope)
            same(scope, text)
    if len(text) % 8 == 0:
        steps(lambda: parse(text), STEPS + STEPS_A_CHARACTER * min(len(text), MAX_LENGTH))
    if len(parsed) == 2:
        assert parsed[0] == parsed[1], "a mesh gives no other meaning"


TIMES = {center: {other: float(number) for number, other in enumerate(MESH.clouds, start=1)} for center in MESH.clouds}


def resolved(scope: Scope) -> None:
    """Raise unless ``around`` becomes clouds that a gateway reads again, with the center first and eight of them at most."""
    completed = scope.completed("Home")
    plain = resolve(completed, TIMES, MESH.offers, MESH.services)
    assert centers_of(plain) == (), "all of it is resolved"
    assert may_resolve_to(completed, plain), "a resolution agrees with its scope"
    assert read_header(plain.completed("Home").to_header()) == plain.completed("Home"), "a gateway reads what it wrote"
    assert all(len(clouds_of(expression)) <= MOST_CLOUDS for _, expression in plain.entries), "there are eight clouds at most"


def same(scope: Scope, text: str) -> None:
    """Raise unless the scope is what JSON says, travels in a header, and comes out of a token as it went in."""
    if text.lstrip(" \t\r\n").startswith("{"):
        said = list(json.loads(text).values())
    else:
        said = [entry.rpartition("=")[2].strip(" \t\r\n") for entry in text.split(",")]
    if not any(map(is_compound, [*said, *scope.values()])):
        assert list(scope.values()) == said, "what is accepted is JSON, or the short form"
    assert read_header(scope.completed("Home").to_header()) == scope.completed("Home"), "a gateway reads what it wrote"
    completed = scope.completed("Home").to_header()
    assert len(completed) <= MAX_LENGTH, "it stays within the limit"
    assert completed.isascii(), "it can stand in a header"
    assert completed.isprintable(), "it can stand in a header"
    for wire in (1, 2):
        assert split_token(join_token("gAAAA", completed, wire)) == ("gAAAA", completed), "a token carries it"
    quoted = quote(join_token("gAAAA", completed), safe="")
    assert quoted == join_token("gAAAA", completed), "no client quotes it"


TARGET = Target("scope", "parse() gives a scope or a ScopeError with carets, in linear steps", texts, pure(check), short=500)
