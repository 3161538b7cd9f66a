# SPDX-License-Identifier: Apache-2.0
"""Alerts fire from real faults of a gateway that runs, in a real Prometheus, and clear."""

import json
import os
import re
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from observe.programs import PROMETHEUS
from observe.test_rules import RULES
from openstackoid.certs import issue, make_authority
from unit.gateway.running import Gateway, free_port, service, with_settings
from unit.gateway.test_metrics import Measured

PATIENCE = 120.0
SCOPED = {"X-Auth-Token": "tok", "X-Scope": '{"image": "CloudTwo"}'}


class Certified(Measured):
    """A gateway with a certificate that ends in ten days, for a peer."""

    def describe(self, peer: str) -> None:
        super().describe(peer)
        folder = self.config.parent / "certificates"
        if not folder.exists():
            make_authority(folder)
            issue(folder, "CloudOne", ["127.0.0.1"], 10)
        files = f'{{certificate: "{folder}/CloudOne.pem", authority: "{folder}/authority.pem"}}'
        text = self.config.read_text().replace("http://127.0.0.1:9/", "https://127.0.0.1:9/")
        self.config.write_text(with_settings(text, f"tls: {files}"))


class Prometheus:
    """A Prometheus that reads a gateway each second, with the rules without their delays."""

    def __init__(self, folder: Path, target: int) -> None:
        self.port = free_port()
        targets = f'static_configs: [{{targets: ["127.0.0.1:{target}"]}}]'
        jobs = [("openstackoid", "/metrics/gateway"), ("openstackoid-haproxy", "/metrics")]
        scrape = "".join(f"  - {{job_name: {name}, metrics_path: {path}, {targets}}}\n" for name, path in jobs)
        times = "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\n"
        (folder / "prometheus.yml").write_text(f"{times}rule_files: [rules.yml]\nscrape_configs:\n{scrape}")
        soon = re.sub(r"^( +)for: .*$", r"\1for: 1s", RULES.read_text(encoding="utf-8"), flags=re.MULTILINE)
        # Windows that an error leaves within the test; a part dies a few times in the longest.
        soon = soon.replace("[15m]", "[60s]")
        (folder / "rules.yml").write_text(re.sub(r"\[(5|10|30)m\]|\[[16]h\]", "[15s]", soon))
        command = [str(PROMETHEUS), f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
        command += [f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn"]
        self.process = subprocess.Popen(command)

    def firing(self) -> set[tuple[str, str]]:
        """Return the names of the alerts that fire, each with the part at fault."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/alerts", timeout=10) as answer:
                alerts = json.loads(answer.read())["data"]["alerts"]
        except OSError:
            return set()
        return {(one["labels"]["alertname"], one["labels"]["fault"]) for one in alerts if one["state"] == "firing"}

    def wait_for(self, name: str, fault: str, *, fires: bool = True) -> None:
        until = time.monotonic() + PATIENCE
        while ((name, fault) in self.firing()) is not fires:
            assert time.monotonic() < until, (name, fires, self.firing())
            time.sleep(0.3)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measured]:
    with service() as backend:
        gateway = Certified(tmp_path_factory.mktemp("alarmed"), free_port(), backend)
        gateway.start()
        yield gateway
        gateway.stop()


@pytest.fixture(scope="module")
def prometheus(gateway: Measured, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    running = Prometheus(tmp_path_factory.mktemp("prometheus"), gateway.metrics)
    yield running
    running.process.terminate()
    running.process.wait(PATIENCE)


def test_a_certificate_of_ten_days_is_a_warning(prometheus: Prometheus) -> None:
    prometheus.wait_for("OpenStackoidCertificateEnds", "gateway")
    assert ("OpenStackoidCertificateEndsSoon", "gateway") not in prometheus.firing()


def test_a_cut_peer_is_the_peers_fault(gateway: Measured, prometheus: Prometheus) -> None:
    until = time.monotonic() + PATIENCE
    while ("OpenStackoidPeerUnreachable", "peer") not in prometheus.firing():
        assert gateway.get("/image/v2/images", SCOPED)[0] == 503
        assert time.monotonic() < until, prometheus.firing()
        time.sleep(0.3)
    assert not {name for name, _ in prometheus.firing()} & {"OpenStackoidErrorsFast", "OpenStackoidDown"}
    prometheus.wait_for("OpenStackoidPeerUnreachable", "peer", fires=False)


def test_a_stopped_part_is_the_gateways_fault(gateway: Measured, prometheus: Prometheus) -> None:
    part = gateway.parts()["bridge"].pid
    os.kill(part, signal.SIGSTOP)
    try:
        prometheus.wait_for("OpenStackoidDown", "gateway")
    finally:
        os.kill(part, signal.SIGCONT)
    prometheus.wait_for("OpenStackoidDown", "gateway", fires=False)


def test_a_part_that_dies_again_and_again_flaps(gateway: Measured, prometheus: Prometheus) -> None:
    said = gateway.said().count("the Python service of CloudOne runs again")
    for number in range(1, 6):
        os.kill(gateway.parts()["bridge"].pid, signal.SIGKILL)
        gateway.wait_for("the Python service of CloudOne runs again", said + number)
        time.sleep(1)
    prometheus.wait_for("OpenStackoidPartFlaps", "gateway")
    prometheus.wait_for("OpenStackoidPartFlaps", "gateway", fires=False)


def test_a_broken_description_is_told(gateway: Gateway, prometheus: Prometheus) -> None:
    good = gateway.config.read_text()
    gateway.config.write_text("mesh: 1\nclouds: {}\n")
    gateway.hang_up()
    prometheus.wait_for("OpenStackoidReloadFailed", "gateway")
    gateway.config.write_text(good)
    gateway.hang_up()
    prometheus.wait_for("OpenStackoidReloadFailed", "gateway", fires=False)


def test_a_dead_backend_is_the_services_fault(gateway: Gateway, prometheus: Prometheus) -> None:
    good = gateway.config.read_text()
    gateway.config.write_text(good.replace(f":{gateway.backend}/image", f":{free_port()}/image"))
    gateway.hang_up()
    prometheus.wait_for("OpenStackoidServiceDown", "service")
    gateway.config.write_text(good)
    gateway.hang_up()
    prometheus.wait_for("OpenStackoidServiceDown", "service", fires=False)
