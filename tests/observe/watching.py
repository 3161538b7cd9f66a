# SPDX-License-Identifier: Apache-2.0
"""A Prometheus that reads gateways each second, or as it is shipped; an Alertmanager, and the receiver of its messages."""

import json
import re
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml

from observe.programs import ALERTMANAGER, FOLDER, PROMETHEUS
from unit.gateway.running import free_port

DEPLOY = Path(__file__).parents[2] / "deploy/prometheus"
RULES, SCRAPE, ALERTING = DEPLOY / "rules.yml", DEPLOY / "scrape.yml", DEPLOY / "alertmanager.yml"
DOCS = "https://git.example/openstackoid/blob/main/"
PATIENCE = 120.0
WINDOWS = {"5m": "5s", "10m": "10s", "15m": "30s", "30m": "8s", "1h": "8s", "6h": "12s"}
"""Each window of a rule, and a shorter one, which an error leaves within the test."""

Key = tuple[str, str, str]
"""An alert: its name, the cloud of the gateway (empty for all), and the peer (empty for none)."""


def shortened(rules: str) -> str:
    """Return rules without delays, with short windows, asked each second."""
    soon = re.sub(r"^( +)(for|interval): .*$", r"\1\2: 1s", rules, flags=re.MULTILINE)
    return re.sub(r"\[(\w+)\]", lambda match: f"[{WINDOWS[match[1]]}]", soon)


def key(labels: Mapping[str, str]) -> Key:
    return labels["alertname"], labels.get("cloud", ""), labels.get("peer", "")


class Prometheus:
    """``targets``: the address of each cloud's gateway for metrics. ``alertmanager``: the port of one.

    Without one, rules and times are those of deploy/prometheus.
    """

    def __init__(self, folder: Path, targets: Mapping[str, int], alertmanager: int | None = None) -> None:
        self.port = free_port()
        rules = RULES.read_text(encoding="utf-8")
        configuration = yaml.safe_load(SCRAPE.read_text(encoding="utf-8"))
        for job in configuration["scrape_configs"]:
            job["static_configs"] = [
                {"targets": [f"127.0.0.1:{port}"], "labels": {"cloud": cloud}} for cloud, port in targets.items()
            ]
            if alertmanager is not None:
                del job["scrape_interval"]
        configuration["global"] = {**configuration.get("global", {}), "external_labels": {"openstackoid_docs": DOCS}}
        configuration["rule_files"] = ["rules.yml"]
        if alertmanager is not None:
            configuration["global"] |= dict.fromkeys(("scrape_interval", "scrape_timeout", "evaluation_interval"), "1s")
            managers = [{"static_configs": [{"targets": [f"127.0.0.1:{alertmanager}"]}]}]
            configuration["alerting"] = {"alertmanagers": managers}
        (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration))
        (folder / "rules.yml").write_text(rules if alertmanager is None else shortened(rules))
        command = [str(PROMETHEUS), f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
        command += [f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=error", "--rules.alert.resend-delay=1s"]
        self.process = subprocess.Popen(command)

    def answer(self, path: str, **query: str) -> Any:
        """Return the data of an answer of its interface."""
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urlencode(query)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.loads(answer.read())["data"]

    def alerts(self) -> set[tuple[Key, str]]:
        """Return the alerts with their state, ``pending`` or ``firing``."""
        try:
            alerts = self.answer("alerts")["alerts"]
        except OSError:
            return set()
        return {(key(one["labels"]), one["state"]) for one in alerts}

    def firing(self) -> set[Key]:
        return {found for found, state in self.alerts() if state == "firing"}


class Receiver(ThreadingHTTPServer):
    """Receives Alertmanager's messages."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Webhook)
        self.messages: list[dict[str, Any]] = []


class _Webhook(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        self.server.messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""


def alertmanager(folder: Path, port: int, receiver: int) -> "subprocess.Popen[bytes]":
    """Start an Alertmanager that tells the receiver within seconds."""
    configuration = yaml.safe_load(ALERTING.read_text(encoding="utf-8"))
    configuration["route"] |= {"group_wait": "1s", "group_interval": "1s"}
    (webhook,) = configuration["receivers"][0]["webhook_configs"]
    webhook["url"] = f"http://127.0.0.1:{receiver}/"
    (folder / "alertmanager.yml").write_text(yaml.safe_dump(configuration))
    command = [str(ALERTMANAGER), f"--config.file={folder}/alertmanager.yml", f"--storage.path={folder}/alerts"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=", "--log.level=error"]
    return subprocess.Popen(command, cwd=FOLDER)


def wait_for(port: int) -> None:
    """Wait until a Prometheus or an Alertmanager is ready."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=10):
                return
        except OSError:
            assert time.monotonic() < until, port
            time.sleep(0.1)


class Watch:
    """What an operator sees: firing alerts, and messages."""

    def __init__(self, prometheus: Prometheus, receiver: Receiver) -> None:
        self.prometheus = prometheus
        self.receiver = receiver

    def wait_for(self, name: str, cloud: str = "CloudOne", peer: str = "") -> dict[str, Any]:
        """Wait until the alert fires, and return Alertmanager's message with it."""
        wanted, until = (name, cloud, peer), time.monotonic() + PATIENCE
        while wanted not in self.prometheus.firing() or (message := self._last(wanted, "firing")) is None:
            assert time.monotonic() < until, (wanted, self.prometheus.firing(), self.receiver.messages[-3:])
            time.sleep(0.2)
        return message

    def wait_for_the_end_of(self, name: str, cloud: str = "CloudOne", peer: str = "") -> None:
        """Wait until the alert has cleared, and Alertmanager has said so."""
        wanted, until = (name, cloud, peer), time.monotonic() + PATIENCE
        while wanted in self.prometheus.firing() or self._last(wanted, "resolved") is None:
            assert time.monotonic() < until, (wanted, self.prometheus.firing(), self.receiver.messages[-3:])
            time.sleep(0.2)

    def wait_for_silence(self, name: str, cloud: str = "CloudOne") -> None:
        """Wait until an alert of which Alertmanager tells nothing has cleared."""
        until = time.monotonic() + PATIENCE
        while (name, cloud, "") in self.prometheus.firing():
            assert time.monotonic() < until, self.prometheus.firing()
            time.sleep(0.2)

    def _last(self, wanted: Key, status: str) -> dict[str, Any] | None:
        """Return the last message with the alert, if that has the status."""
        for message in reversed(self.receiver.messages):
            for alert in message["alerts"]:
                if key(alert["labels"]) == wanted:
                    return message if alert["status"] == status else None
        return None


@contextmanager
def watching(folder: Path, targets: Mapping[str, int]) -> Iterator[Watch]:
    """Run the three for gateways."""
    receiver, port = Receiver(), free_port()
    thread = threading.Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    manager = alertmanager(folder, port, receiver.server_address[1])
    prometheus = Prometheus(folder, targets, port)
    try:
        for each in (prometheus.port, port):
            wait_for(each)
        yield Watch(prometheus, receiver)
    finally:
        for process in (prometheus.process, manager):
            process.terminate()
        for process in (prometheus.process, manager):
            process.wait(PATIENCE)
        receiver.shutdown()
        thread.join()
        receiver.server_close()
