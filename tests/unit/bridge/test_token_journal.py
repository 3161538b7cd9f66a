# SPDX-License-Identifier: Apache-2.0
"""What services were told of a token counts after a restart of the gateway, too, and the files stay small."""

import asyncio
import time
from pathlib import Path

import pytest

from openstackoid.bridge.token_journal import Row, TokenJournal
from openstackoid.bridge.token_memory import TokenMemory
from openstackoid.bridge.token_record import Changed, Full, Recorded
from openstackoid.policy import Claims

ONE, TWO = Claims(bytes(176), "p/one"), Claims(b"\1" * 176, "p/two")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens.journal"


def told(memory: TokenMemory, token: bytes = b"a", claims: Claims = ONE, seconds: float = 300, most: int = 9) -> object:
    return asyncio.run(memory.tell("CloudTwo", token, claims, seconds, most))


def restarted(path: Path) -> TokenMemory:
    """Return the record of a process that begins while nobody has closed the file of the last one."""
    return TokenMemory(journal=TokenJournal(path))


def test_after_a_restart_a_token_has_the_same_claims(path: Path) -> None:
    assert told(restarted(path)) == Recorded()
    assert path.stat().st_mode & 0o777 == 0o600
    again = restarted(path)
    assert told(again, claims=TWO) == Changed(ONE, True)
    assert told(again) == Recorded()
    assert isinstance(told(again, b"b", most=1), Full)


def test_the_last_claims_count_and_none_outlives_its_time(path: Path) -> None:
    journal, now = TokenJournal(path), time.time()
    for claims, until in ((ONE, now + 10), (TWO, now + 99), (ONE, now + 50)):
        journal.write(Row("CloudTwo", b"a", claims, until), now)
    journal.write(Row("CloudTwo", b"b", ONE, now - 1), now)
    memory = restarted(path)
    assert repr(memory) == "<TokenMemory {'CloudTwo': 1}>"
    assert told(memory, claims=TWO) == Changed(ONE, True)


def test_a_line_that_a_crash_cut_short_spoils_no_other(path: Path) -> None:
    told(restarted(path))
    told(restarted(path), b"b")
    path.write_bytes(path.read_bytes()[:-10])
    memory = restarted(path)
    assert repr(memory) == "<TokenMemory {'CloudTwo': 1}>"
    told(memory, b"c")
    assert repr(restarted(path)) == "<TokenMemory {'CloudTwo': 2}>"


@pytest.mark.parametrize(
    "line",
    ["", "{}", "[]", '["CloudTwo", "61", "00", "r", 9e9]', '["CloudTwo", "6", "", "r", 9e9]', '["CloudTwo", 1, 2, 3, 4]']
    + [
        f'["CloudTwo", "61", "{"00" * 176}", {rule}, {until}]'
        for rule, until in (("1", "9e9"), ('"r"', "1e999"), ('"r"', "null"))
    ],
)
def test_a_line_that_is_none_is_passed_over(path: Path, line: str) -> None:
    path.write_text(f"{line}\n")
    told(restarted(path))
    assert repr(restarted(path)) == "<TokenMemory {'CloudTwo': 1}>"


def test_the_older_file_goes_when_the_time_of_all_in_it_is_over(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TokenJournal, "FEWEST", 3)
    journal, now = TokenJournal(path), time.time()
    for number in range(100):
        now += 10
        journal.write(Row("CloudTwo", bytes([number]), ONE, now + 100), now)
        assert {row.digest[0] for row in TokenJournal(path).read() if row.until > now} >= set(
            range(max(0, number - 9), number + 1)
        )
    lines = [len(file.read_text().splitlines()) for file in (path, path.with_name("tokens.journal.old"))]
    assert sum(lines) < 30


def test_a_restart_knows_when_the_older_file_may_go(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TokenJournal, "FEWEST", 1)
    now = time.time()
    for number in range(4):
        journal = TokenJournal(path)
        list(journal.read())
        journal.write(Row("CloudTwo", bytes([number]), ONE, now + 100), now)
    assert [row.digest for row in TokenJournal(path).read()] == [bytes([number]) for number in range(4)]


def test_a_file_that_cannot_be_written_is_told_once_and_the_record_goes_on(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.mkdir()
    memory = restarted(path)
    assert (told(memory), told(memory, b"b"), told(memory, claims=TWO)) == (Recorded(), Recorded(), Changed(ONE, True))
    assert [
        record.getMessage().count("the claims of tokens are recorded until this process ends") for record in caplog.records
    ] == [1]
