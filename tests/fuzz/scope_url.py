# SPDX-License-Identifier: Apache-2.0
"""A scope in a URL, and a token with a scope behind it."""

from urllib.parse import quote, unquote

from hypothesis import strategies as st

from conformance.requests import tokens
from conformance.scopes import url_scopes
from fuzz.mutations import mutated
from fuzz.scope_text import NAMES, one_line, texts
from fuzz.steps import steps
from fuzz.target import Target, pure
from openstackoid.scope import MAX_LENGTH, ScopeError, is_marked, join_token, parse, parse_url_form, split_token

segments = st.one_of(
    url_scopes().flatmap(lambda text: mutated(text, "=,:%!x2C3D0*&;é\ud800 \x00/")),
    st.text(max_size=60),
    st.builds(
        lambda unit, number: unit * number,
        st.sampled_from(["image=A,", "=", ",", "%2C", "%", "%FF", "image=", "é"]),
        st.integers(1, 3000),
    ),
)
values = st.one_of(
    tokens.flatmap(lambda text: mutated(text, '!SCOPE{}" \x00é~%-_=ey')),
    tokens.map(quote),
    st.lists(st.sampled_from(["!SCOPE!", "!SCOPE", "SCOPE!", "!", "t", "{}", "~", "e30", "%7E", "%21", "="]), max_size=6).map(
        "".join
    ),
    st.builds("{}!SCOPE!{}".format, st.text(max_size=8), texts),
)
STEPS, STEPS_A_CHARACTER = 40_000, 60


def check_segment(segment: str) -> None:
    """A scope or a ScopeError whose carets stand within the decoded text; the scope is the same in either form."""
    text = unquote(segment)
    for names in ({}, NAMES):
        try:
            scope = parse_url_form(segment, **names)
        except ScopeError as error:
            one_line(error, len(text))
        else:
            form = ",".join(f"{service}={cloud}" for service, cloud in scope.items())
            assert parse_url_form(form, **names) == scope, "what was read is read again"
            assert parse_url_form(quote(form, safe=""), **names) == scope, "encoded, it is the same"
            assert parse(scope.to_header(), **names) == scope, "it travels as JSON"
    if len(segment) % 8 == 0:
        steps(lambda: parse_url_form(segment), STEPS + STEPS_A_CHARACTER * len(segment))
    assert len(text) <= MAX_LENGTH or _refused(segment), "too large is refused"


def _refused(segment: str) -> bool:
    try:
        parse_url_form(segment)
    except ScopeError:
        return True
    return False


def check_token(value: str) -> None:
    """A token and its scope are cut at the only mark, and nothing of either is lost; or the value is refused."""
    try:
        bare, text = split_token(value)
    except ScopeError as error:
        one_line(error, len(value))
        assert is_marked(value) or "%" in value, "a token without a mark is a token"
        return
    assert not is_marked(bare), "no scope is left in the token"
    assert value in ((bare,) if text is None else (join_token(bare, text, 1), _newer(bare, text))), "nothing is lost"
    assert (text is not None) == is_marked(value), "a mark is seen"


def _newer(bare: str, text: str) -> str | None:
    """Return the newer form, which holds UTF-8 alone."""
    try:
        return join_token(bare, text)
    except UnicodeEncodeError:
        return None


SEGMENT = Target(
    "scope-url", "parse_url_form() gives a scope or a ScopeError, in linear steps", segments, pure(check_segment), short=250
)
TOKEN = Target(
    "token",
    "a token is cut at its mark, and nothing is lost; two scopes and quoted ones are refused",
    values,
    pure(check_token),
    short=300,
)
