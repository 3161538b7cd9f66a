# SPDX-License-Identifier: Apache-2.0
"""Matching lines of audit logs are found among any others."""

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.bridge.audit.audit_log import ALLOWED, IN, OUT, AuditLine, Party
from openstackoid.bridge.audit.reading import Wanted, read_line, read_logs
from openstackoid.errors import OpenstackoidError

FIRST, SECOND = (f"req-a0d17000-0000-4000-8000-00000000000{number}" for number in (1, 2))
LINE = AuditLine(
    time=1764000000.0,
    gateway="CloudOne",
    direction=OUT,
    home="CloudOne",
    cloud="CloudTwo",
    user=Party("u1", "ada", "Default"),
    service="image",
    interface="public",
    method="GET",
    path="/image/v2/images",
    outcome=ALLOWED,
    status=200,
    request_id=FIRST,
)
THERE = replace(LINE, gateway="CloudTwo", direction=IN, cloud=None, time=LINE.time + 5)
ALL = Wanted()


def log(path: Path, *lines: AuditLine | bytes) -> Path:
    path.write_bytes(b"".join(line if isinstance(line, bytes) else line.encoded() for line in lines))
    return path


def test_the_lines_of_one_request_stand_side_by_side(tmp_path: Path) -> None:
    between = replace(LINE, time=LINE.time + 2, request_id=SECOND)
    nameless = [replace(LINE, time=LINE.time + seconds, request_id=None) for seconds in (3, 1)]
    one = log(tmp_path / "one", between, LINE, *nameless)
    two = log(tmp_path / "two", replace(THERE, request_id=SECOND, time=LINE.time + 9), THERE)
    found = read_logs([two, one], ALL)
    assert [(line["gateway"], line["time"][17:19], line["request_id"]) for line in found.lines] == [
        ("CloudOne", "00", FIRST),
        ("CloudTwo", "05", FIRST),
        ("CloudOne", "01", None),
        ("CloudOne", "02", SECOND),
        ("CloudTwo", "09", SECOND),
        ("CloudOne", "03", None),
    ]


@pytest.mark.parametrize(
    ("wanted", "statuses"),
    [
        (ALL, [200, 201, 202, 203]),
        (Wanted(request_id=SECOND), [201]),
        (Wanted(user="bob"), [202]),
        (Wanted(user="u1"), [200, 201]),
        (Wanted(home="CloudTwo"), [203]),
        (Wanted(since="2025-11-24T16:00:02.000Z"), [202, 203]),
        (Wanted(user="ada", home="CloudTwo"), []),
    ],
)
def test_only_matching_lines_are_found(tmp_path: Path, wanted: Wanted, statuses: list[int]) -> None:
    path = log(
        tmp_path / "log",
        LINE,
        replace(LINE, request_id=SECOND, status=201, time=LINE.time + 1),
        replace(LINE, request_id=None, user=Party("u2", "bob"), status=202, time=LINE.time + 2),
        replace(LINE, request_id=None, user=None, home="CloudTwo", status=203, time=LINE.time + 3),
    )
    assert [line["status"] for line in read_logs([path], wanted).lines] == statuses


def test_invalid_lines_are_skipped_and_counted(tmp_path: Path) -> None:
    document = LINE.document()
    odd = [
        b"\n",
        b"words\n",
        b"[1]\n",
        b"\xff\xfe\n",
        b"[" * 5000 + b"\n",
        LINE.encoded()[:40] + b"\n",
        *(json.dumps({**document, name: value}).encode() + b"\n" for name, value in (("time", 1), ("direction", "up"))),
        *(json.dumps({**document, name: value}).encode() + b"\n" for name, value in (("user", "ada"), ("status", "200"))),
        json.dumps({name: value for name, value in document.items() if name != "home"}).encode() + b"\n",
        # The file is written to while it is read.
        THERE.encoded()[:-1][:60],
    ]
    found = read_logs([log(tmp_path / "log", LINE, *odd[:-1], THERE, odd[-1])], ALL)
    assert ([line["gateway"] for line in found.lines], found.skipped) == (["CloudOne", "CloudTwo"], len(odd))


def test_a_line_behind_a_part_of_another_is_found(tmp_path: Path) -> None:
    path = log(tmp_path / "log", LINE.encoded()[:50], replace(LINE, user=Party(name='{"time": ')))
    found = read_logs([path], ALL)
    assert ([line["user"]["name"] for line in found.lines], found.skipped) == (['{"time": '], 0)


def test_rotated_files_are_read_compressed_or_not(tmp_path: Path) -> None:
    old = log(tmp_path / "audit.log.1", LINE)
    (tmp_path / "audit.log.2.gz").write_bytes(gzip.compress(THERE.encoded()))
    assert len(read_logs([old, tmp_path / "audit.log.2.gz"], ALL).lines) == 2


@pytest.mark.parametrize(
    ("name", "why"), [("none", "No such file"), (".", "Is a directory"), ("bad.gz", "the gzip file is incomplete")]
)
def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "bad.gz").write_bytes(gzip.compress(LINE.encoded() * 50)[:-20])
    with pytest.raises(OpenstackoidError, match=f"cannot read .*: {why}"):
        read_logs([tmp_path / name], ALL)


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    assert read_line(text) is None
