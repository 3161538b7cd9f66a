# SPDX-License-Identifier: Apache-2.0
"""The text of an admission, as HAProxy keeps it."""

import re
from dataclasses import replace
from itertools import count

import pytest

from conformance.clouds import description
from openstackoid.mesh import parse_mesh
from openstackoid.routing.admission import (
    ALLOWED,
    BAR,
    LONGEST_ROLES,
    MARK,
    NUMBER,
    OURS,
    TELLING_HEADERS,
    THEIRS,
    USE,
    Admission,
    decoded_roles,
    encoded_roles,
)
from openstackoid.routing.project_fields import PROJECT_FIELDS
from openstackoid.routing.route_cache import generation

ADMISSION = Admission(99, "abc", 7, "n1", "~mark", "use", ("member",), "CloudTwo", "theirs", "ours")


def test_each_part_stands_at_its_place() -> None:
    parts = (ADMISSION.to_header() or "").split(BAR)
    assert [parts[place - 1] for place in (1, ALLOWED, MARK, NUMBER, THEIRS, OURS, USE)] == [
        "99",
        "7:abc",
        "~mark",
        "n1",
        "theirs",
        "ours",
        "use",
    ]
    assert parts[USE:] == [encoded_roles(("member",)), "CloudTwo"]


def test_any_number_of_requests_is_written_as_none() -> None:
    assert (replace(ADMISSION, requests=None).to_header() or "").split(BAR)[ALLOWED - 1] == ":abc"


def test_too_many_roles_are_not_kept() -> None:
    assert replace(ADMISSION, roles=("r" * 255,) * 5).to_header() is None
    assert LONGEST_ROLES == 1024


@pytest.mark.parametrize("roles", [(), ("member",), ("a b", "ü|")])
def test_roles_are_read_as_they_were_written(roles: tuple[str, ...]) -> None:
    assert decoded_roles(encoded_roles(roles)) == roles
    assert BAR not in encoded_roles(roles)


@pytest.mark.parametrize("text", ["", "e30", "WzFd", "!", "A" * (LONGEST_ROLES + 1)])
def test_any_other_text_has_no_roles(text: str) -> None:
    assert decoded_roles(text) is None


def test_a_header_that_may_name_a_project_or_a_method_is_found_in_each_spelling() -> None:
    for name in (*(name for fields in PROJECT_FIELDS.values() for name in fields.headers), "x-http-method-override", "upgrade"):
        assert re.search(TELLING_HEADERS, f"host,{name}") is not None
        assert re.search(TELLING_HEADERS, name.replace("-", "_")) is not None
    assert re.search(TELLING_HEADERS, "host,x-auth-token,content-type,accept") is None


def test_another_policy_is_another_generation() -> None:
    text = description(count(10000))
    one, again, other = (parse_mesh(each) for each in (text, text, text.replace("name: anyone", "name: anybody")))
    assert generation(one, "CloudOne") == generation(again, "CloudOne") != generation(other, "CloudOne")
