# SPDX-License-Identifier: Apache-2.0
"""The two programs of a gateway, each started by hand: together they do all that ``gateway run`` does but the supervision."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import psutil
import pytest

from openstackoid.bridge.haproxy_log import QUEUE
from openstackoid.cli import main
from unit.gateway.apart import Apart, apart
from waiting import until


@pytest.fixture(scope="module")
def gateway() -> Iterator[Apart]:
    with TemporaryDirectory(prefix="oid-") as folder:
        (Path(folder) / "state").mkdir(mode=0o700)
        with apart(Path(folder)) as running:
            yield running


def test_requests_are_served_by_haproxy_and_by_python(gateway: Apart) -> None:
    assert gateway.get("/image/v2/images") == (200, "/image/v2/images")
    scope = {"X-Auth-Token": "t", "X-Scope": '{"image":"CloudTwo"}'}
    assert gateway.get("/image/v2/images/i/file", scope) == (200, "/image/v2/images/i/file")
    status, body = gateway.get("/image/v2/images", {"X-Auth-Token": "t", "X-Scope": '{"image":"CloudTen"}'})
    assert (status, "CloudTen" in body) == (400, True)


def test_the_log_is_shown_redacted(gateway: Apart) -> None:
    gateway.get("/image/v2/images/%73ecret?token=hidden")
    gateway.wait_for(" haproxy 127.0.0.1 GET /image/v2/images/... -> ")
    assert "hidden" not in gateway.said()


def test_a_request_that_leaves_is_in_the_audit_log(gateway: Apart) -> None:
    request_id = f"req-{uuid4()}"
    headers = {"X-Auth-Token": "t", "X-Scope": '{"image":"CloudTwo"}', "X-OpenStack-Request-Id": request_id}
    assert gateway.get("/image/v2/images/i/file", headers)[0] == 200
    audit = gateway.state / "audit.log"
    until(lambda: audit.exists() and request_id in audit.read_text())
    (line,) = [json.loads(text) for text in audit.read_text().splitlines() if request_id in text]
    assert (line["direction"], line["cloud"], line["service"], line["status"]) == ("out", "CloudTwo", "image", 200)


def test_a_trace_holds_requests_that_haproxy_routed_alone(gateway: Apart) -> None:
    request_id = f"req-7472ace0-{str(uuid4()).partition('-')[2]}"
    gateway.get("/image/v2/images", {"X-OpenStack-Request-Id": request_id})
    until(lambda: '"status": 200' in json.dumps(gateway.page(f"/.openstackoid/trace/{request_id}")))


def test_the_health_of_services_is_known(gateway: Apart) -> None:
    until(lambda: '"health": "up"' in json.dumps(gateway.page("/.openstackoid/mesh")))


def losses(gateway: Apart) -> list[int]:
    """Return the counts of lost lines in the audit log."""
    audit = gateway.state / "audit.log"
    lines = [json.loads(line) for line in audit.read_text().splitlines()] if audit.exists() else []
    return [line["count"] for line in lines if line["outcome"] == "lost"]


def test_lines_that_haproxy_has_lost_are_on_the_page_and_in_the_audit_log(gateway: Apart) -> None:
    page = gateway.page("/.openstackoid/mesh")
    assert isinstance(page, dict)
    assert (page["audit"]["state"], page["audit"]["lost"]) == ("up", {"haproxy": 0, "audit": 0, "syslog": 0})
    (reader,) = psutil.Process(gateway.bridge.pid).children()
    reader.suspend()
    try:
        # One more than the socket holds, and more.
        for _ in range(int(QUEUE.read_text()) + 20):
            assert gateway.get("/image/v2/images")[0] == 200
    finally:
        reader.resume()
    # HAProxy may log its last requests a moment after their answers.
    until(lambda: sum(losses(gateway)) >= 15)
    counts = losses(gateway)
    page = gateway.page("/.openstackoid/mesh")
    assert isinstance(page, dict)
    assert page["audit"]["lost"]["haproxy"] == sum(counts)
    gateway.wait_for(f"HAProxy has lost {counts[0]} lines of its log")
    assert main(["audit", "verify", str(gateway.state / "audit.log")]) == 0


def test_a_second_service_on_the_same_folder_is_refused_in_words(gateway: Apart) -> None:
    options = ["--cloud", "CloudOne", "--config", str(gateway.config), "--state-dir", str(gateway.state)]
    command = [sys.executable, "-m", "openstackoid", "bridge", "run", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "the gateway of CloudOne runs already" in done.stderr) == (1, True)
    assert "Traceback" not in done.stderr


def test_a_second_supervisor_on_the_folder_does_not_disturb_the_first(gateway: Apart) -> None:
    options = ["--cloud", "CloudOne", "--config", str(gateway.config), "--state-dir", str(gateway.state)]
    command = [sys.executable, "-m", "openstackoid", "gateway", "run", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "the gateway of CloudOne runs already" in done.stderr) == (1, True)
    names = {path.name.removesuffix(".sock") for path in gateway.state.glob("*.sock")}
    assert names == {"bridge", "haproxy", "drain", "upstream", "records", "log", "handover", "metrics", "turns"}


def test_a_service_that_cannot_start_leaves_no_socket(tmp_path: Path) -> None:
    (tmp_path / "mesh.yaml").write_text("mesh: 2\n")
    with TemporaryDirectory(prefix="oid-") as state:
        options = ["--cloud", "CloudOne", "--config", str(tmp_path / "mesh.yaml"), "--state-dir", state]
        command = [sys.executable, "-m", "openstackoid", "bridge", "run", *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, "mesh.yaml:1:7: mesh: Input should be 1" in done.stderr) == (1, True)
        assert not [*Path(state).glob("*.sock")]


def test_a_changed_description_is_read_after_sighup(gateway: Apart) -> None:
    before = gateway.config.read_text()
    gateway.config.write_text(before + '  CloudThree:\n    services:\n      image: {frontend: "http://127.0.0.1:9/image"}\n')
    os.kill(gateway.bridge.pid, signal.SIGHUP)
    gateway.wait_for("the mesh was read again: 3 clouds")
    gateway.config.write_text(before)
    os.kill(gateway.bridge.pid, signal.SIGHUP)
    gateway.wait_for("the mesh was read again: 2 clouds")
