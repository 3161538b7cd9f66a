# SPDX-License-Identifier: Apache-2.0
"""The whole command on real HAProxy, with durations that say nothing of speed: that it measures all that it is to measure."""

import json
import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from bench.__main__ import PARTS, main
from bench.bridge_refusals import BRIDGE_REFUSALS
from bench.goals import GOALS
from bench.load import find_wrk
from bench.refusals import REFUSALS
from bench.revocation import BOUND

ROWS = {
    "routing": {"plain", "none", "request_id", "stays", "stays_2", "stays_8", "leaves", "ports_none", "write"},
    "tls": {"plain", "none", "stays", "plain_leaves", "leaves", "plain_anew", "none_anew"},
    "yardstick": {f"{way}_{size}" for way in ("lua", "talks", "plain", "stays") for size in (2, 10, 100)},
    "latency": {f"{way}_{load}" for way in ("direct", "plain", "none", "stays", "leaves") for load in ("one", "half")},
    "bodies": {f"{way}_{place}" for way in ("up", "down") for place in ("plain", "local", "remote", "bridge")},
    "scale": {"2", "3"},
    "bridge": {"validate_local", "validate_cold", "validate_again", "visitor", "write"},
    "abuse": {"alone", "slow", "tokens", "reads", "guests", "scopes", "ids"},
    "composition": {f"{way}_{clouds}" for way in ("stream", "links", "pages", "images") for clouds in (2, 8)}
    | {"http_2", "http_8", "slowest", "at_once_2", "at_once_8", "alone", "first", "otherwise"},
    "refusals": {refusal.key for refusal in (*REFUSALS, *BRIDGE_REFUSALS)},
    "metrics": {"local", "remote", "guest", "mixed", "write"},
}
FIGURES = {
    "routing": {"rate", "cpu_us", "busy", "failed"},
    "tls": {"rate", "cpu_us", "busy", "failed"},
    "yardstick": {"rate", "cpu_us", "busy", "failed"},
    "latency": {"p50_us", "p99_us", "p999_us"},
    "bodies": {"mb_s", "cpu_s_gb", "grown_mb"},
    "scale": {
        "haproxy_start_s",
        "start_s",
        "start_again_s",
        "python_mb",
        "memory_mb",
        "rate",
        "idle_busy",
        "change_s",
        "change_failed",
    },
    "bridge": {"rate", "cpu_us", "failed"},
    "abuse": {"rate", "p50_us", "p99_us", "failed"},
    "composition": set(),
    "refusals": set(),
    "metrics": {"cpu_ratio", "request_us", "counting_us"},
}

pytestmark = pytest.mark.timeout(900)
"""The first test waits for all measurements, which a busy machine makes slow."""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    output = tmp_path_factory.mktemp("bench") / "results"
    code = main(["--rounds", "1", "--seconds", "0.05", "--body", "1", "--clouds", "2,3", "--output", str(output)])
    assert code != 2, "bench said above what it lacks; `make test` installs wrk"
    assert sorted(path.name for path in output.iterdir()) == ["results.json", "results.md", "results.svg"]
    ElementTree.parse(output / "results.svg")
    result: dict[str, Any] = json.loads((output / "results.json").read_text())
    assert code == (1 if any(goal["verdict"] == "missed" for goal in result["goals"]) else 0)
    return result


@pytest.mark.parametrize("part", PARTS)
def test_each_part_has_its_rows_and_each_row_its_figures(found: dict[str, Any], part: str) -> None:
    rows = {row["key"]: row for row in found["parts"][part]["rows"]}
    assert ROWS[part] <= set(rows)
    for key in ROWS[part]:
        assert FIGURES[part] <= set(rows[key]["figures"]), (key, rows[key]["note"])
        assert rows[key]["note"] == ""


def test_each_refusal_has_the_figure_of_its_goal(found: dict[str, Any]) -> None:
    rows = {row["key"]: set(row["figures"]) for row in found["parts"]["refusals"]["rows"]}
    long = {refusal.key for refusal in REFUSALS if refusal.long}
    assert rows == {key: {"long_refusal_us" if key in long else "refusal_us"} for key in ROWS["refusals"]}


def test_each_part_says_how_long_it_took(found: dict[str, Any]) -> None:
    assert all(part["seconds"] > 0 for part in found["parts"].values())
    assert all(f"{key} {part['seconds']:.0f} s" in found["machine"]["duration"] for key, part in found["parts"].items())


def test_the_python_service_is_told_apart_from_haproxy(found: dict[str, Any]) -> None:
    rows = {row["key"]: row["figures"] for row in found["parts"]["routing"]["rows"]}
    assert rows["write"]["bridge_us"]["median"] > 0
    assert "bridge_us" not in rows["stays"]


