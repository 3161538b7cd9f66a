# SPDX-License-Identifier: Apache-2.0
"""Only HAProxy's lines about requests that left become audit lines."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.bridge.audit.admission_header import Admission, encode
from openstackoid.bridge.audit.audit_file import Audit
from openstackoid.bridge.audit.audit_log import Party
from openstackoid.bridge.audit.egress_lines import EgressLines, audit_line
from unit.bridge.audit.test_audit_log import without_link

ID = "req-a0d17000-0000-4000-8000-000000000001"
HEAD = "127.0.0.1 GET /image/v2/images -> peer Cloud-3.b 200 250 ms ---- -"
ADMISSION = Admission(Party("u1", "ada", "Default"), Party("p1", "demo", "Default"), "staff")
TAIL = f"image.public home=CloudOne id={ID} use={encode(ADMISSION)}"
LOCAL = b"127.0.0.1 GET /image/v2/images -> local.image.public - 200 0 ms ---- - -\n"


def line(head: str = HEAD, tail: str = TAIL) -> bytes:
    return f"{head} left={tail}\n".encode()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.log"


@pytest.fixture
def lines(path: Path) -> EgressLines:
    return EgressLines("CloudOne", Audit(path), lambda: 1764000000.25)


def audited(path: Path) -> list[dict[str, Any]]:
    return [without_link(json.loads(text)) for text in path.read_text().splitlines()] if path.exists() else []


def test_a_request_that_left_is_audited_and_logged_without_names(lines: EgressLines, path: Path) -> None:
    assert lines(line()) == f"{HEAD} left\n".encode()
    (found,) = audited(path)
    assert found == {
        "time": "2025-11-24T16:00:00.000Z",
        "gateway": "CloudOne",
        "direction": "out",
        "home": "CloudOne",
        "cloud": "Cloud-3.b",
        "user": {"id": "u1", "name": "ada", "domain": "Default"},
        "project": {"id": "p1", "name": "demo", "domain": "Default"},
        "roles": [],
        "sender": None,
        "source": "127.0.0.1",
        "service": "image",
        "interface": "public",
        "method": "GET",
        "path": "/image/v2/images",
        "rule": "staff",
        "outcome": "allowed",
        "status": 200,
        "reason": None,
        "request_id": ID,
    }


def test_lines_about_other_things_are_the_logs_alone(lines: EgressLines, path: Path) -> None:
    others = LOCAL + b"Server local.image.public/s1 is DOWN, 0 active and 0 backup servers left.\n"
    assert lines(others) == others
    assert lines(LOCAL + line() + LOCAL) == LOCAL + f"{HEAD} left\n".encode() + LOCAL
    assert len(audited(path)) == 1


@pytest.mark.parametrize(
    ("status", "use", "outcome"), [("403", "", "refused"), ("503", "", "failed"), ("-1", "", "failed"), ("200", "x", "allowed")]
)
def test_without_an_admission_header_the_status_gives_the_outcome(
    lines: EgressLines, path: Path, status: str, use: str, outcome: str
) -> None:
    lines(line(HEAD.replace(" 200 ", f" {status} "), f"image.public home=CloudTwo id={ID} use={use}"))
    (found,) = audited(path)
    assert (found["status"], found["outcome"]) == (max(int(status), 0), outcome)
    assert (found["home"], found["user"], found["project"], found["rule"]) == ("CloudTwo", None, None, None)


def test_a_path_that_may_hold_a_secret_is_not_shown(lines: EgressLines, path: Path) -> None:
    lines(line(HEAD.replace("v2/images", f"v2/{'s' * 40}/x#20y")))
    assert audited(path)[0]["path"] == "/image/v2/.../..."
    assert "sss" not in path.read_text()


@pytest.mark.parametrize(
    "odd",
    [
        line(HEAD.replace("peer Cloud-3.b", "local.image.public -")),
        line(HEAD.replace("peer Cloud-3.b", "bridge -")),
        line(tail="image.public"),
        line(tail=f"{TAIL} more"),
        line("half of a line"),
        b"\xff\xfe left=\xff\n",
    ],
)
def test_unreadable_lines_are_reported_once(lines: EgressLines, path: Path, caplog: pytest.LogCaptureFixture, odd: bytes) -> None:
    lines(odd + odd)
    lines(odd)
    assert audited(path) == []
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "cannot be read" in caplog.text


def test_an_unwritable_log_delays_no_request_and_is_reported_once(
    path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    folder = tmp_path / "folder"
    lines = EgressLines("CloudOne", Audit(folder / "audit.log"))
    for _ in range(3):
        assert lines(line() + line()) == f"{HEAD} left\n{HEAD} left\n".encode()
    folder.mkdir()
    lines(line())
    lines(line())
    assert [record.getMessage().partition("/")[0] for record in caplog.records] == [
        "audit: requests that were served are not written down: ",
        "audit: 6 lines about requests that were served were lost; they are written again",
    ]
    found = audited(folder / "audit.log")
    assert [(line["outcome"], line.get("count")) for line in found] == [("lost", 6), ("allowed", None), ("allowed", None)]
    assert found[0]["reason"] == "lines could not be written"


def test_lines_that_haproxy_has_lost_have_a_line(lines: EgressLines, path: Path) -> None:
    lines.lose(57, "HAProxy has lost lines of its log")
    (found,) = audited(path)
    assert (found["outcome"], found["count"], found["gateway"], found["reason"]) == (
        "lost",
        57,
        "CloudOne",
        "HAProxy has lost lines of its log",
    )


@given(st.text(), st.text())
def test_no_text_breaks_it(request: str, left: str) -> None:
    audit_line(request, left, "CloudOne", 0.0)
    audit_line(HEAD, left, "CloudOne", 0.0)
