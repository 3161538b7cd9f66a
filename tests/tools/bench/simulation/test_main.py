# SPDX-License-Identifier: Apache-2.0
"""The command: its files, its exit codes."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bench.simulation import __main__ as command
from bench.simulation.__main__ import main
from bench.simulation.assumptions import Assumptions

SMALL = replace(Assumptions(), sites=60, gateways=5, partners=4, hours=2, mtbf_h=9, runs=20)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "Assumptions", lambda: SMALL)


@pytest.mark.usefixtures("small")
def test_a_run_leaves_its_tables_its_seed_and_its_assumptions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seed", "3", "--output", str(tmp_path / "results")]) == 0
    found = json.loads((tmp_path / "results" / "simulation.json").read_text())
    assert found["seed"] == 3
    assert found["assumptions"]["sites"] == 60
    assert {"costs", "workflows", "seen", "memory", "checks", "guests"} <= set(found["tables"])
    assert "### Workflows while all is well" in (tmp_path / "results" / "simulation.md").read_text()
    assert "Workflows while all is well" in capsys.readouterr().out
    assert main(["--seed", "3", "--output", str(tmp_path / "again")]) == 0
    assert json.loads((tmp_path / "again" / "simulation.json").read_text()) == found


@pytest.mark.usefixtures("small")
def test_costs_of_a_run_are_used_and_named(tmp_path: Path) -> None:
    rows = [{"key": "leaves", "figures": {"cpu_us": {"median": 77.0}}}]
    (tmp_path / "results.json").write_text(json.dumps({"parts": {"routing": {"rows": rows}}}))
    assert main(["--costs", str(tmp_path / "results.json"), "--output", str(tmp_path)]) == 0
    text = (tmp_path / "simulation.md").read_text()
    assert f"| a scope that leaves | 77.0 |  | {tmp_path.name}/results.json |" in text
    assert "| docs/understand/benchmarks.md |" in text


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--costs", "/nowhere.json", "simulate: --costs /nowhere.json cannot be read: No such file or directory\n"),
        ("--output", "/proc/nowhere", "simulate: --output /proc/nowhere cannot be made: "),
    ],
)
def test_an_unusable_option_is_one_line_and_exit_code_2(
    option: str, value: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([option, value]) == 2
    said = capsys.readouterr().err
    assert said.startswith(says)
    assert said.count("\n") == 1


def test_a_bad_costs_file_is_one_line_and_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.json").write_text("not JSON")
    assert main(["--costs", str(tmp_path / "bad.json"), "--output", str(tmp_path / "results")]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"simulate: --costs {tmp_path / 'bad.json'} is not the results.json of a benchmark: ")
    assert said.count("\n") == 1
    assert not (tmp_path / "results").exists(), "nothing is made before the costs are known"


@pytest.mark.usefixtures("small")
def test_a_document_is_filled_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keys = ("run", "assumptions", "costs", "distances", "workflows", "seen", "memory", "checks", "guests")
    page = tmp_path / "page.md"
    page.write_text("".join(f"<!-- {key} -->\n<!-- end of {key} -->\n" for key in keys))
    assert main(["--document", str(page), "--output", str(tmp_path)]) == 0
    assert "    python -m bench.simulation --seed 1\n" in page.read_text()
    assert "| sites | 60 |" in page.read_text()
    page.write_text("nothing")
    assert main(["--document", str(page), "--output", str(tmp_path)]) == 2
    assert "has no place for 'run'" in capsys.readouterr().err
