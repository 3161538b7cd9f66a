# SPDX-License-Identifier: Apache-2.0
"""The rules hold: by promtool, by the pages, and by the metrics of a gateway that runs."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from observe.programs import AMTOOL, PROMTOOL
from observe.watching import ALERTING, RULES, SCRAPE
from unit.gateway.pair import PeerGateway

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/operate/alerts.md"
METRIC = re.compile(r"\b((?:openstackoid|haproxy)_[a-z0-9_]+)\b")


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]


def alerts() -> list[dict[str, Any]]:
    return [rule for rule in rules() if "alert" in rule]


@pytest.mark.parametrize("words", [["check", "rules", str(RULES)], ["test", "rules", str(RULES.with_name("rules_test.yml"))]])
def test_promtool_accepts_the_rules_and_their_tests(words: list[str]) -> None:
    done = subprocess.run([PROMTOOL, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_has_a_section_of_the_page_and_a_test() -> None:
    names = [rule["alert"] for rule in alerts()]
    assert names == re.findall(r"^## (\w+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    tested = RULES.with_name("rules_test.yml").read_text(encoding="utf-8")
    assert [name for name in names if name not in tested] == []
    for rule in alerts():
        assert rule["annotations"]["runbook_url"] == f"docs/operate/alerts.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["labels"]["fault"] in ("gateway", "service", "peer")


def test_amtool_accepts_the_example_of_alertmanager() -> None:
    done = subprocess.run([AMTOOL, "check-config", str(ALERTING)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_example_of_scraping_is_that_of_the_page() -> None:
    example = SCRAPE.read_text(encoding="utf-8")
    assert example[example.index("scrape_configs:") :] in (ROOT / "docs/operate/metrics.md").read_text(encoding="utf-8")
    done = subprocess.run([PROMTOOL, "check", "config", str(SCRAPE)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_metric_of_a_rule_is_in_a_scrape(one: PeerGateway) -> None:
    assert one.get("/image/v2/images", {"X-Auth-Token": "tok", "X-Scope": '{"image": "CloudTwo"}'})[0] == 200
    named = {name for rule in rules() for name in METRIC.findall(re.sub(r"openstackoid:\S+", "", rule["expr"]))}
    assert named
    assert named - told_by(one) == set()


def told_by(gateway: PeerGateway) -> set[str]:
    """Return the names of the metrics in a scrape; a family without a sample has a line of its type."""
    text = gateway.scrape() + gateway.scrape("/metrics")
    return set(re.findall(r"^(?:# TYPE )?([a-z_0-9]+)(?:\{| )", text, flags=re.MULTILINE))
