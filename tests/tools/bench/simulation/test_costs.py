# SPDX-License-Identifier: Apache-2.0
"""Costs from a benchmark's results, from the document, and from files that are neither."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench.errors import BenchError
from bench.results import Part, Row
from bench.simulation import costs
from bench.simulation.costs import LEAVES, NONE, VALIDATE, VISITOR, WRITE, read_costs
from bench.spread import Spread


def results(folder: Path, *parts: Part) -> Path:
    path = folder / "results.json"
    path.write_text(json.dumps({"parts": {part.key: part.as_json() for part in parts}}))
    return path


def row(key: str, **figures: float) -> Row:
    return Row(key, key, {name: Spread.of([value / 2, value, value * 9]) for name, value in figures.items()})


def test_the_document_has_them_all() -> None:
    found = read_costs()
    assert set(found) == {NONE, LEAVES, WRITE, VISITOR, VALIDATE}
    assert {cost.source for cost in found.values()} == {"docs/understand/benchmarks.md"}
    assert all(1 < cost.haproxy_us < 1000 for cost in found.values())
    assert [kind for kind, cost in found.items() if cost.python_us] == [WRITE, VISITOR, VALIDATE]


def test_the_documents_last_table_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(costs, "DOCUMENT", tmp_path / "benchmarks.md")
    text = Path(__file__).parents[4].joinpath("docs/understand/benchmarks.md").read_text()
    newer = "\n| what | HAProxy, µs of CPU | Python, µs of CPU |\n| --- | ---: | ---: |\n| no scope | 1,234.50 (1 to 2) |  |\n"
    (tmp_path / "benchmarks.md").write_text(text + newer + "\n| no scope | 7 |\n")
    assert read_costs()[NONE].haproxy_us == 1234.5
    (tmp_path / "benchmarks.md").write_text(newer)
    message = r"docs/understand/benchmarks.md has no table with what is needed of 'a scope that leaves'"
    with pytest.raises(BenchError, match=message):
        read_costs()


def test_results_come_before_the_document(tmp_path: Path) -> None:
    routing = Part("routing", "", [row(NONE, cpu_us=1.5), row("plain", cpu_us=1.0), row(WRITE, cpu_us=2.5, bridge_us=3.5)])
    path = results(tmp_path, routing)
    found = read_costs(path)
    assert (found[NONE].haproxy_us, found[NONE].source) == (1.5, f"{tmp_path.name}/results.json")
    assert (found[WRITE].haproxy_us, found[WRITE].python_us) == (2.5, 3.5)
    assert found[VISITOR].source == "docs/understand/benchmarks.md", "the part was not measured"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "is not the results.json of a benchmark: Expecting"),
        ("[]", "it has not the form of one"),
        ("{}", "it has not the form of one"),
        ({"parts": {}}, "has no row of the parts routing and bridge that is needed: none, leaves, write, visitor, validate_cold"),
        ({"parts": {"routing": {"rows": [{"key": "none", "figures": {"cpu_us": 3}}]}}}, "it has not the form of one"),
        (
            {"parts": {"routing": {"rows": [{"key": "none", "figures": {"cpu_us": {"median": "much"}}}]}}},
            "none takes 'much' µs of CPU",
        ),
        ({"parts": {"routing": {"rows": [{"key": "none", "figures": {"cpu_us": {"median": -1}}}]}}}, "none takes -1 µs of CPU"),
        (
            {"parts": {"bridge": {"rows": [{"key": "visitor", "figures": {"cpu_us": {"median": 1}}}]}}},
            "it has not the form of one",
        ),
    ],
)
def test_a_file_that_is_no_results_is_one_clear_line(tmp_path: Path, content: Any, says: str) -> None:
    path = tmp_path / "costs.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(BenchError) as raised:
        read_costs(path)
    assert str(raised.value).startswith(f"--costs {path} ")
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "costs.json"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(BenchError, match=r"is not the results\.json of a benchmark"):
        read_costs(path)
