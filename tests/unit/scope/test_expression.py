# SPDX-License-Identifier: Apache-2.0
"""Expressions of clouds: grammar, precedence, canonical form, bounds, and the positions of faults."""

import json
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.scope import (
    MAX_LENGTH,
    Cloud,
    Expression,
    Scope,
    ScopeError,
    parse,
    parse_json,
    parse_url_form,
    parser,
    read_header,
)
from openstackoid.scope.expression import All, Every, Near, Otherwise, all_of, clouds_of, every, otherwise
from openstackoid.scope.expression_parser import DEEPEST, MOST_CLOUDS, parse_expression

A, B, C = Cloud("A"), Cloud("B"), Cloud("C")
CLOUDS = ["CloudOne", "CloudTwo", "Cloud-3.b"]


def read(text: str) -> Expression:
    def fail(reason: str, start: int, end: int) -> NoReturn:
        raise ScopeError(reason, text, start, end)

    return parse_expression(text, lambda *_: None, fail)


def fault(text: str) -> tuple[str, str]:
    """Return the reason of a fault, and the part of the text that it is about."""
    with pytest.raises(ScopeError) as raised:
        read(text)
    return raised.value.reason, text[raised.value.start : raised.value.end]


@pytest.mark.parametrize(
    ("text", "expression", "canonical"),
    [
        ("A", A, "A"),
        ("(A)", A, "A"),
        ("'A'", A, "A"),
        ('"A" | B', Otherwise((A, B)), "A | B"),
        ("A|B", Otherwise((A, B)), "A | B"),
        ("A||B", Otherwise((A, B)), "A | B"),
        (" A\t;\n B ", Otherwise((A, B)), "A | B"),
        ("A & B", All((A, B)), "A & B"),
        ("A+B", All((A, B)), "A & B"),
        ("A | B & C", Otherwise((A, All((B, C)))), "A | B & C"),
        ("A & B | C", Otherwise((All((A, B)), C)), "A & B | C"),
        ("(A | B) & C", All((Otherwise((A, B)), C)), "(A | B) & C"),
        ("A | (B | C)", Otherwise((A, B, C)), "A | B | C"),
        ("A & (B & C)", All((A, B, C)), "A & B & C"),
        ("A | B | A", Otherwise((A, B)), "A | B"),
        ("A & A", A, "A"),
        ("nearest(A)", Near("A"), "nearest(A)"),
        ("around(A, 10ms)", Near("A", 10_000), "around(A, 10ms)"),
        ("around('A',0.5s)", Near("A", 500_000), "around(A, 500ms)"),
        ("around(A, 1.25ms) | B", Otherwise((Near("A", 1250), B)), "around(A, 1.25ms) | B"),
        ("all(A | B)", All((A, B)), "A & B"),
        ("all(around(A, 1s))", Every(Near("A", 1_000_000)), "all(around(A, 1000ms))"),
        ("all(all(nearest(A)))", Every(Near("A")), "all(nearest(A))"),
        ("all | around", Otherwise((Cloud("all"), Cloud("around"))), "all | around"),
    ],
)
def test_an_expression_has_one_meaning_and_one_canonical_form(text: str, expression: Expression, canonical: str) -> None:
    assert read(text) == expression
    assert expression.to_text() == canonical
    assert read(canonical) == expression


