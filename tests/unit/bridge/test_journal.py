# SPDX-License-Identifier: Apache-2.0
"""The memory of workflows outlives the process, whatever became of its file."""

import stat
from pathlib import Path

import pytest

from openstackoid.bridge.journal import Journal
from openstackoid.bridge.memory import Workflows
from openstackoid.bridge.shares import owner_of
from openstackoid.mesh import Memory
from openstackoid.routing import Workflow
from openstackoid.scope import Scope

USER = owner_of("CloudOne", "CloudOne", "u1")
LIMITS = Memory(workflows=100, seconds=60, user=100)
SCOPE = Scope((("*", "CloudOne"), ("network", "CloudTwo")))


def request_id(number: int) -> str:
    return f"req-5c09ed00-0000-4000-8000-{number:012x}"


def test_a_restart_forgets_nothing_but_what_is_over(tmp_path: Path) -> None:
    now = [1000.0]
    first = Workflows(Journal(tmp_path / "journal"), lambda: now[0])
    first.remember(Workflow(request_id(1), SCOPE), USER, LIMITS)
    now[0] = 1050.0
    first.remember(Workflow(request_id(2), SCOPE), USER, LIMITS)
    now[0] = 1070.0
    again = Workflows(Journal(tmp_path / "journal"), lambda: now[0])
    assert (again.known(request_id(1)), again.known(request_id(2))) == (None, SCOPE)


def test_after_a_restart_each_workflow_is_still_its_owners(tmp_path: Path) -> None:
    first = Workflows(Journal(tmp_path / "journal"))
    first.remember(Workflow(request_id(1), SCOPE), USER, LIMITS)
    other = owner_of("CloudOne", "CloudTwo", "u1")
    for number in (2, 3, 4):
        first.remember(Workflow(request_id(number), SCOPE), other, LIMITS)
    again = Workflows(Journal(tmp_path / "journal"))
    again.remember(Workflow(request_id(5), SCOPE), USER, Memory(workflows=4, seconds=60, user=4, peer=4))
    assert [again.known(request_id(number)) for number in (1, 2, 3, 4, 5)] == [SCOPE, None, SCOPE, SCOPE, SCOPE]
    assert "u1" not in (tmp_path / "journal").read_text()


def test_a_journal_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text(f"{line('9999999999')}\n")
    assert Workflows(Journal(tmp_path / "journal")).known(request_id(2)) == Scope((("*", "CloudOne"),))


def test_a_workflow_that_goes_on_is_written_down_again_before_its_time_is_over(tmp_path: Path) -> None:
    now = [1000.0]
    first = Workflows(Journal(tmp_path / "journal"), lambda: now[0])
    for _ in range(12):
        first.remember(Workflow(request_id(1), SCOPE), USER, LIMITS)
        now[0] += 10
    assert 2 <= len((tmp_path / "journal").read_text().splitlines()) <= 5
    assert Workflows(Journal(tmp_path / "journal"), lambda: now[0]).known(request_id(1)) == SCOPE


def test_the_file_is_its_owners_and_does_not_grow_without_end(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    workflows = Workflows(Journal(path))
    for number in range(5000):
        workflows.remember(Workflow(request_id(number), SCOPE), USER, LIMITS)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_text().splitlines()) <= 2 * LIMITS.workflows + Journal.SLACK
    again = Workflows(Journal(path))
    assert [again.known(request_id(number)) for number in (4899, 4900, 4999)] == [SCOPE if Journal.SLACK else None, SCOPE, SCOPE]


def line(until: str) -> str:
    return f'["{request_id(2)}", "{{\\"*\\": \\"CloudOne\\"}}", {until}]'


@pytest.mark.parametrize(
    "rest",
    [
        *("[", "{}", '["req-x", "{}", 1]', '["a"]', "\x00", "[1, 2, 3]", '["x", "[]", 9e99]'),
        "[" * 20_000,
        *(line(until) for until in ("1" + "0" * 400, "1e999", "NaN", "-Infinity")),
    ],
)
def test_what_a_crash_left_is_passed_over(tmp_path: Path, rest: str) -> None:
    path = tmp_path / "journal"
    Workflows(Journal(path)).remember(Workflow(request_id(1), SCOPE), USER, LIMITS)
    with path.open("a") as file:
        file.write(rest)
    assert Workflows(Journal(path)).known(request_id(1)) == SCOPE


def test_a_file_that_cannot_be_written_is_said_once_and_fails_no_request(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    workflows = Workflows(Journal(tmp_path / "missing" / "journal"))
    for number in range(3):
        workflows.remember(Workflow(request_id(number), SCOPE), USER, LIMITS)
    assert workflows.known(request_id(2)) == SCOPE
    assert len(caplog.records) == 1
    assert "cannot be written: No such file or directory" in caplog.text


def test_what_is_written_behind_a_line_that_was_cut_short_is_read(tmp_path: Path) -> None:
    Workflows(Journal(tmp_path / "journal")).remember(Workflow(request_id(1), SCOPE), USER, LIMITS)
    with (tmp_path / "journal").open("a") as file:
        file.write('["req-5c')
    Workflows(Journal(tmp_path / "journal")).remember(Workflow(request_id(2), SCOPE), USER, LIMITS)
    again = Workflows(Journal(tmp_path / "journal"))
    assert [again.known(request_id(number)) for number in (1, 2)] == [SCOPE, SCOPE]


def test_after_a_restart_the_one_that_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    now = [1000.0]
    first = Workflows(Journal(tmp_path / "journal"), lambda: now[0])
    for number, when in ((1, 1000.0), (2, 1001.0), (1, 1040.0)):
        now[0] = when
        first.remember(Workflow(request_id(number), SCOPE), USER, LIMITS)
    again = Workflows(Journal(tmp_path / "journal"), lambda: now[0])
    again.remember(Workflow(request_id(3), SCOPE), USER, Memory(workflows=2, seconds=60, user=2))
    assert [again.known(request_id(number)) for number in (1, 2)] == [SCOPE, None]


def test_what_is_forgotten_stays_forgotten(tmp_path: Path) -> None:
    first = Workflows(Journal(tmp_path / "journal"))
    for number in (1, 2):
        first.remember(Workflow(request_id(number), SCOPE), USER, LIMITS)
    first.forget(Workflow(request_id(1), SCOPE))
    for workflows in (first, Workflows(Journal(tmp_path / "journal"))):
        assert [workflows.known(request_id(number)) for number in (1, 2)] == [None, SCOPE]
