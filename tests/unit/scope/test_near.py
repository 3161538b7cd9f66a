# SPDX-License-Identifier: Apache-2.0
"""``around`` and ``nearest`` are resolved by the times that are given in: nearest first, bounded, with the service."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.scope import (
    Scope,
    ScopeError,
    SortedTimes,
    centers_of,
    may_resolve_to,
    near_told,
    parse,
    parse_url_form,
    resolve,
)
from openstackoid.scope.expression import All, Cloud, Every, Near, Otherwise, clouds_of, parts
from openstackoid.scope.expression_parser import MOST_CLOUDS

ALL = frozenset({"identity", "compute", "placement", "image", "network"})
OFFERS = {"A": ALL, "B": ALL, "C": ALL, "D": ALL - {"image"}}
TIMES = {"A": {"C": 2.0, "B": 4.5, "D": 9.0}, "B": {"A": 4.5}}


def resolved(text: str, offers: Any = OFFERS, times: Any = TIMES) -> dict[str, str]:
    services = frozenset(service for each in offers.values() for service in each)
    return dict(resolve(parse(text), times, offers, services))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("network=around(A, 10ms)", "A | C | B | D"),
        ("network=around(A, 4.5ms)", "A | C | B"),
        ("network=around(A, 4.499ms)", "A | C"),
        ("network=around(A, 1ms)", "A"),
        ("network=nearest(A)", "A | C | B | D"),
        ("network=nearest(B)", "B | A"),
        ("network=around(C, 1s)", "C"),
        ("network=all(around(A, 5ms))", "A & C & B"),
        ("network=all(around(A, 1ms))", "A"),
        ("network=all(nearest(B) | C)", "B & A & C"),
        ("network=C | around(A, 5ms)", "C | A | B"),
        ("network=around(A, 3ms) | around(B, 10ms)", "A | C | B"),
        ("network=all(around(A, 3ms)) & D", "A & C & D"),
        ("network=around(A, 10ms) & B", "(A | C | D) & B"),
        ("network=B & around(A, 10ms)", "B & (A | C | D)"),
        ("network=around(A, 10ms) & A", "(C | B | D) & A"),
        ("network=around(A, 1ms) & A", "A"),
        ("network=around(A, 10ms) & around(B, 10ms)", "(A | C | D) & B"),
        ("network=around(A, 3ms) & around(A, 10ms)", "(A | C) & (B | D)"),
        ("network=nearest(A) & (C | B) & D", "A & (C | B) & D"),
        ("network=(around(A, 10ms) | B) & C", "(A | B | D) & C"),
        ("network=around(A, 10ms) & B | C", "(A | C | D) & B | C"),
        ("network=all(around(A, 10ms)) & B", "A & C & D & B"),
        ("network=all((all(nearest(B)) | C) & D)", "B & A & C & D"),
    ],
)
def test_the_cloud_comes_first_and_then_the_nearest(text: str, found: str) -> None:
    assert resolved(text) == {"network": found}


def test_a_cloud_without_the_service_is_left_out() -> None:
    assert resolved("image=nearest(A)") == {"image": "A | C | B"}


def test_under_a_star_a_service_that_not_all_have_has_its_own_clouds() -> None:
    assert resolved("nearest(A)") == {"*": "A | C | B | D", "image": "A | C | B"}
    assert resolved("all(nearest(A))") == {"*": "A & C & B & D", "image": "A & C & B"}
    assert resolved("*=nearest(A),image=B") == {"*": "A | C | B | D", "image": "B"}


def test_placement_goes_with_compute() -> None:
    offers = {"A": ALL, "B": ALL - {"compute", "placement"}}
    assert resolved("nearest(A)", offers) == {"*": "A | B", "compute": "A"}
    assert resolved('{"*": "nearest(A)", "compute": "A"}', offers) == {"*": "A | B", "compute": "A"}


def test_one_cloud_under_a_star_is_not_for_identity() -> None:
    scope = resolve(parse("around(A, 1ms)").completed("B"), TIMES, OFFERS, ALL).completed("B")
    assert scope.issuer("B") == "B"
    assert dict(scope) == {"*": "A", "identity": "B"}


def test_there_are_eight_clouds_at_most_and_those_that_are_named_stay() -> None:
    times = {"A": {f"C{number:02}": float(number + 1) for number in range(20)}}
    offers = dict.fromkeys([*times["A"], "A", "Z"], ALL)
    assert resolved("image=nearest(A)", offers, times) == {"image": "A | C00 | C01 | C02 | C03 | C04 | C05 | C06"}
    assert resolved("image=nearest(A) | Z", offers, times) == {"image": "A | C00 | C01 | C02 | C03 | C04 | C05 | Z"}


def test_a_resolved_scope_has_the_written_one() -> None:
    scope = parse("image=around(A, 5ms)")
    assert resolve(scope, TIMES, OFFERS, ALL).written == scope
    assert (scope.written, centers_of(scope)) == (None, ("A",))
    assert centers_of(parse("image=nearest(B) | around(A, 1ms),network=nearest(A)")) == ("B", "A")


@pytest.mark.parametrize("text", ["image=around(A, 5ms),compute=B", "around(A, 5ms)", "compute=B,image=all(nearest(A))"])
def test_a_resolution_of_another_time_agrees_with_the_written_scope(text: str) -> None:
    written = parse(text).completed("A")
    assert may_resolve_to(written, resolve(written, TIMES, OFFERS, ALL))
    assert may_resolve_to(written, resolve(written, {"A": {}}, OFFERS, ALL))


@pytest.mark.parametrize("plain", ["image=A,compute=C", "image=A", "image=A,compute=B,network=B", "*=B,image=A,compute=B"])
def test_what_was_written_plainly_must_be_the_same(plain: str) -> None:
    assert not may_resolve_to(parse("image=around(A, 5ms),compute=B").completed("A"), parse(plain).completed("A"))


@pytest.mark.parametrize("text", ["around(A,10ms)", "image=around(A,10ms),compute=B", "image=all(nearest(A))"])
def test_a_url_has_it_unencoded_or_encoded(text: str) -> None:
    assert parse_url_form(text) == parse(text)
    assert parse_url_form(text.replace("(", "%28").replace(",", "%2C").replace("=", "%3D")) == parse(text)


@pytest.mark.parametrize(
    ("text", "reason", "part"),
    [
        ("image=around(E, 10ms)", "unknown cloud 'E'", "E"),
        ("image=(all(nearest(A)) | B) & C", "'&' within '|' within '&' is not served", "(all(nearest(A)) | B) & C"),
        ("image=nearest(A, 10ms)", "')' is expected here", ","),
        ('{"identity": "nearest(A)"}', "identity is one cloud", '"nearest(A)"'),
    ],
)
def test_a_fault_is_shown_where_it_stands(text: str, reason: str, part: str) -> None:
    with pytest.raises(ScopeError, match=reason.replace("(", r"\(").replace(")", r"\)")) as raised:
        parse(text, clouds=list(OFFERS))
    assert text[raised.value.start : raised.value.end] == part


def test_all_of_an_expression_has_whatever_is_in_it() -> None:
    """``all`` makes it flat, also ``&`` within ``|`` within ``&``."""
    scope = parse("image=all((all(nearest(A)) | B) & C)", clouds=list(OFFERS))
    assert scope.to_header() == '{"image":"all((all(nearest(A)) | B) & C)"}'
    assert parse(scope.to_header()) == scope


def test_the_center_must_have_the_service() -> None:
    with pytest.raises(ScopeError, match="D has no service 'image'"):
        parse("image=around(D, 10ms)", clouds=list(OFFERS), services=ALL, offers=OFFERS)


def test_a_user_is_told_the_times_and_what_is_left_out() -> None:
    (told,) = near_told([*OFFERS, "E"], parse("image=around(A, 5ms),network=around(A, 5ms)"), TIMES)
    assert list(told.lines()) == [
        "around(A, 5ms): A 0 ms, C 2 ms, B 4.5 ms",
        "left out: D 9 ms, E (no time is known)",
    ]
    assert told.document() == {
        "expression": "around(A, 5ms)",
        "clouds": [{"cloud": name, "milliseconds": time} for name, time in (("A", 0.0), ("C", 2.0), ("B", 4.5))],
        "farther": [{"cloud": "D", "milliseconds": 9.0}],
        "unknown": ["E"],
    }


def test_of_many_clouds_a_user_is_told_some() -> None:
    names = [f"C{number:04}" for number in range(10_000)]
    (told,) = near_told(["A", *names], parse("image=nearest(A)"), {"A": {}})
    assert "and 9968 more" in list(told.lines())[1]
    assert len(told.document()["unknown"]) == 32


names = st.sampled_from("ABCDEFGHIJKL")
nears = st.builds(Near, names, st.none() | st.integers(1, 60_000_000))
served = st.one_of(
    nears,
    st.lists(names.map(Cloud) | nears, min_size=2, max_size=4).map(lambda found: Otherwise(tuple(dict.fromkeys(found)))),
    nears.map(Every),
)
times = st.dictionaries(names, st.dictionaries(names, st.floats(0.001, 60_000), max_size=12), max_size=12)
offers = st.dictionaries(names, st.frozensets(st.sampled_from(sorted(ALL))), min_size=1)


@given(st.dictionaries(st.sampled_from(["*", "image", "compute"]), served, min_size=1), times, offers)
def test_a_resolved_scope_is_plain_bounded_and_names_clouds_of_the_mesh(entries: Any, known: Any, having: Any) -> None:
    scope = Scope(tuple(entries.items())).completed("A")
    found = resolve(scope, known, having, ALL)
    for service, expression in found.entries:
        assert len(clouds_of(expression)) <= MOST_CLOUDS
        written = scope.expression_for(service)
        assert written is not None
        if any(isinstance(part, Near) for part in parts(expression)):
            assert expression == written, "no cloud is left"
            continue
        assert all(isinstance(part, Cloud | Otherwise | All) for part in parts(expression))
        named = {part.name for part in parts(written) if isinstance(part, Cloud)}
        for name in set(clouds_of(expression)) - named:
            assert name in having
            assert service == "*" or service in having[name]


either = st.lists(names.map(Cloud) | nears, min_size=1, max_size=3, unique=True)
both = st.lists(either, min_size=2, max_size=4).map(
    lambda members: All(tuple(found[0] if len(found) == 1 else Otherwise(tuple(found)) for found in members))
)


@given(both, times)
def test_no_cloud_is_on_both_sides_by_what_is_near_and_none_is_lost(written: Any, known: Any) -> None:
    having = dict.fromkeys("ABCDEFGHIJKL", ALL)
    (found,) = (
        found for service, found in resolve(Scope((("image", written),)), known, having, ALL).entries if service == "image"
    )
    once = [part.name for part in parts(written) if isinstance(part, Cloud)]
    sides = found.members if isinstance(found, All) else (found,)
    seen = [name for side in sides for name in dict.fromkeys(clouds_of(side))]
    assert {name for name in seen if seen.count(name) > 1} <= {name for name in once if once.count(name) > 1}
    wanted = {
        name
        for part in parts(written)
        if isinstance(part, Near)
        for name in clouds_of(dict(resolve(Scope((("image", part),)), known, having, ALL).entries)["image"])
    }
    if len(wanted | set(once)) <= MOST_CLOUDS:
        assert set(seen) == wanted | set(once)


def test_a_scope_has_sixteen_functions_at_most() -> None:
    eight = " | ".join(["nearest(A)"] * 8)
    assert parse(f'{{"image": "{eight}", "network": "{eight}"}}')
    with pytest.raises(ScopeError, match="16 'around' and 'nearest' in one scope at most are accepted"):
        parse(f'{{"image": "{eight}", "network": "{eight}", "compute": "nearest(A)"}}')


def test_times_that_were_sorted_for_another_mesh_are_sorted_anew() -> None:
    before = {"A": SortedTimes(TIMES["A"], {"A": ALL, "C": ALL})}
    assert resolved("image=nearest(A)", times=before) == {"image": "A | C | B"}
    assert before["A"] == TIMES["A"]