@pytest.mark.parametrize(
    ("text", "reason", "part"),
    [
        ("A |", "a cloud's name is expected here, not the end", ""),
        ("| A", "a cloud's name is expected here, not '|'", "|"),
        ("A & | B", "a cloud's name is expected here, not '|'", "|"),
        ("A B", "'|', '&' or the end is expected here, not 'B'", "B"),
        ("A % B", "'%' is reserved; '|' and '&' are accepted", "%"),
        ("(A | B", "')' is expected here, not the end", ""),
        ("A)", "'|', '&' or the end is expected here, not ')'", ")"),
        ("()", "a cloud's name is expected here, not ')'", ")"),
        ("A | -B", "a cloud's name, '|', '&' or a parenthesis is expected here, not '-'", "-"),
        ("A | Bö", "a cloud's name, '|', '&' or a parenthesis is expected here, not 'ö'", "ö"),
        ("A | \x00", "a cloud's name, '|', '&' or a parenthesis is expected here, not '?'", "\x00"),
        ("A~B", "a cloud's name, '|', '&' or a parenthesis is expected here, not '~'", "~"),
        ("'A", "a quote that is not closed", "'A"),
        ('A & "B | C', "a quote that is not closed", '"B'),
        ("A; compute=B", "',' separates services, as in image=CloudTwo,compute=CloudOne; '=' is not accepted here", "="),
        (
            "A | " + "b" * 65,
            "a cloud's name, '|', '&' or a parenthesis is expected here; a name has 64 characters at most",
            "b" * 65,
        ),
        ("some(A)", "there is no function 'some'; around, nearest, all are accepted", "some"),
        ("around(A)", "',' and a time, as in around(CloudOne, 10ms), is expected here, not ')'", ")"),
        ("around(A, 0ms)", "a time above 0 and at most 60s is expected here, as in 10ms or 0.5s", "0ms"),
        ("around(A, 61s)", "a time above 0 and at most 60s is expected here, as in 10ms or 0.5s", "61s"),
        ("around(A, 10)", "a time above 0 and at most 60s is expected here, as in 10ms or 0.5s", "10"),
        ("around(A, -1ms)", "a time above 0 and at most 60s is expected here, as in 10ms or 0.5s", "-1ms"),
        ("around(A | B, 1s)", "',' and a time, as in around(CloudOne, 10ms), is expected here, not '|'", "|"),
        ("((((A | ((A)))))", "parentheses 5 deep; 4 at most are accepted", "("),
        (" | ".join(f"C{n}" for n in range(9)), "8 clouds in one expression at most are accepted", "C8"),
        ("(A | A | A | A) & (A | A | A | A | B)", "8 clouds in one expression at most are accepted", "B"),
    ],
)
def test_the_first_fault_is_reported_where_it_stands(text: str, reason: str, part: str) -> None:
    assert fault(text) == (reason, part)


def test_the_bounds_are_reached() -> None:
    assert len(clouds_of(read("|".join(f"C{n}" for n in range(MOST_CLOUDS))))) == MOST_CLOUDS
    assert read("(" * DEEPEST + "A" + ")" * DEEPEST) == A


clouds = st.sampled_from("ABCDEFGH").map(Cloud)
near = st.builds(Near, st.sampled_from("ABCD"), st.none() | st.integers(1, 60_000_000))
expressions = st.recursive(
    clouds | near,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: otherwise(tuple(parts))),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: all_of(tuple(parts))),
        inner.map(every),
    ),
    max_leaves=6,
)


@given(expressions)
def test_the_canonical_form_says_the_same(expression: Expression) -> None:
    text = expression.to_text()
    try:
        found = read(text)
    except ScopeError as error:
        assert "deep" in error.reason
        return
    assert (found, found.to_text()) == (expression, text)
    assert read(text.replace(" & ", "+").replace(" | ", ";")) == expression


@given(st.text("AB|&;+%(),'\" 1ms.-é\n") | st.lists(st.sampled_from(["around(", "all(", "A", "|", ")", ", 1ms"])).map("".join))
def test_any_text_is_an_expression_or_a_fault_in_it(text: str) -> None:
    try:
        read(text)
    except ScopeError as error:
        assert 0 <= error.start < error.end <= len(text) + 1


@pytest.mark.parametrize("text", ["CloudOne & CloudTwo | CloudOne", "(CloudOne | CloudTwo) + CloudOne"])
def test_both_operators_are_served_beside_each_other(text: str) -> None:
    assert dict(parse(f"image={text}", clouds=CLOUDS)) == {"image": text.replace("+", "&")}


