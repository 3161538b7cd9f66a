# SPDX-License-Identifier: Apache-2.0
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpu_time import least_cpu_time
from openstackoid.policy import EVERY_REQUEST, METHODS, RequestPattern
from openstackoid.policy.patterns import names

PATHS = st.lists(st.sampled_from(["v2", "images", "1", "%2f", "é", ";"]), max_size=4).map(
    lambda parts: "".join(f"/{p}" for p in parts)
)


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("GET /v2/images", ["GET /v2/images", "HEAD /v2/images", "OPTIONS /v2/images"], ["POST /v2/images", "GET /v2/images/1"]),
        ("GET /v2/images/*", ["GET /v2/images/1"], ["GET /v2/images", "GET /v2/images/1/file", "GET /v2/imagesX/1"]),
        ("GET /v2/images/**", ["GET /v2/images", "GET /v2/images/1", "GET /v2/images/1/file"], ["GET /v2", "GET /v2/imagesX"]),
        ("GET /v2/*/x/**", ["GET /v2/1/x", "GET /v2/1/x/y"], ["GET /v2/x", "GET /v2/1/y/x"]),
        ("HEAD /a", ["HEAD /a"], ["GET /a", "OPTIONS /a"]),
        ("POST /a", ["POST /a"], ["GET /a", "post /a", "HEAD /a"]),
        ("* /a", ["POST /a", "BREW /a", "COPY /a"], ["POST /b"]),
        ("* /**", ["POST ", "GET /", "DELETE /a/b/c"], []),
        ("GET /", ["GET ", "GET /"], ["GET /v2"]),
    ],
)
def test_which_requests_a_pattern_means(pattern: str, yes: list[str], no: list[str]) -> None:
    parsed = RequestPattern.parse(pattern)
    assert str(parsed) == pattern
    assert [text for text in yes if not parsed.matches(*text.split(" "))] == []
    assert [text for text in no if parsed.matches(*text.split(" "))] == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "GET",
        "GET ",
        "/v2/images",
        "get /v2",
        "BREW /v2",
        "GET v2",
        "GET /v2/",
        "GET //v2",
        "GET /v2/a*",
        "GET /v2/**/a",
        "GET /***",
        "GET  /v2",
        "GET /v2 ",
        "GET /a b",
        "GET /a?b=c",
        "GET /a%20b",
        "GET /a#b",
        "GET /a;b",
        "GET /a\\b",
        "GET /a\nb",
    ],
)
def test_an_invalid_pattern_is_refused_with_the_accepted_form(text: str) -> None:
    with pytest.raises(
        ValueError, match=r"a method .GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE or .. and a path below"
    ) as raised:
        RequestPattern.parse(text)
    assert str(raised.value).startswith(repr(text))


@pytest.mark.parametrize("text", ["GET /..", "GET /a/../b", "GET /./a"])
def test_dots_could_never_match(text: str) -> None:
    with pytest.raises(ValueError, match=r"paths are judged without '\.' and '\.\.'"):
        RequestPattern.parse(text)


@given(st.sampled_from(METHODS), PATHS)
def test_all_is_every_request(method: str, path: str) -> None:
    assert EVERY_REQUEST.matches(method, path)


@given(st.text("ab*", max_size=8), st.text("ab", max_size=8))
def test_a_pattern_of_names_is_as_the_shell_has_it(pattern: str, name: str) -> None:
    assert names(pattern, name) == fnmatchcase(name, pattern)


def test_case_and_other_wildcards_are_letters() -> None:
    assert [names("a?[b]", "a?[b]"), names("a?", "ab"), names("Alice", "alice"), names("[a]*", "ab")] == [
        True,
        False,
        False,
        False,
    ]


def test_no_name_makes_a_pattern_try_for_long() -> None:
    assert not names("*a" * 100 + "*b", "a" * 255)
    assert least_cpu_time(lambda: names("*a" * 100 + "*b", "a" * 255), 1) < 1
