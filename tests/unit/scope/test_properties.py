# SPDX-License-Identifier: Apache-2.0
"""Properties of every scope, well-formed or hostile."""

import json
import string

from hypothesis import example, given
from hypothesis import strategies as st

from openstackoid.scope import (
    MAX_LENGTH,
    Cloud,
    Scope,
    ScopeError,
    join_token,
    official_service_type,
    official_service_types,
    parse,
    parse_json,
)
from openstackoid.scope import split_token as split

CLOUDS = st.builds(
    "".join,
    st.tuples(st.sampled_from(string.ascii_letters + string.digits), st.text(string.ascii_letters + "0.9_-", max_size=63)),
)
SERVICES = st.sampled_from([*sorted(official_service_types()), "*", "glance", "nova", "volumev3", "block_storage"])
ENTRIES = st.lists(st.tuples(SERVICES, CLOUDS), min_size=1, max_size=6)
SPACE = st.text(" \t\r\n", max_size=3)
FRAGMENTS = st.sampled_from(
    ["{", "}", '"image"', '"nova"', '"A"', '"', ":", ",", " ", "\\", "null", "[", "1", "\x00", "é", "\ud800", "&"]
)
TEXTS = st.one_of(st.text(), st.lists(FRAGMENTS, max_size=14).map("".join), st.recursive(st.none(), st.lists).map(json.dumps))


def official(name: str) -> str:
    """Return the type behind a name of SERVICES."""
    return name if name == "*" else official_service_type(name) or "?"


def written(entries: list[tuple[str, str]], space: str = "") -> str:
    """Return entries as a user may write them, a service that comes twice included."""
    pairs = f",{space}".join(f'"{service}"{space}:{space}"{cloud}"' for service, cloud in entries)
    return f"{space}{{{space}{pairs}{space}}}{space}"


@given(TEXTS, st.sampled_from([None, frozenset({"CloudOne"})]))
@example("\ufeff{}", None)
@example("9" * 5000, None)
@example("[" * 2000, None)
@example('{"' + "x" * 2000 + '": "A"}', None)
def test_only_scope_errors_are_raised_with_carets_under_the_text(text: str, clouds: frozenset[str] | None) -> None:
    try:
        parse(text, clouds=clouds)
    except ScopeError as error:
        assert "\n" not in str(error)
        assert error.reason in str(error)
        assert 0 <= error.start < error.end <= len(text) + 1
        shown, carets = error.pointer().splitlines()
        assert set(carets) <= {" ", "^"}
        assert len(carets) <= len(shown) + 1
        assert len(shown) <= 80
        assert (shown + carets).isprintable()


@given(ENTRIES, SPACE)
def test_a_flat_object_is_accepted_as_json_reads_it_unless_a_service_comes_twice(
    entries: list[tuple[str, str]], space: str
) -> None:
    text = written(entries, space)
    services = [official(service) for service, _ in entries]
    if len(set(services)) < len(services):
        try:
            parse(text)
        except ScopeError as error:
            assert "is named twice" in error.reason
            service = json.loads(text[error.start : error.end])
            assert services.count(official(service)) > 1
        else:
            raise AssertionError(f"a duplicate was accepted: {text}")
    else:
        assert dict(parse(text)) == {official(service): cloud for service, cloud in json.loads(text).items()}


@given(TEXTS)
def test_an_accepted_scope_is_json(text: str) -> None:
    try:
        scope = parse_json(text)
    except ScopeError:
        return
    assert list(scope.values()) == list(json.loads(text).values())


@given(ENTRIES, CLOUDS)
def test_a_parsed_scope_survives_every_hop(entries: list[tuple[str, str]], home: str) -> None:
    try:
        scope = parse(written(entries))
    except ScopeError:
        return
    assert parse(scope.to_header()) == scope
    assert parse(scope.to_header()).to_header() == scope.to_header()
    completed = scope.completed(home)
    assert len(completed.to_header()) <= MAX_LENGTH
    assert parse(completed.to_header()) == completed == completed.completed("Elsewhere")
    for service in official_service_types():
        assert completed.expression_for(service) == (scope.expression_for(service) or Cloud(home))
    token = join_token("gAAAAA-b", completed.to_header())
    assert split(token) == ("gAAAAA-b", completed.to_header())
    assert token.isascii()


@given(ENTRIES)
def test_the_order_of_entries_does_not_matter(entries: list[tuple[str, str]]) -> None:
    one, other = (Scope.of(dict(order)) for order in (entries, sorted(dict(entries).items())))
    assert one == other
    assert hash(one) == hash(other)
