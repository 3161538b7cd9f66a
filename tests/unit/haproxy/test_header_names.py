# SPDX-License-Identifier: Apache-2.0
"""The map of header names: the first pattern that matches has each bit that holds, and no other."""

import re
from itertools import chain, combinations

import pytest

from openstackoid.haproxy.header_names import names_map

ORDINARY = ("host", "accept", "user-agent", "x-auth-token", "content-type", "x-openstack-request-id")
TELLING = ("x-scope", "authorization", "x-subject-token", "x_auth_token", "x-openstackoid-wire")
ALONE = {"via": "O", "expect": "O", "x-auth-key": "O", "x-forwarded-for": "C", "forwarded": "C", "x-real-ip": "C"}
ODD = {"authorization", "x-subject-token", "x_auth_token", "x-openstackoid-wire"}
PATTERNS = [(re.compile(pattern), int(bits)) for pattern, bits in (line.split(" ") for line in names_map().splitlines())]
BITS = {"T": 1, "O": 2, "C": 4}


def letters_of(*names: str) -> str:
    """Return a letter for each bit of the first pattern that matches, as HAProxy finds it."""
    found = next((bits for pattern, bits in PATTERNS if pattern.search(",".join(names))), 0)
    return "".join(letter for letter, bit in BITS.items() if found & bit)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("names", list(chain.from_iterable(combinations((*TELLING, *ALONE), size) for size in (0, 1, 2, 3))))
def test_each_letter_is_there_for_each_set_of_names(names: tuple[str, ...], first: bool) -> None:
    expected = {"T" for name in names if name in TELLING} | {"O" for name in names if name in ODD}
    expected |= {letter for name in names for letter in ALONE.get(name, "")}
    assert set(letters_of(*names, *ORDINARY) if first else letters_of(*ORDINARY, *names)) == expected


@pytest.mark.parametrize(("name", "letters"), [("x-auth-token", "TO"), ("x-scope", "TO")])
def test_two_of_the_same_are_odd(name: str, letters: str) -> None:
    assert letters_of(name, "accept", name) == letters_of(name, name, "host") == letters


def test_the_names_of_an_ordinary_request_have_no_letter() -> None:
    assert letters_of(*ORDINARY) == ""
