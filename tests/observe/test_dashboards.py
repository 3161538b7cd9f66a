# SPDX-License-Identifier: Apache-2.0
"""The dashboards hold: their structure, their queries by promtool, and by a Prometheus that reads gateways."""

import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from scripts.dashboards import DASHBOARDS, FOLDER, SCHEMA_VERSION, dashboard

from observe.asking import asking
from observe.programs import PROMTOOL
from observe.test_alerts import SCOPED, TOKEN
from observe.test_rules import METRIC, ROOT, told_by
from observe.watching import Watch
from unit.gateway.pair import PeerGateway

PAGE = ROOT / "docs/operate/dashboards.md"
VARIABLES = {
    "$__rate_interval": "5m",
    '"$cloud"': '".+"',
    '"$peer"': '".+"',
}
EMPTY = {"overview: Alerts", "peers: Errors of the peers"}
"""The panels without a value where nothing is wrong."""
PATIENCE = 30.0
"""Seconds in which each query has a value."""

KINDS, UNITS = {"stat", "table", "timeseries"}, {"short", "s", "reqps", "percent", "percentunit", "Bps"}


def panels(name: str) -> list[dict[str, Any]]:
    return [*json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))["panels"]]


def queries() -> Iterator[tuple[str, str]]:
    """Yield the title of each panel and each of its expressions, with values in the place of variables."""
    for name in DASHBOARDS:
        for panel in panels(name):
            for target in panel["targets"]:
                expression = target["expr"]
                for variable, value in VARIABLES.items():
                    expression = expression.replace(variable, value)
                yield f"{name}: {panel['title']}", expression


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_file_is_what_the_command_writes(name: str) -> None:
    assert json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")) == dashboard(name)


@pytest.mark.parametrize("name", DASHBOARDS)
def test_the_structure_is_that_of_grafana(name: str) -> None:
    told = dashboard(name)
    assert told["uid"] == f"openstackoid-{name}"
    assert told["schemaVersion"] == SCHEMA_VERSION
    assert "id" not in told
    variables = {one["name"]: one for one in told["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    assert set(variables) == {"datasource", "cloud"} | ({"peer"} if name == "peers" else set())
    for panel in told["panels"]:
        assert panel["type"] in KINDS
        assert panel["title"] and panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
        letters = [target["refId"] for target in panel["targets"]]
        assert letters and len(set(letters)) == len(letters)
        for target in panel["targets"]:
            used = set(re.findall(r"\$(\w+)", target["expr"])) - {"__rate_interval"}
            assert used <= set(variables)
    # No datasource but the chosen one.
    assert set(re.findall(r'"uid": "([^"]*)"', json.dumps(told))) == {told["uid"], "${datasource}"}


@pytest.mark.parametrize("name", DASHBOARDS)
def test_panels_have_places_of_their_own(name: str) -> None:
    assert len({panel["id"] for panel in panels(name)}) == len(panels(name))
    places = [panel["gridPos"] for panel in panels(name)]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        apart = (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        )
        assert apart, (one, other)


def test_promtool_reads_each_query(tmp_path: Path) -> None:
    rules = [{"record": f"panel:{number}", "expr": expression} for number, (_, expression) in enumerate(queries())]
    file = tmp_path / "panels.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    done = subprocess.run([PROMTOOL, "check", "rules", "--lint=none", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_metric_of_a_panel_and_of_a_variable_has_a_sample_in_a_scrape(one: PeerGateway) -> None:
    told = told_by(one)
    asked = [variable["definition"] for name in DASHBOARDS for variable in dashboard(name)["templating"]["list"][1:]]
    asked += [expression for _, expression in queries()]
    named = {name for expression in asked for name in METRIC.findall(expression)}
    assert named
    assert named - told == set()


def samples(watch: Watch, expression: str) -> list[Any]:
    told = watch.prometheus.answer("query", query=expression)
    assert told["resultType"] == "vector", expression
    return list(told["result"])


def test_a_prometheus_has_a_sample_for_each_query(one: PeerGateway, two: PeerGateway, watch: Watch) -> None:
    several = {**TOKEN, "X-Scope": '{"image": "CloudTwo | CloudOne"}'}
    told_by(one)
    with ExitStack() as stack:
        for gateway, headers in ((one, SCOPED), (one, several), (two, {**TOKEN, "X-Scope": '{"image": "CloudOne"}'})):
            stack.enter_context(asking(partial(gateway.get, "/image/v2/info/stores", headers)))
        limit = time.monotonic() + PATIENCE
        while empty := {title for title, expression in queries() if not samples(watch, expression)} - EMPTY:
            assert time.monotonic() < limit, empty
            time.sleep(0.5)
    assert {title for title, _ in queries()} >= EMPTY
    named = watch.prometheus.answer("label/cloud/values", **{"match[]": "openstackoid_build_info"})
    assert named == ["CloudOne", "CloudTwo"]


def test_the_page_has_each_dashboard() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)\.json` \|", page, flags=re.MULTILINE) == list(DASHBOARDS)
    for file in sorted((FOLDER / "provisioning").iterdir()):
        assert yaml.safe_load(file.read_text(encoding="utf-8"))["apiVersion"] == 1
        assert f"deploy/grafana/provisioning/{file.name}" in page
