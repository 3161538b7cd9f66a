# SPDX-License-Identifier: Apache-2.0
"""Each alert fires from a real fault of a gateway that runs, reaches the person on call, and clears."""

import os
import signal
import sqlite3
import time
from contextlib import ExitStack
from functools import partial

from observe.asking import PAUSE, asking
from observe.watching import DOCS, Watch
from openstackoid.certs import issue
from unit.gateway.pair import PeerGateway
from unit.gateway.running import free_port
from waiting import until

TOKEN = {"X-Auth-Token": "tok"}
SCOPED = {**TOKEN, "X-Scope": '{"image": "CloudTwo"}'}
WRITES = {**TOKEN, "X-Scope": '{"network": "CloudTwo"}'}


def test_nothing_fires_where_nothing_is_wrong(one: PeerGateway, watch: Watch) -> None:
    until = time.monotonic() + 30
    while len(watch.prometheus.answer("query", query="up == 1")["result"]) < 4:
        assert time.monotonic() < until
        time.sleep(0.2)
    for _ in range(10):
        assert one.get("/image/v2/images", SCOPED)[0] == 200
        time.sleep(PAUSE)
    assert watch.prometheus.firing() == set()


def test_certificates_that_end_are_a_warning_and_then_urgent(one: PeerGateway, two: PeerGateway, watch: Watch) -> None:
    for gateway, days in ((one, 10), (two, 2)):
        issue(gateway.certificates, gateway.cloud, ["127.0.0.1"], days, renew=True)
    watch.wait_for("OpenStackoidCertificateEnds")
    watch.wait_for("OpenStackoidCertificateEndsSoon", "CloudTwo")
    assert ("OpenStackoidCertificateEndsSoon", "CloudOne", "") not in watch.prometheus.firing()
    for gateway in (one, two):
        issue(gateway.certificates, gateway.cloud, ["127.0.0.1"], 100, renew=True)
    watch.wait_for_the_end_of("OpenStackoidCertificateEnds")
    watch.wait_for_the_end_of("OpenStackoidCertificateEndsSoon", "CloudTwo")


def test_a_peer_that_is_gone_is_named_with_its_page(one: PeerGateway, two: PeerGateway, watch: Watch) -> None:
    two.stop()
    with asking(lambda: one.get("/image/v2/images", SCOPED)):
        message = watch.wait_for("OpenStackoidPeerUnreachable", "CloudOne", "CloudTwo")
        watch.wait_for("OpenStackoidDown", "CloudTwo")
    # One message for the culprit, apart from that about the other gateway.
    assert message["groupLabels"] == {"cloud": "CloudOne", "fault": "peer", "peer": "CloudTwo"}
    (alert,) = message["alerts"]
    assert alert["annotations"]["runbook_url"] == f"{DOCS}docs/operate/alerts.md#openstackoidpeerunreachable"
    assert alert["annotations"]["summary"] == "Of requests and questions to CloudTwo, 100% fail there or on the way"
    assert not {name for name, cloud, _ in watch.prometheus.firing() if cloud == "CloudOne"} & {
        "OpenStackoidErrorsFast",
        "OpenStackoidErrorsSlow",
        "OpenStackoidDown",
    }
    two.start()
    watch.wait_for_the_end_of("OpenStackoidPeerUnreachable", "CloudOne", "CloudTwo")
    watch.wait_for_the_end_of("OpenStackoidDown", "CloudTwo")


def test_a_part_that_hangs_is_the_gateways_fault(one: PeerGateway, watch: Watch) -> None:
    part = one.parts()["bridge"].pid
    os.kill(part, signal.SIGSTOP)
    try:
        message = watch.wait_for("OpenStackoidDown")
    finally:
        os.kill(part, signal.SIGCONT)
    assert message["groupLabels"] == {"cloud": "CloudOne", "fault": "gateway"}
    watch.wait_for_the_end_of("OpenStackoidDown")


def test_a_broken_description_is_told(one: PeerGateway, watch: Watch) -> None:
    one.config.write_text("mesh: 1\nclouds: {}\n")
    one.hang_up()
    watch.wait_for("OpenStackoidReloadFailed")
    one.describe("")
    one.hang_up()
    watch.wait_for_the_end_of("OpenStackoidReloadFailed")


