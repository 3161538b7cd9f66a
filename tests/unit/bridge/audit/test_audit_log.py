# SPDX-License-Identifier: Apache-2.0
"""A line is one line with any values, and a failed write is an error."""

import json
import os
import resource
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from openstackoid.bridge.audit.audit_file import Audit, AuditError
from openstackoid.bridge.audit.audit_log import ALLOWED, IN, LONGEST_NAME, LONGEST_TEXT, AuditLine, Party

LINE = AuditLine(
    time=1764000000.1234,
    gateway="CloudTwo",
    direction=IN,
    home="CloudOne",
    user=Party("u1", "ada", "Default"),
    project=Party("p1", "demo", "Default"),
    roles=("member",),
    sender="CloudOne",
    service="image",
    interface="public",
    method="GET",
    path="/v2/images",
    rule="staff",
    outcome=ALLOWED,
    status=200,
    request_id="req-a0d17000-0000-4000-8000-000000000001",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.log"


@pytest.fixture
def audit(path: Path) -> Iterator[Audit]:
    audit = Audit(path)
    yield audit
    audit.close()


def lines(path: Path) -> list[dict[str, Any]]:
    return [without_link(json.loads(line)) for line in path.read_bytes().split(b"\n")[:-1]]


def without_link(line: dict[str, Any]) -> dict[str, Any]:
    """Return a line without its place in the chain, which test_chain.py is about."""
    return {name: value for name, value in line.items() if name not in ("number", "digest")}


def test_a_line_says_all_that_is_known_and_null_for_the_rest(audit: Audit, path: Path) -> None:
    audit.write(LINE)
    audit.write(replace(LINE, cloud="Cloud-3.b", user=None, rule=None, roles=()))
    first, second = lines(path)
    assert first == {
        "time": "2025-11-24T16:00:00.123Z",
        "gateway": "CloudTwo",
        "direction": "in",
        "home": "CloudOne",
        "cloud": "CloudTwo",
        "user": {"id": "u1", "name": "ada", "domain": "Default"},
        "project": {"id": "p1", "name": "demo", "domain": "Default"},
        "roles": ["member"],
        "sender": "CloudOne",
        "source": None,
        "service": "image",
        "interface": "public",
        "method": "GET",
        "path": "/v2/images",
        "rule": "staff",
        "outcome": "allowed",
        "status": 200,
        "reason": None,
        "request_id": "req-a0d17000-0000-4000-8000-000000000001",
    }
    assert (second["cloud"], second["user"], second["rule"], second["roles"]) == ("Cloud-3.b", None, None, [])


def test_only_its_owner_can_read_the_file(audit: Audit, path: Path) -> None:
    before = os.umask(0)
    try:
        audit.write(LINE)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["a\nb", 'a"}\n{"time": "', "a\r\u2028\u2029\x85\x00\x1b[31m\u202eb", "\ud800", "é" * 20])
def test_no_name_breaks_a_line(audit: Audit, path: Path, name: str) -> None:
    audit.write(replace(LINE, user=Party(name, name, name), request_id=name, reason=name))
    audit.write(LINE)
    assert path.read_bytes().count(b"\n") == 2
    assert path.read_bytes().isascii()
    first, second = lines(path)
    assert first["user"] == {"id": name, "name": name, "domain": name}
    assert second["user"]["name"] == "ada"


def test_long_values_are_cut(audit: Audit, path: Path) -> None:
    endless = "x" * 100_000
    party = Party(endless, endless, endless)
    audit.write(
        replace(
            LINE,
            user=party,
            project=party,
            roles=(endless,) * 1000,
            rule=endless,
            reason=endless,
            path=endless,
            method=endless,
            request_id=endless,
        )
    )
    (found,) = lines(path)
    assert len(found["user"]["name"]) == len(found["project"]["id"]) == len(found["rule"]) == LONGEST_NAME
    assert len(found["path"]) == len(found["reason"]) == LONGEST_TEXT
    assert (len(found["roles"]), found["roles"][0][-1]) == (64, "…")
    assert path.stat().st_size < 32_000


@pytest.mark.parametrize(
    ("entry", "party"),
    [
        ({"id": "u", "name": "n", "domain": {"id": "d", "name": "D"}}, Party("u", "n", "D")),
        ({"id": "u", "name": "n", "domain": {"id": "d"}}, Party("u", "n", "d")),
        ({"id": 1, "name": ["n"], "domain": {"name": {}}}, Party()),
        ({"id": "u", "domain": "D"}, Party("u")),
        (None, None),
        ("ada", None),
    ],
)
def test_a_party_is_read_from_a_peers_token_document(entry: object, party: Party | None) -> None:
    assert Party.of(entry) == party


def test_a_file_that_was_moved_is_left_and_the_new_one_is_written(audit: Audit, path: Path) -> None:
    """As logrotate does: move, and create."""
    audit.write(LINE)
    rotated = path.rename(path.with_suffix(".log.1"))
    audit.write(replace(LINE, status=201))
    path.unlink()
    path.touch(mode=0o640)
    path.chmod(0o640)
    audit.write(replace(LINE, status=202))
    assert [line["status"] for line in lines(rotated)] == [200]
    assert [line["status"] for line in lines(path)] == [202]
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_rotation_leaves_no_descriptor_behind(audit: Audit, path: Path) -> None:
    audit.write(LINE)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        path.unlink()
        audit.write(LINE)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_two_writers_share_a_file(audit: Audit, path: Path) -> None:
    other = Audit(path)
    for number in range(50):
        (audit, other)[number % 2].write(replace(LINE, status=number))
    other.close()
    assert [line["status"] for line in lines(path)] == list(range(50))


def test_without_a_path_no_line_is_written(tmp_path: Path) -> None:
    Audit(None).write(LINE)
    assert list(tmp_path.iterdir()) == []


def test_a_line_that_cannot_be_written_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match=r"none/audit\.log: the audit line cannot be written: No such file"):
        Audit(tmp_path / "none" / "audit.log").write(LINE)


def test_a_link_pipe_or_folder_is_not_written_to(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.touch()
    (tmp_path / "link").symlink_to(other)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("link", "pipe", "folder"):
        with pytest.raises(AuditError, match=f"{name}: the audit line cannot be written"):
            Audit(tmp_path / name).write(LINE)
    assert other.stat().st_size == 0


def test_a_line_that_was_cut_short_is_an_error_and_leaves_nothing(audit: Audit, path: Path) -> None:
    audit.write(LINE)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # The system then writes as much as there is room for, as on a full disk.
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 20, hard))
    try:
        with pytest.raises(AuditError, match="no space for the whole of it"):
            audit.write(LINE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    audit.write(replace(LINE, status=201))
    assert [line["status"] for line in lines(path)] == [200, 201]


def test_a_part_of_a_line_that_a_crash_has_left_is_ended(audit: Audit, path: Path) -> None:
    path.write_bytes(b'{"time": "20')
    audit.write(LINE)
    assert json.loads(path.read_bytes().splitlines()[1])["status"] == 200