def test_routes_that_haproxy_is_taught_have_a_cost(found: dict[str, Any]) -> None:
    rows = {
        row["key"]: row["figures"]["cpu_us"]["median"]
        for row in found["parts"]["bridge"]["rows"]
        if row["key"].startswith("taught")
    }
    assert set(rows) == {"taught_room", "taught_known", "taught_full"}
    assert min(rows.values()) > 0


def test_routing_is_judged_by_instructions_and_not_by_rates(found: dict[str, Any]) -> None:
    rows = {row["key"]: row["figures"] for row in found["parts"]["routing"]["rows"]}
    for key, baseline in {"none": "plain", "stays": "plain", "leaves": "plain", "guest": "stays"}.items():
        ratio = rows[key]["instructions"]["median"] / rows[baseline]["instructions"]["median"]
        assert rows[key]["instructions_ratio"]["median"] == pytest.approx(ratio)
        assert rows[key]["rate_ratio"]["count"] == 1
    judged = [said["goal"] for said in found["goals"] if said["goal"].startswith("routing: ")]
    assert [goal for goal in judged if ": rate, ratio" in goal or ": CPU, ratio" in goal] == []


def test_without_valgrind_one_line_says_so_and_routing_is_not_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "wrk").symlink_to(find_wrk())
    monkeypatch.setenv("PATH", str(tmp_path))
    code = main(["routing", "--rounds", "1", "--seconds", "0.05", "--output", str(tmp_path / "results")])
    said = capsys.readouterr().out
    assert "valgrind is not installed: instructions are not counted, and routing is not judged." in said
    assert (code, "instructions, ratio" in said) == (0, False)


def test_composition_measures_lists_and_requests(found: dict[str, Any]) -> None:
    rows = {row["key"]: set(row["figures"]) for row in found["parts"]["composition"]["rows"]}
    lists = {key for key in rows if key.startswith(("stream", "links", "pages", "images"))}
    assert all({"items_rate", "grown_mb"} <= rows[key] for key in lists)
    through = {"http_2", "http_8"}
    assert all(rows[key] == {"items_s", "items_rate", "grown_mb"} for key in through)
    ratios = {"at_once_2", "at_once_8", "first", "otherwise"}
    assert {key for key in rows if "took_ms" in rows[key]} == ratios | {"slowest", "alone"} == rows.keys() - lists - through
    assert {key for key in rows if "time_ratio" in rows[key]} == ratios


def test_a_revoked_token_is_let_in_until_the_bound_and_not_longer(found: dict[str, Any]) -> None:
    rows = {row["key"]: row["figures"] for row in found["parts"]["bridge"]["rows"]}
    assert 0.5 * BOUND < rows["revocation"]["let_in_s"]["median"] <= BOUND


def test_a_whole_handshake_has_a_figure_of_its_own(found: dict[str, Any]) -> None:
    rows = {row["key"]: row["figures"] for row in found["parts"]["tls"]["rows"]}
    assert [key for key in rows if "handshake_us" in rows[key]] == ["plain_anew", "none_anew"]


def test_the_goals_are_those_of_the_table(found: dict[str, Any]) -> None:
    measured = {part: {row["key"] for row in content["rows"]} for part, content in found["parts"].items()}
    named = [goal for goal in GOALS if goal.row in measured.get(goal.part, ())]
    assert len(named) >= 7
    for goal in named:
        assert any(said["goal"].startswith(f"{goal.part}: {goal.row}: ") for said in found["goals"]), goal


def test_the_machine_is_described(found: dict[str, Any]) -> None:
    assert {"date", "processor", "kernel", "versions", "pinned", "not pinned", "noise"} <= set(found["machine"])


def test_a_missing_load_generator_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert main(["routing", "--output", str(tmp_path)]) == 2
    assert "bench: the load generator wrk is not installed\n  apt-get install wrk" in capsys.readouterr().err


@pytest.mark.parametrize("argv", [["speed"], ["--clouds", "1"], ["--rounds", "0"], ["--seconds", "0"]])
def test_unaccepted_options_are_refused(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(argv)
    assert raised.value.code == 2
    said = capsys.readouterr().err
    assert argv[-1] in said or "--seconds" in os.fspath(argv[0])
    assert "_positive" not in said and "_sizes" not in said, "a name of ours means nothing to a reader"


def test_unwritable_results_are_an_error_before_measuring(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["routing", "--output", "/proc/nowhere"]) == 2
    assert capsys.readouterr().err.startswith("bench: --output /proc/nowhere cannot be made: ")
