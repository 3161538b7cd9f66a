# SPDX-License-Identifier: Apache-2.0
"""A peer's admission header is read exactly, or not at all."""

import base64
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.bridge.audit.admission_header import LONGEST, Admission, decode, encode, outcome_of
from openstackoid.bridge.audit.audit_log import LONGEST_NAME, Party

ADA = Party("u1", "ada", "Default")
DEMO = Party("p1", "demo", "Default")
ADMISSION_HEADER = Admission(ADA, DEMO, "staff")
TOLD: dict[str, Any] = {"user": {"id": "u1", "name": "ada", "domain": "Default"}, "project": None, "rule": "staff"}

names = st.none() | st.text(max_size=10).map(lambda text: text * 30)
parties = st.none() | st.builds(Party, names, names, names)


def header(document: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


@given(st.builds(Admission, parties, parties, names))
def test_a_header_of_any_names_is_short_plain_and_readable(use: Admission) -> None:
    value = encode(use)
    assert re.fullmatch(rf"[A-Za-z0-9_-]{{1,{LONGEST}}}", value)
    told = decode(value)
    assert told is not None
    assert (told.user is None, told.project is None, told.rule is None) == (
        use.user is None,
        use.project is None,
        use.rule is None,
    )


def test_an_encoded_header_is_decoded() -> None:
    assert decode(encode(ADMISSION_HEADER)) == ADMISSION_HEADER
    assert decode(encode(Admission())) == Admission()
    accents = Admission(Party("u", "Zoë ☃", "d"), None, "r")
    assert decode(encode(accents)) == accents


def test_names_that_are_too_long_together_are_cut() -> None:
    endless = Party("\x00" * 10_000, "☃" * 10_000, "n" * 10_000)
    told = decode(encode(Admission(endless, endless, "r" * 10_000)))
    assert told is not None
    assert told.user is not None
    assert told.user.name is not None
    assert (told.user.name[0], told.user.name[-1]) == ("☃", "…")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "!",
        "not base64",
        header(TOLD) + "=",
        header(TOLD) + "\n",
        header(TOLD)[:-2],
        "e30+",
        "ünï",
        header([]),
        header(None),
        header({}),
        header({"user": None, "project": None}),
        header({**TOLD, "token": "x"}),
        header({**TOLD, "rule": 1}),
        header({**TOLD, "rule": ["x"]}),
        header({**TOLD, "rule": "x" * (LONGEST_NAME + 1)}),
        header({**TOLD, "user": "ada"}),
        header({**TOLD, "user": {"id": "u1"}}),
        header({**TOLD, "user": {**TOLD["user"], "roles": "x"}}),
        header({**TOLD, "user": {**TOLD["user"], "name": {}}}),
        base64.urlsafe_b64encode(b'{"user":null,"project":null,"rule":"a","rule":"b"}').rstrip(b"=").decode(),
        base64.urlsafe_b64encode(b'{"user":null,"project":null,"rule":"\xff"}').rstrip(b"=").decode(),
        base64.urlsafe_b64encode(b"[" * 1500).rstrip(b"=").decode(),
        "A" * (LONGEST + 1),
    ],
)
def test_an_unreadable_header_is_ignored(value: str) -> None:
    assert decode(value) is None


@pytest.mark.parametrize(
    ("status", "use", "outcome"),
    [
        (200, ADMISSION_HEADER, "allowed"),
        (404, ADMISSION_HEADER, "allowed"),
        (401, ADMISSION_HEADER, "refused"),
        (403, ADMISSION_HEADER, "refused"),
        (429, ADMISSION_HEADER, "refused"),
        (503, ADMISSION_HEADER, "allowed"),
        (200, None, "allowed"),
        (101, None, "allowed"),
        (302, None, "allowed"),
        (401, None, "refused"),
        (403, None, "refused"),
        (429, None, "refused"),
        (508, None, "refused"),
        (400, None, "failed"),
        (404, None, "failed"),
        (503, None, "failed"),
        (0, None, "failed"),
    ],
)
def test_the_outcome_of_a_request_that_left(status: int, use: Admission | None, outcome: str) -> None:
    assert outcome_of(status, use) == outcome