def test_descriptions_that_differ_are_told(two: PeerGateway, watch: Watch) -> None:
    text = two.config.read_text()
    two.config.write_text(f'{text}  CloudThree:\n    services:\n      image: {{frontend: "https://127.0.0.1:9/image"}}\n')
    two.hang_up()
    watch.wait_for("OpenStackoidDescriptionsDiffer", "")
    two.describe("")
    two.hang_up()
    watch.wait_for_the_end_of("OpenStackoidDescriptionsDiffer", "")


def test_a_dead_backend_is_the_services_fault(one: PeerGateway, watch: Watch) -> None:
    one.config.write_text(one.config.read_text().replace(f":{one.backend}/image", f":{free_port()}/image"))
    one.hang_up()
    message = watch.wait_for("OpenStackoidServiceDown")
    assert message["groupLabels"] == {"cloud": "CloudOne", "fault": "service"}
    one.describe("")
    one.hang_up()
    watch.wait_for_the_end_of("OpenStackoidServiceDown")


def test_an_audit_log_that_cannot_be_written_is_told(one: PeerGateway, watch: Watch) -> None:
    log = one.state / "audit.log"
    assert one.get("/image/v2/images", SCOPED)[0] == 200
    log.rename(log.with_name("before"))
    log.mkdir()
    try:
        with asking(lambda: one.get("/image/v2/images", SCOPED)):
            watch.wait_for("OpenStackoidAuditLost")
    finally:
        log.rmdir()
        log.with_name("before").rename(log)
    watch.wait_for_the_end_of("OpenStackoidAuditLost")


def test_a_locked_store_burns_the_budget_of_errors(one: PeerGateway, watch: Watch) -> None:
    assert one.send("POST", "/network/v2.0/ports", WRITES)[0] == 200
    database = sqlite3.connect(one.state / "store.sqlite", isolation_level=None)
    database.execute("BEGIN EXCLUSIVE")
    try:
        with asking(lambda: one.send("POST", "/network/v2.0/ports", WRITES)), asking(lambda: one.get("/image/v2/images")):
            watch.wait_for("OpenStackoidErrorsFast")
            assert ("OpenStackoidErrorsSlow", "CloudOne", "") in watch.prometheus.firing()
    finally:
        database.execute("ROLLBACK")
        database.close()
    watch.wait_for_the_end_of("OpenStackoidErrorsFast")
    watch.wait_for_silence("OpenStackoidErrorsSlow")
    assert ("OpenStackoidPeerUnreachable", "CloudOne", "CloudTwo") not in watch.prometheus.firing()


def test_a_slow_peer_fills_the_python_service(one: PeerGateway, watch: Watch) -> None:
    with ExitStack() as stack:
        for number in range(8):
            # Tokens that no Keystone has accepted yet have some of the places.
            headers = {**WRITES, "X-Auth-Token": f"tok{number}"}
            stack.enter_context(asking(partial(one.send, "POST", "/network/v2.0/slow", headers)))
        watch.wait_for("OpenStackoidPythonFull")
    watch.wait_for_the_end_of("OpenStackoidPythonFull")


def test_a_part_that_is_killed_once_is_told(one: PeerGateway, watch: Watch) -> None:
    # A rise is seen from a scrape on.
    restarts = 'openstackoid_part_restarts_total{cloud="CloudOne"}'
    until(lambda: len(watch.prometheus.answer("query", query=restarts)["result"]) == 2)
    said = one.said().count("HAProxy of CloudOne runs again")
    os.kill(one.parts()["haproxy"].pid, signal.SIGKILL)
    one.wait_for("HAProxy of CloudOne runs again", said + 1)
    watch.wait_for("OpenStackoidPartDied")
    assert ("OpenStackoidPartFlaps", "CloudOne", "") not in watch.prometheus.firing()
    watch.wait_for_the_end_of("OpenStackoidPartDied")


def test_a_part_that_dies_again_and_again_flaps(one: PeerGateway, watch: Watch) -> None:
    said = one.said().count("the Python service of CloudOne runs again")
    for number in range(1, 5):
        os.kill(one.parts()["bridge"].pid, signal.SIGKILL)
        one.wait_for("the Python service of CloudOne runs again", said + number)
        time.sleep(1)
    watch.wait_for("OpenStackoidPartFlaps")
    watch.wait_for_the_end_of("OpenStackoidPartFlaps")
