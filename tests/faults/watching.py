# SPDX-License-Identifier: Apache-2.0
"""A Prometheus with the rules of deploy/prometheus, made sixty times faster, ``openstackoid status``, and a console."""

import json
import re
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from faults.now_view import NowView, console
from faults.table import Fault
from observe.programs import PROMETHEUS
from openstackoid.cli import main
from openstackoid.gateway.status import TITLES
from openstackoid.telemetry import GATEWAY
from unit.gateway.running import free_port

RULES = Path(__file__).parents[2] / "deploy/prometheus/rules.yml"

FACTOR = 60
"""The factor by which all durations of the rules are shorter in the tests, with a scrape each two seconds."""

WITHIN = 15.0
"""Seconds in which status, view and alert name the culprit."""

PATIENCE = 90.0
"""Seconds in which they clear: a part that has died again and again is down for a minute."""

_PAUSE = 0.3
_UNITS = {"s": 1, "m": 60, "h": 3600}


def scaled(rules: str) -> str:
    """Return rules with each ``for``, interval and window divided by the factor, and at least a second."""

    def shorter(match: "re.Match[str]") -> str:
        return f"{match[1]}{max(1, int(match[2]) * _UNITS[match[3]] // FACTOR)}s{match[4]}"

    text = re.sub(r"^( +(?:for|interval): )(\d+)([smh])()$", shorter, rules, flags=re.MULTILINE)
    # A busy machine takes longer than the scaled quarter of an hour to restart a part four times.
    return re.sub(r"(\[)(\d+)([smh])(\])", shorter, text.replace("[15m]", "[60m]"))


class Prometheus:
    """Reads the metrics of the gateway of CloudOne at ``port``."""

    def __init__(self, folder: Path, port: int) -> None:
        self._port = free_port()
        targets = f'static_configs: [{{targets: ["127.0.0.1:{port}"], labels: {{cloud: CloudOne}}}}]'
        jobs = [("openstackoid", "/metrics/gateway"), ("openstackoid-haproxy", "/metrics")]
        scrape = "".join(f"  - {{job_name: {name}, metrics_path: {path}, {targets}}}\n" for name, path in jobs)
        times = "global: {scrape_interval: 2s, scrape_timeout: 2s, evaluation_interval: 1s}\n"
        (folder / "prometheus.yml").write_text(f"{times}rule_files: [rules.yml]\nscrape_configs:\n{scrape}")
        (folder / "rules.yml").write_text(scaled(RULES.read_text(encoding="utf-8")))
        command = [str(PROMETHEUS), f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
        command += [f"--web.listen-address=127.0.0.1:{self._port}", "--log.level=error"]
        self.process = subprocess.Popen(command)

    def firing(self) -> list[dict[str, str]]:
        """Return the labels of the alerts that fire."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/api/v1/alerts", timeout=10) as answer:
                alerts = json.loads(answer.read())["data"]["alerts"]
        except OSError:
            return []
        return [one["labels"] for one in alerts if one["state"] == "firing"]


class Night:
    """The sources of the person who is woken: status, alerts and view *Now* of the gateway of CloudOne."""

    def __init__(self, config: Path, state: Path, prometheus: Prometheus, view: NowView) -> None:
        self._words = ["status", "--json", "--cloud", "CloudOne", "--config", str(config), "--state-dir", str(state)]
        self._prometheus = prometheus
        self._view = view

    def status(self) -> dict[str, Any]:
        """Return the answer of ``openstackoid status --json``."""
        told = StringIO()
        with redirect_stdout(told):
            code = main(self._words)
        return {"code": code, **json.loads(told.getvalue() or "{}")}

    def told(self, fault: Fault) -> bool:
        """Return whether the status names the culprit with detail and remedy."""
        status = self.status()
        if {"of": fault.of, "name": fault.name} not in status.get("at_fault", ()):
            return False
        item = next(item for item in status["items"] if (item["of"], item["name"]) == fault.culprit)
        return fault.says in item["detail"] and fault.todo in item["todo"]

    def shown(self, fault: Fault) -> bool:
        """Return whether the view *Now* names the culprit with detail and remedy, and its first line no other owner."""
        shown = self._view.shown(*fault.culprit)
        if shown is None or fault.says not in shown.text or fault.todo not in shown.todo:
            return False
        others = [title for of, title in TITLES.items() if of != fault.of]
        return f"{TITLES[fault.of]} ({fault.name})" in shown.first and not any(f"{title} (" in shown.first for title in others)

    def alerted(self, fault: Fault) -> bool:
        """Return whether the alert names the culprit."""
        wanted = {"alertname": fault.alert, "fault": fault.of, **fault.labels}
        return any(wanted.items() <= labels.items() for labels in self._prometheus.firing())

    def owners(self) -> set[str]:
        """Return the owners of all that status and alerts name."""
        return {item["of"] for item in self.status().get("at_fault", ())} | {
            labels["fault"] for labels in self._prometheus.firing()
        }

    def named(self, fault: Fault) -> None:
        """Check that each names the culprit in time, status and view with the remedy, and that they name no other owner."""
        began, after = time.monotonic(), dict[str, float]()
        sources = {"status": self.told, "view": self.shown, "alert": self.alerted}
        while len(after) < len(sources):
            for source, names in sources.items():
                if source not in after and names(fault):
                    after[source] = time.monotonic() - began
            assert time.monotonic() - began < WITHIN, (
                fault,
                after,
                self.status(),
                self._view.shown(*fault.culprit),
                self._prometheus.firing(),
            )
            time.sleep(_PAUSE)
        assert self.owners() == {fault.of}, (fault, self.status(), self._prometheus.firing())
        print(
            f"faults: {fault.row}: {', '.join(f'{source} after {seconds:.1f} s' for source, seconds in after.items())}",
            flush=True,
        )

    def cleared(self, fault: Fault) -> None:
        """Wait until none of them says so, and all is well but for faults of the gateway that went before."""
        began = time.monotonic()
        while self.told(fault) or self.alerted(fault) or self.shown(fault) or self.owners() - ({fault.of} & {GATEWAY}):
            assert time.monotonic() - began < PATIENCE, (fault, self.status(), self._prometheus.firing())
            time.sleep(_PAUSE)
        print(f"faults: {fault.row}: clear after {time.monotonic() - began:.1f} s", flush=True)

    def quiet(self) -> None:
        """Wait until nothing is at fault and no alert fires."""
        until = time.monotonic() + PATIENCE
        while self.status().get("at_fault") != [] or self._prometheus.firing():
            assert time.monotonic() < until, (self.status(), self._prometheus.firing())
            time.sleep(_PAUSE)


@contextmanager
def watching(folder: Path, port: int, config: Path, state: Path) -> Iterator[Night]:
    """Watch the gateway with this port for metrics, description and state folder."""
    prometheus = Prometheus(folder, port)
    try:
        with console(folder, config, state) as view:
            yield Night(config, state, prometheus, view)
    finally:
        prometheus.process.terminate()
        prometheus.process.wait(PATIENCE)
