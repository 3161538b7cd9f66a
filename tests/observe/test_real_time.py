# SPDX-License-Identifier: Apache-2.0
"""With rules and times as they are shipped, an alert names the culprit of a real fault within 15 seconds: it fires, or waits."""

import os
import signal
import time
from collections.abc import Iterator

import pytest

from observe.asking import asking
from observe.test_alerts import SCOPED
from observe.watching import PATIENCE, Key, Prometheus, wait_for
from unit.gateway.pair import PeerGateway
from unit.gateway.running import free_port
from waiting import until

WITHIN = 15.0

SERVICE: Key = ("OpenStackoidServiceDown", "CloudOne", "")
DESCRIPTION: Key = ("OpenStackoidPeerDescriptionDiffers", "CloudOne", "CloudTwo")
RELOAD: Key = ("OpenStackoidReloadFailed", "CloudTwo", "")
UNREACHABLE: Key = ("OpenStackoidPeerUnreachable", "CloudOne", "CloudTwo")
DOWN: Key = ("OpenStackoidDown", "CloudTwo", "")


@pytest.fixture
def prometheus(one: PeerGateway, two: PeerGateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    shipped = Prometheus(tmp_path_factory.mktemp("shipped"), {gateway.cloud: gateway.metrics for gateway in (one, two)})
    try:
        wait_for(shipped.port)
        yield shipped
    finally:
        shipped.process.terminate()
        shipped.process.wait(PATIENCE)


def named(prometheus: Prometheus, wanted: dict[Key, str]) -> None:
    """Wait until each alert has the state."""
    began, after = time.monotonic(), dict[str, float]()
    while len(after) < len(wanted):
        alerts = prometheus.alerts()
        for alert, state in wanted.items():
            if alert[0] not in after and (alert, state) in alerts:
                after[alert[0]] = time.monotonic() - began
        assert time.monotonic() - began < WITHIN, (wanted, after, alerts)
        time.sleep(0.2)
    print("observe: at real time:", ", ".join(f"{name} after {seconds:.1f} s" for name, seconds in after.items()), flush=True)


def test_alerts_name_the_culprits_in_time_by_the_rules_as_they_are(
    one: PeerGateway, two: PeerGateway, prometheus: Prometheus
) -> None:
    with asking(lambda: one.get("/image/v2/images", SCOPED)):
        until(
            lambda: (
                len(prometheus.answer("query", query='rate(openstackoid_requests_total{peer="CloudTwo"}[1m]) > 0')["result"]) > 0
            )
        )
        until(lambda: len(prometheus.answer("query", query="up == 1")["result"]) == 4)
        sound, reloads = two.config.read_text(), two.said().count("has reloaded")
        try:
            one.config.write_text(one.config.read_text().replace(f":{one.backend}/network", f":{free_port()}/network"))
            one.hang_up()
            two.config.write_text(f'{sound}  CloudNine:\n    services:\n      image: {{frontend: "https://127.0.0.1:9/image"}}\n')
            two.hang_up()
            two.wait_for("has reloaded", reloads + 1)
            two.config.write_text("mesh: 1\nclouds: {}\n")
            two.hang_up()
            named(prometheus, {SERVICE: "pending", DESCRIPTION: "pending", RELOAD: "firing"})
            part = two.parts()["bridge"].pid
            os.kill(part, signal.SIGSTOP)
            try:
                named(prometheus, {UNREACHABLE: "pending", DOWN: "pending"})
            finally:
                os.kill(part, signal.SIGCONT)
        finally:
            for gateway in (one, two):
                reloads = gateway.said().count("has reloaded")
                gateway.describe("")
                gateway.hang_up()
                gateway.wait_for("has reloaded", reloads + 1)
