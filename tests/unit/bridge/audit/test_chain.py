# SPDX-License-Identifier: Apache-2.0
"""The lines of a log are a chain over rotations, restarts and two writers, and each break of it is named."""

import gzip
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from openstackoid.bridge.audit.audit_file import Audit
from openstackoid.bridge.audit.chain import Link
from openstackoid.bridge.audit.verifying import BrokenChainError, Verified, verify
from unit.bridge.audit.test_audit_log import LINE


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.log"


def write(path: Path, *statuses: int) -> None:
    """Write lines as one run of a gateway does."""
    audit = Audit(path)
    for status in statuses:
        audit.write(replace(LINE, status=status))
    audit.close()


def numbers(path: Path) -> list[int]:
    return [json.loads(line)["number"] for line in path.read_text().splitlines()]


def test_lines_are_numbered_over_a_restart(path: Path) -> None:
    write(path, 200, 201)
    write(path, 202)
    assert numbers(path) == [1, 2, 3]
    found = verify([path])
    assert (found.first, found.lines, found.before) == (1, 3, 0)
    assert json.loads(path.read_text().splitlines()[-1])["digest"] == found.last.digest


def test_two_writers_make_one_chain(path: Path) -> None:
    writers = (Audit(path), Audit(path))
    for number in range(20):
        writers[number % 2].write(LINE, LINE)
    for audit in writers:
        audit.close()
    assert numbers(path) == list(range(1, 41))
    assert verify([path]).lines == 40


@pytest.mark.parametrize("own", [True, False])
def test_the_chain_goes_on_in_the_next_file(path: Path, own: bool) -> None:
    audit, other = Audit(path), Audit(path)
    for number in range(4):
        (audit, other)[number % 2].write(LINE)
        if own:
            assert audit.rotate(1, 10)
        else:
            path.rename(path.with_name(f"audit.log.{9 - number}"))
    other.write(LINE)
    audit.close()
    other.close()
    rotated = sorted(path.parent.glob("audit.log.[0-9]*"))
    assert len(rotated) == 4
    packed = rotated[0].with_suffix(f"{rotated[0].suffix}.gz")
    packed.write_bytes(gzip.compress(rotated.pop(0).read_bytes()))
    assert verify([path, packed, *rotated]).lines == 5


def test_rotation_waits_for_the_size_and_keeps_a_number_of_files_that_are_their_owners_alone(path: Path) -> None:
    audit = Audit(path)
    assert not audit.rotate(1, 2)
    for status in (201, 202, 203, 204):
        audit.write(replace(LINE, status=status))
        assert not audit.rotate(100_000, 2)
        assert audit.rotate(100, 2)
    audit.close()
    kept = sorted(path.parent.glob("audit.log.[0-9]"))
    assert [json.loads(one.read_text())["status"] for one in kept] == [204, 203]
    assert {one.stat().st_mode & 0o777 for one in path.parent.iterdir()} == {0o600}


def test_a_lower_number_of_files_removes_what_is_left_at_the_next_rotation(path: Path) -> None:
    audit = Audit(path)
    for status in range(200, 206):
        audit.write(replace(LINE, status=status))
        assert audit.rotate(1, 10)
    others = [path.with_name(name) for name in ("audit.log.5.gz", "audit.log.old", "other.log.7")]
    for other in others:
        other.touch()
    audit.write(replace(LINE, status=206))
    assert audit.rotate(1, 2)
    audit.close()
    kept = sorted(path.parent.glob("audit.log.[0-9]"))
    assert [json.loads(one.read_text())["status"] for one in kept] == [206, 205]
    assert all(other.exists() for other in others)


def test_what_a_killed_writer_has_not_noted_is_found(path: Path) -> None:
    write(path, 200)
    noted = (path.parent / "audit.log.chain").read_bytes()
    write(path, 201)
    (path.parent / "audit.log.chain").write_bytes(noted)
    write(path, 202)
    (path.parent / "audit.log.chain").unlink()
    write(path, 203)
    assert numbers(path) == [1, 2, 3, 4]
    assert verify([path]).lines == 4


def test_lines_of_an_earlier_release_stand_before_the_chain(path: Path) -> None:
    path.write_bytes(LINE.encoded() * 3)
    write(path, 200)
    assert verify([path]) == Verified(1, verify([path]).last, 1, 3)


