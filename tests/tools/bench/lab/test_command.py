# SPDX-License-Identifier: Apache-2.0
"""The command without a lab: its refusals, exit codes and output."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import bench
from bench.lab import __main__ as command
from bench.lab.goals import ACROSS, CHAIN, JUDGED, THROUGH
from bench.results import Part, Row
from bench.spread import Spread
from examples.session import NoLabError


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@contextmanager
def nothing(*_: object) -> Iterator[None]:
    yield None


def found(across: float) -> list[Part]:
    ratios = {THROUGH: Spread(1.0, 0.9, 1.1, 5)} | dict.fromkeys(
        (ACROSS, f"{ACROSS}_by_{CHAIN}"), Spread(across, across, across, 5)
    )
    return [Part(key, key, [Row(way, way, {"time_ratio": spread}) for way, spread in ratios.items()]) for key in JUDGED]


def run(monkeypatch: pytest.MonkeyPatch, output: Path, across: float) -> int:
    counted = [Part("calls", "Calls", []), Part("calls_images", "Kind by kind", [])]
    answers: dict[str, Any] = {
        "standing": nothing,
        "prepared": nothing,
        "describe": lambda _: {"date": "2026-01-01"},
        "measure": lambda *_: found(across),
        "count": lambda *_: counted,
    }
    for name, answer in answers.items():
        monkeypatch.setattr(command, name, answer)
    return command.main(["--rounds", "2", "--output", str(output)])


def test_goals_that_are_met_end_with_0(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, tmp_path / "x", 1.05) == 0
    results = json.loads((tmp_path / "x" / "results.json").read_text())
    assert {"machine", "options", "parts", "goals"} == set(results)
    assert results["options"] == {"rounds": 2}
    assert [goal["met"] for goal in results["goals"]] == [True] * 10
    assert results["goals"][0]["how_sure"] == "the limit lies within the spread"
    text = (tmp_path / "x" / "results.md").read_text()
    assert "| images: through | <= 1.02 | 1.000 | 0.900 to 1.100 | met | the limit lies within the spread |" in text
    assert "Kind by kind" in text
    assert "Kind by kind" not in capsys.readouterr().out


def test_a_goal_that_is_missed_ends_with_1_and_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, tmp_path, 1.2) == 1
    assert "missed: boot: across: time, ratio is 1.2; the goal is <= 1.1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            NoLabError("the lab 'x' has no CloudTwo", hint="so start it"),
            "bench-lab: the lab 'x' has no CloudTwo\n  so start it\n",
        ),
        (KeyboardInterrupt(), "bench-lab: interrupted; what it had made in the clouds is deleted\n"),
    ],
)
def test_a_failed_measurement_ends_with_2(
    error: BaseException, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def none(_: object) -> None:
        raise error

    monkeypatch.setattr(command, "standing", none)
    assert command.main(["--output", str(tmp_path)]) == 2
    assert capsys.readouterr().err == said


def test_unwritable_results_are_an_error_before_the_lab_starts(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--output", "/proc/nowhere"]) == 2
    assert capsys.readouterr().err.startswith("bench-lab: --output /proc/nowhere cannot be made: ")


def test_no_round_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        command.main(["--rounds", "0"])
    assert raised.value.code == 2
    assert "'0' is no number of 1 or more" in capsys.readouterr().err


def test_the_results_of_a_run_are_kept_beside_those_of_make_bench() -> None:
    assert Path(bench.__file__).parent / "results" == command._RESULTS
