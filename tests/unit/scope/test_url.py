# SPDX-License-Identifier: Apache-2.0
"""A scope as a segment of a URL."""

import re
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents import read
from openstackoid.scope import MAX_LENGTH, Scope, ScopeError, official_service_types, parse, parse_url_form

CLOUDS = ["CloudOne", "CloudTwo", "Cloud-3.b"]
SHOWN = re.findall(r"http://\S+?/scope/([^/\s`]+)", read("use/scope-in-requests.md"))


@pytest.mark.parametrize(
    ("segment", "wire"),
    [
        ("image=CloudTwo", '{"image":"CloudTwo"}'),
        ("image=CloudTwo,compute=CloudOne", '{"image":"CloudTwo","compute":"CloudOne"}'),
        ("image%3DCloudTwo%2Ccompute%3DCloudOne", '{"image":"CloudTwo","compute":"CloudOne"}'),
        ("*=CloudTwo", '{"*":"CloudTwo"}'),
        ("%2A=CloudTwo", '{"*":"CloudTwo"}'),
        ("volumev3=Cloud-3.b", '{"block-storage":"Cloud-3.b"}'),
    ],
)
def test_the_url_form_equals_the_json_form(segment: str, wire: str) -> None:
    assert parse_url_form(segment) == parse(wire)
    assert parse_url_form(segment).to_header() == wire


def test_the_page_shows_each_kind_of_form() -> None:
    marks = "".join(SHOWN)
    assert all(mark in marks for mark in ("=", ",", ";", "+", "(", "around("))
    assert "CloudTwo" in SHOWN


@pytest.mark.parametrize("segment", SHOWN)
def test_a_form_on_the_page_is_accepted_as_in_a_header(segment: str) -> None:
    assert parse_url_form(segment, clouds=CLOUDS) == parse(unquote(segment), clouds=CLOUDS)


@pytest.mark.parametrize(
    ("segment", "reason", "spot"),
    [
        ("", "service=cloud is expected here, for example image=CloudTwo,compute=CloudOne", (0, 1)),
        ("image", "service=cloud is expected here", (0, 5)),
        ("CloudTow", "unknown cloud 'CloudTow'", (0, 8)),
        ("image:CloudOne", "service=cloud is expected here", (0, 14)),
        ("image=CloudTwo,", "service=cloud is expected here", (15, 16)),
        ("image=CloudTwo,compute", "service=cloud is expected here", (15, 22)),
        ("image=CloudTow", "unknown cloud 'CloudTow'; known: Cloud-3.b, CloudOne, CloudTwo", (6, 14)),
        ("glanse=CloudTwo", "unknown service 'glanse'", (0, 6)),
        ("im%61ge=CloudTow", "unknown cloud 'CloudTow'", (6, 14)),
        ("=CloudTwo", "a service without a name", (0, 1)),
        ("image=", "a cloud without a name", (6, 7)),
        ("image=CloudOne,glance=CloudTwo", "the service 'glance' is named twice (as 'image'); name it once", (15, 21)),
        ("image=Cloud%FF", "cannot be a cloud's name", (6, 12)),
        ("image=CloudOne;CloudTow", "unknown cloud 'CloudTow'", (15, 23)),
        ("image=CloudOne%25CloudTwo", "'%' is reserved", (14, 15)),
        ("CloudOne%23", "a parenthesis is expected here, not '#'", (8, 9)),
        (";CloudOne", "a cloud's name is expected here, not ';'", (0, 1)),
        ('{"image":"CloudTwo"}', "service=cloud is expected here", (0, 20)),
        ("CloudOne;CloudTow", "unknown cloud 'CloudTow'", (9, 17)),
        ("image=" + "C" * MAX_LENGTH, f"too large: {MAX_LENGTH + 6} characters", (MAX_LENGTH, MAX_LENGTH + 1)),
    ],
)
def test_the_first_wrong_spot_is_reported(segment: str, reason: str, spot: tuple[int, int]) -> None:
    with pytest.raises(ScopeError) as raised:
        parse_url_form(segment, clouds=CLOUDS)
    assert reason in raised.value.reason
    assert (raised.value.start, raised.value.end) == spot


def test_a_service_that_the_cloud_has_not_is_found_at_its_cloud() -> None:
    with pytest.raises(ScopeError, match=r"column 9: CloudTwo has no service 'compute'; served by: CloudOne"):
        parse_url_form("compute=CloudTwo", offers={"CloudOne": ["compute"], "CloudTwo": ["image"]})


scopes = st.dictionaries(
    st.sampled_from(["*", *sorted(official_service_types())]), st.sampled_from(CLOUDS), min_size=1, max_size=8
).map(Scope.of)


@given(scope=scopes, safe=st.sampled_from(["", "=", "=,*"]))
def test_every_scope_has_such_a_form(scope: Scope, safe: str) -> None:
    form = ",".join(f"{service}={cloud}" for service, cloud in scope.items())
    assert parse_url_form(quote(form, safe=safe)) == scope