def test_a_nesting_that_is_not_served_is_refused() -> None:
    expression = "(CloudOne & CloudTwo | CloudOne) & CloudTwo"
    text = f'{{"image": "{expression}"}}'
    with pytest.raises(ScopeError) as raised:
        parse(text, clouds=CLOUDS)
    assert raised.value.reason == "'&' within '|' within '&' is not served; (A | B) & C and A & B | C are"
    assert text[raised.value.start : raised.value.end].strip('"') == expression


@pytest.mark.parametrize("text", ["CloudOne & CloudOne", "(CloudOne + CloudOne)", "CloudOne | CloudOne"])
def test_one_cloud_that_is_named_twice_is_served_as_one(text: str) -> None:
    assert parse(f"image={text}", clouds=CLOUDS) == parse("image=CloudOne", clouds=CLOUDS)


@pytest.mark.parametrize("text", ["nearest(CloudOne)", "around(CloudOne, 10ms)", "all(nearest(CloudOne))"])
def test_a_function_is_served(text: str) -> None:
    assert dict(parse(f"image={text}", clouds=CLOUDS)) == {"image": text}
    assert dict(parse(text, clouds=CLOUDS)) == {"*": text}


def test_a_fault_in_an_expression_is_one_of_the_whole_scope() -> None:
    with pytest.raises(ScopeError) as raised:
        parse('{"image": "(CloudTow)"}', clouds=CLOUDS)
    assert raised.value.pointer().split("\n") == ['{"image": "(CloudTow)"}', " " * 12 + "^" * 8]
    escaped = '{"image": "\\u0028CloudTow)"}'
    with pytest.raises(ScopeError, match="unknown cloud 'CloudTow'") as raised:
        parse(escaped, clouds=CLOUDS)
    assert escaped[raised.value.start : raised.value.end] == '"\\u0028CloudTow)"'


@pytest.mark.parametrize("text", ["CloudTwo", " CloudTwo ", "(CloudTwo)", "'CloudTwo'", '{"*": "(CloudTwo)"}', "*=(CloudTwo)"])
def test_an_expression_alone_is_for_every_service_but_identity(text: str) -> None:
    scope = parse(text, clouds=CLOUDS)
    assert scope.to_header() == '{"*":"(CloudTwo)"}'
    assert (scope.issuer("CloudOne"), scope.clouds_for("identity", "CloudOne")) == ("CloudOne", ("CloudOne",))
    assert scope.clouds_for("image", "CloudOne") == ("CloudTwo",)
    assert scope.text_for("image", "CloudOne") == "CloudTwo"
    assert scope.completed("CloudOne").to_header() == '{"*":"CloudTwo","identity":"CloudOne"}'
    assert scope.completed("CloudOne").completed("Elsewhere") == scope.completed("CloudOne")
    assert parse_json(scope.to_header()) == scope


def test_an_expression_alone_stands_in_a_url() -> None:
    assert parse_url_form("CloudTwo", clouds=CLOUDS) == parse("CloudTwo")
    assert parse_url_form("%28CloudTwo)", clouds=CLOUDS) == parse("CloudTwo")
    with pytest.raises(ScopeError, match=r"column 1: unknown cloud 'CloudTow'; known: Cloud-3.b, CloudOne, CloudTwo"):
        parse_url_form("CloudTow", clouds=CLOUDS)


