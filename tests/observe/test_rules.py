# SPDX-License-Identifier: Apache-2.0
"""The rules hold: by promtool, by the pages, and by the metrics of a gateway that runs."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from faults.table import FAULTS
from observe.programs import AMTOOL, PROMTOOL
from observe.watching import ALERTING, RULES, SCRAPE
from openstackoid.bridge.upstream.kept_connections import FROM_THE_START
from unit.gateway.pair import PeerGateway
from waiting import until

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/operate/alerts.md"
METRIC = re.compile(r"\b((?:openstackoid|haproxy)_[a-z0-9_]+)\b")


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]


def alerts() -> list[dict[str, Any]]:
    return [rule for rule in rules() if "alert" in rule]


TESTS = [str(RULES.with_name(f"{name}.yml")) for name in ("rules_test", "rules_times_test")]


@pytest.mark.parametrize("words", [["check", "rules", str(RULES)], ["test", "rules", *TESTS]])
def test_promtool_accepts_the_rules_and_their_tests(words: list[str]) -> None:
    done = subprocess.run([PROMTOOL, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_has_a_section_of_the_page_and_a_test() -> None:
    names = [rule["alert"] for rule in alerts()]
    assert names == re.findall(r"^## (\w+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    tested = RULES.with_name("rules_test.yml").read_text(encoding="utf-8")
    assert [name for name in names if name not in tested] == []
    for rule in alerts():
        page = f"docs/operate/alerts.md#{rule['alert'].lower()}"
        assert rule["annotations"]["runbook_url"] == "{{ $externalLabels.openstackoid_docs }}" + page
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["labels"]["fault"] in ("gateway", "service", "peer")


def test_the_page_of_faults_has_the_delay_of_each_alert() -> None:
    page = (ROOT / "docs/operate/faults.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| (OpenStackoid\w+) \| ([\w ]+) \| .+ \|$", page, flags=re.MULTILINE)
    assert told == [(rule["alert"], rule.get("for", "at once")) for rule in alerts()]


def test_amtool_accepts_the_example_of_alertmanager() -> None:
    done = subprocess.run([AMTOOL, "check-config", str(ALERTING)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_example_of_scraping_is_that_of_the_page() -> None:
    example = SCRAPE.read_text(encoding="utf-8")
    assert example[example.index("scrape_configs:") :] in (ROOT / "docs/operate/metrics.md").read_text(encoding="utf-8")
    done = subprocess.run([PROMTOOL, "check", "config", str(SCRAPE)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_metric_of_a_rule_has_a_sample_in_a_scrape(one: PeerGateway) -> None:
    named = {name for rule in rules() for name in METRIC.findall(re.sub(r"openstackoid:\S+", "", rule["expr"]))}
    assert named
    assert named - told_by(one) == set()


def test_a_small_mesh_is_one_whose_peers_are_all_asked_for_each_scrape() -> None:
    (rule,) = (rule for rule in alerts() if rule["alert"] == "OpenStackoidPeerUnreachable")
    assert f"(openstackoid_mesh_clouds) <= {FROM_THE_START + 1}\n" in rule["expr"]


def test_each_recording_rule_is_asked_by_a_test_of_promtool_and_used_by_an_alert_or_named_in_the_page() -> None:
    recorded = [rule["record"] for rule in rules() if "record" in rule]
    cases = yaml.safe_load(RULES.with_name("rules_test.yml").read_text(encoding="utf-8"))["tests"]
    asked = {case["expr"] for test in cases for case in test.get("promql_expr_test", ())}
    assert [name for name in recorded if name not in asked] == []
    used = " ".join(rule["expr"] for rule in alerts()) + (ROOT / "docs/operate/metrics.md").read_text(encoding="utf-8")
    assert [name for name in recorded if name not in used] == []


def test_each_alert_fires_from_a_real_fault_in_a_test_and_clears() -> None:
    observed = Path(__file__).with_name("test_alerts.py").read_text(encoding="utf-8")
    fires = set(re.findall(r"watch\.wait_for\(\s*\"(\w+)\"", observed)) | set(
        re.findall(r'\("(\w+)", "CloudOne", ""\) in', observed)
    )
    clears = set(re.findall(r"watch\.wait_for_(?:the_end_of|silence)\(\s*\"(\w+)\"", observed))
    # tests/faults waits until each of its faults is named, and these are clear; tests/unit/test_faults_page.py holds it to that.
    of_faults = {fault.alert for fault in FAULTS if fault.clears}
    assert {rule["alert"] for rule in alerts()} - ((fires & clears) | of_faults) == set()


def told_by(gateway: PeerGateway) -> set[str]:
    """Return the names of the metrics with a sample in a scrape, after a use, a refusal, and an answer of the peer."""
    headers = {"X-Auth-Token": "tok", "X-Scope": '{"image": "CloudTwo"}'}
    assert gateway.get("/image/v2/images", headers)[0] == 200
    assert gateway.get("/image/v2/images", headers | {"X-Scope": '{"image": "CloudNine"}'})[0] == 400
    # This gateway has the token of a user of the peer validated there.
    (peer,) = (other for other in gateway.peers.values() if other is not gateway)
    assert peer.get("/image/v2/images", headers | {"X-Scope": json.dumps({"image": gateway.cloud})})[0] == 200
    until(lambda: "openstackoid_peer_clock_ahead_seconds{" in gateway.scrape())
    text = gateway.scrape() + gateway.scrape("/metrics")
    return set(re.findall(r"^([a-z_0-9]+)(?:\{| )", text, flags=re.MULTILINE))
