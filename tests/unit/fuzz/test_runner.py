# SPDX-License-Identifier: Apache-2.0
"""A defect is found, made small, told once, and can be tried again."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from fuzz import __main__ as command
from fuzz.findings import Findings, input_of
from fuzz.runner import Attempts, Outcome, fuzz
from fuzz.target import Target, pure


def broken(text: str) -> None:
    assert "ab" not in text, "no ab"
    if text.count("c") > 2:
        raise KeyError(text)


TARGET = Target("broken", "finds", st.text("abc", max_size=12), pure(broken), short=1)


def found(tmp_path: Path, inputs: int) -> tuple[Findings, Outcome]:
    findings, outcome = Findings("broken", tmp_path), Outcome("broken")
    fuzz(TARGET, Attempts(broken, findings, outcome), 1, inputs, lambda: None)
    return findings, outcome


def test_each_kind_is_told_once_by_its_smallest_input(tmp_path: Path) -> None:
    findings, outcome = found(tmp_path, 1500)
    assert sorted(input_of(path) for path in findings.kinds.values()) == ["ab", "ccc"]
    assert {kind.partition(" in ")[0] for kind in findings.kinds} == {"AssertionError", "KeyError"}
    assert outcome.tried >= 1500


def test_a_time_that_is_over_ends_it(tmp_path: Path) -> None:
    findings, outcome = Findings("broken", tmp_path), Outcome("broken")
    fuzz(TARGET, Attempts(broken, findings, outcome, until=0.0), 1, None, lambda: None)
    assert (outcome.tried, findings.kinds) == (0, {})


def test_a_failure_seen_once_is_kept(tmp_path: Path) -> None:
    failed: list[str] = []

    def once(text: str) -> None:
        if not failed:
            failed.append(text)
            raise ValueError("a race")

    findings = Findings("broken", tmp_path)
    fuzz(TARGET, Attempts(once, findings, Outcome("broken")), 1, 20, lambda: None)
    assert [input_of(path) for path in findings.kinds.values()] == failed


class TestCommand:
    @pytest.fixture(autouse=True)
    def _in_a_folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(command, "TARGETS", (TARGET,))
        monkeypatch.setattr(command, "named", {"broken": TARGET}.__getitem__)
        monkeypatch.setattr(command, "FOLDER", tmp_path / "found")

    def test_findings_end_it_with_1_and_are_tried_again(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert command.main(["--seconds", "1", "--seed", "1", "--unguided"]) == 1
        said = capsys.readouterr().out
        assert "seed 1;" in said
        files = sorted((tmp_path / "found").glob("*.txt"))
        assert files
        assert all(f"--repeat {file}" in said for file in files)
        with pytest.raises((AssertionError, KeyError)):
            command.main(["--repeat", str(files[0])])

    def test_a_run_without_findings_ends_with_0(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        sound = Target("sound", "holds", st.text(), pure(lambda given: None), short=1)
        monkeypatch.setattr(command, "TARGETS", (sound,))
        assert command.main(["--seconds", "0.2", "--unguided"]) == 0
        assert [line for line in capsys.readouterr().out.splitlines() if line.startswith("│ sound")]

    def test_a_target_that_there_is_not(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert command.main(["scop"]) == 2
        assert capsys.readouterr().err == "fuzz: unknown target 'scop'; known: broken\n"


def test_an_input_is_read_as_it_was_written(tmp_path: Path) -> None:
    given: Any = (b"\r\n\x00\xff", "é\ud800", None, ("a", {"b": 10**400}))
    path = Findings("odd", tmp_path).add(given, ValueError("x\ny"))
    assert input_of(path) == given