@pytest.mark.parametrize(
    ("text", "reason", "spot"),
    [
        ("CloudOne,CloudTwo", "'|', '&' or the end is expected here, not ','", ","),
        ("CloudOne CloudTwo", "'|', '&' or the end is expected here, not 'CloudTwo'", "CloudTwo"),
        (" CloudTow", "unknown cloud 'CloudTow'", "CloudTow"),
        ("CloudOne|", "a cloud's name is expected here, not the end", ""),
        ("CloudOne | Clöud", "a cloud's name, '|', '&' or a parenthesis is expected here, not 'ö'", "ö"),
        ("CloudOne / CloudTwo", "a cloud's name, '|', '&' or a parenthesis is expected here, not '/'", "/"),
        ("CloudOne~CloudTwo", "a cloud's name, '|', '&' or a parenthesis is expected here, not '~'", "~"),
        ("CloudOne#", "a cloud's name, '|', '&' or a parenthesis is expected here, not '#'", "#"),
        ("'CloudOne", "a quote that is not closed", "'CloudOne"),
        ("CloudOne & 'CloudTwo", "a quote that is not closed", "'CloudTwo"),
        ("image:CloudOne", "service=cloud is expected here", "image:CloudOne"),
        ("image=CloudOne|CloudTwo;compute=CloudOne", "',' separates services, as in", "="),
        ("image=CloudOne | compute=CloudTwo", "',' separates services, as in", "="),
        ("image=around(CloudOne, 0ms)", "a time above 0 and at most 60s is expected here", "0ms"),
        ("|CloudOne", "a JSON object, or clouds with '|' and '&', is expected, for example", "|"),
        ("&CloudOne", "a JSON object, or clouds with '|' and '&', is expected, for example", "&"),
    ],
)
def test_a_fault_of_a_short_form_is_shown_where_it_was_typed(text: str, reason: str, spot: str) -> None:
    with pytest.raises(ScopeError) as raised:
        parse(text, clouds=CLOUDS)
    assert reason in raised.value.reason
    assert text[raised.value.start : raised.value.end] == spot


@pytest.mark.parametrize("text", ["image", "glance", "volumev3"])
def test_a_service_alone_is_no_cloud(text: str) -> None:
    with pytest.raises(ScopeError, match="service=cloud is expected here"):
        parse(text)


def test_a_name_in_parentheses_is_the_name() -> None:
    assert parse('{"image": "(CloudTwo)"}').to_header() == '{"image":"CloudTwo"}'
    assert parse("image=(CloudTwo),compute='CloudOne'") == parse("image=CloudTwo,compute=CloudOne")


@given(st.dictionaries(st.sampled_from(["*", "image", "my-own"]), expressions, min_size=1))
def test_a_header_of_a_gateway_is_read_as_it_was_written(entries: dict[str, Expression]) -> None:
    scope = Scope(tuple(entries.items()))
    try:
        assert read_header(scope.to_header()) == scope
    except ValueError as error:
        assert "deep" in str(error)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"image": 1}', '{"image": "A |"}', '{"image": "A"'])
def test_a_header_that_no_gateway_writes_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_header(text)


def test_the_clouds_of_a_scope_are_those_of_all_entries() -> None:
    scope = Scope((("image", Otherwise((A, B))), ("compute", B), ("network", Near("C"))))
    assert scope.clouds() == ("A", "B", "C")


def test_an_expression_counts_for_the_size_of_its_scope() -> None:
    assert len(json.dumps({"image": "(" + "A" * 64 + ")"})) < MAX_LENGTH
    with pytest.raises(ScopeError, match="too large"):
        parse("image=" + "(A)" * MAX_LENGTH)


@pytest.mark.parametrize("clouds", [None, CLOUDS], ids=["any", "known"])
def test_plain_names_are_read_without_the_grammar_of_expressions(
    clouds: list[str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that most scopes cost what they did before there were operators."""

    def never(*_: object) -> NoReturn:
        raise AssertionError("the grammar is read")

    monkeypatch.setattr(parser, "parse_expression", never)
    for text in ('{"image":"CloudTwo"}', '{"*": "CloudOne", "image": "Cloud-3.b", "compute": "CloudTwo"}'):
        assert {type(each) for _, each in parse_json(text, clouds=clouds).entries} == {Cloud}
    with pytest.raises(AssertionError, match="the grammar is read"):
        parse_json('{"image":"CloudOne | CloudTwo"}', clouds=clouds)