def test_no_line_is_numbered_before_the_first(path: Path) -> None:
    """Its digest would be free, and the one that the first line begins with."""
    write(path, 200)
    path.write_bytes(LINE.encoded().replace(b"}\n", b', "number": 0, "digest": "%s"}\n' % (b"0" * 64)) + path.read_bytes())
    assert verify([path]) == Verified(1, verify([path]).last, 1, 1)


Change = Callable[[list[bytes]], list[bytes]]
BREAKS: dict[str, tuple[Change, str]] = {
    "removed": (lambda lines: lines[:2] + lines[3:], "audit.log, line 3: line 3 is missing before it"),
    "several removed": (lambda lines: lines[:1] + lines[4:], "audit.log, line 2: lines 2 to 4 are missing before it"),
    "changed": (
        lambda lines: [*lines[:2], lines[2].replace(b'"ada"', b'"eve"'), *lines[3:]],
        "audit.log, line 3: line 3 of the chain was changed, or the one before it",
    ),
    "the first changed": (
        lambda lines: [lines[0].replace(b'"ada"', b'"eve"'), *lines[1:]],
        "audit.log, line 1: line 1 of the chain was changed, or the one before it",
    ),
    "added": (
        lambda lines: [*lines[:2], lines[1], *lines[2:]],
        "audit.log, line 3: its number is 2, which is not behind 2: a line was added",
    ),
    "added without a number": (
        lambda lines: [*lines[:2], LINE.encoded(), *lines[2:]],
        "audit.log, line 3: the line is not of the chain: it was added, changed, or cut",
    ),
    "added without a number, for one that is not there": (
        lambda lines: [LINE.encoded(), *lines[1:]],
        "audit.log, line 1: the line is not of the chain: it was added, changed, or cut",
    ),
    "cut": (
        lambda lines: [*lines[:4], lines[4][:-9] + b"\n"],
        "audit.log, line 5: the line is not of the chain: it was added, changed, or cut",
    ),
    "swapped": (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], "audit.log, line 2: line 2 is missing before it"),
    "all removed": (lambda _: [], "there is no line of a chain in these files"),
}


@pytest.mark.parametrize("change", BREAKS)
def test_a_break_is_named_with_its_file_and_line(path: Path, change: str) -> None:
    write(path, 200, 201, 202, 203, 204)
    broken, message = BREAKS[change]
    path.write_bytes(b"".join(broken(path.read_bytes().splitlines(keepends=True))))
    with pytest.raises(BrokenChainError, match=f"{re.escape(message)}$"):
        verify([path])


def test_a_file_that_is_missing_between_two_is_named(path: Path) -> None:
    audit = Audit(path)
    for status in (201, 202, 203):
        audit.write(replace(LINE, status=status))
        audit.rotate(1, 9)
    audit.close()
    with pytest.raises(BrokenChainError, match=r"audit\.log\.1, line 1: line 2 is missing before it$"):
        verify([path.with_name("audit.log.1"), path.with_name("audit.log.3")])


def test_lines_that_are_missing_at_the_end_are_shown_by_one_that_was_noted(path: Path) -> None:
    write(path, 200, 201, 202)
    known = verify([path]).last
    write(path, 203)
    assert verify([path], known).lines == 4
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
    assert verify([path]).lines == 2, "by itself, a chain does not show that its end is missing"
    with pytest.raises(BrokenChainError, match="lines are missing at the end: 3 was noted, 1 to 2 are there"):
        verify([path], known)


def test_a_log_that_was_written_anew_is_shown_by_a_line_that_was_noted(path: Path) -> None:
    write(path, 200, 201)
    known = verify([path]).last
    for name in ("audit.log", "audit.log.chain"):
        path.with_name(name).unlink()
    write(path, 200, 404, 202)
    assert verify([path]).lines == 3
    with pytest.raises(BrokenChainError, match="line 2: line 2 has another digest than was noted: the log was written anew"):
        verify([path], known)


def test_the_files_of_the_chain_stay_open_once(path: Path) -> None:
    audit = Audit(path)
    audit.write(LINE)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        audit.write(LINE)
        audit.rotate(1, 3)
    audit.write(LINE)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    audit.close()


def test_a_link_follows_the_text_of_its_line() -> None:
    line, link = Link(16, "ab" * 32).follow(b'{"a": {"b": {}}}\n')
    assert line == f'{{"a": {{"b": {{}}}}, "number": 17, "digest": "{link.digest}"}}\n'.encode()
