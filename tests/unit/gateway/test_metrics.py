# SPDX-License-Identifier: Apache-2.0
"""A running gateway tells its metrics at an address of its own."""

import json
import os
import re
import signal
import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError

import pytest
from prometheus_client.parser import text_string_to_metric_families

from openstackoid.mesh import load_mesh, mesh_digest
from openstackoid.scope import join_token
from openstackoid.telemetry import OTHER
from openstackoid.telemetry.metrics import REASONS
from unit.gateway.running import Echo, Gateway, Server, free_port, serving, with_settings

ROOT = Path(__file__).parents[3]
TOKEN = "a-secret-token"  # the value of a header, which no metric holds
TRACED = {"X-OpenStack-Request-ID": "req-7472ace0-1111-2222-3333-444455556666"}
Found = dict[tuple[str, tuple[tuple[str, str], ...]], float]


class Measured(Gateway):
    """A gateway with a listener for metrics."""

    def __init__(self, folder: Path, port: int, backend: int) -> None:
        self.metrics = free_port()
        super().__init__(folder, port, backend)

    def describe(self, peer: str) -> None:
        super().describe(peer)
        self.config.write_text(with_settings(self.config.read_text(), f'metrics: "127.0.0.1:{self.metrics}"'))

    def scrape(self, path: str = "/metrics/gateway") -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics}{path}", timeout=30) as answer:
            assert answer.headers["Content-Type"].startswith("text/plain")
            return str(answer.read().decode())

    def values(self) -> Found:
        families = text_string_to_metric_families(self.scrape())
        return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}

    def value(self, metric: str, **labels: str) -> float:
        """Return the sum of the samples with these labels."""
        return sum(
            number for (name, told), number in self.values().items() if name == metric and labels.items() <= dict(told).items()
        )

    def wait_for_value(self, least: float, metric: str, **labels: str) -> None:
        until, found = time.monotonic() + 30, 0.0
        while found < least:
            assert time.monotonic() < until, self.scrape()
            time.sleep(0.1)
            # A Python service that has just begun tells them last.
            with suppress(HTTPError):
                found = self.value(metric, **labels)


class Service(Echo):
    """Reads the body of a GET, and knows no caller without a token."""

    def answer(self, body: bytes, kind: str | None = None) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.close_connection = "Transfer-Encoding" in self.headers
        if self.path == "/identity/v3/auth/tokens" and "X-Auth-Token" not in self.headers:
            self.send_response(401)
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            super().answer(body, kind)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measured]:
    with serving(Server(("127.0.0.1", 0), Service)) as backend:
        gateway = Measured(tmp_path_factory.mktemp("measured"), free_port(), backend)
        gateway.start()
        yield gateway
        gateway.stop()


def test_requests_of_haproxy_and_of_python_are_counted_once(measured: Measured) -> None:
    before = measured.value("openstackoid_requests_total")
    scoped = {"X-Auth-Token": TOKEN, "X-Scope": '{"image": "CloudOne"}'}
    for _ in range(3):
        assert measured.get("/image/v2/images")[0] == 200
    # Python answers the first, and teaches HAProxy the route of the second.
    assert [measured.get("/image/v2/images/x", scoped)[0] for _ in range(2)] == [200, 200]
    measured.wait_for_value(before + 5, "openstackoid_requests_total")
    assert measured.value("openstackoid_requests_total", route="local", service="image", code="200") >= 5
    assert measured.value("openstackoid_requests_total") == before + 5
    assert measured.value("openstackoid_request_duration_seconds_count", service="image", route="local") >= 5


def with_body(port: int, headers: dict[str, str], body: bytes) -> None:
    """Ask about a token with a body, and get an answer."""
    with socket.create_connection(("127.0.0.1", port), 30) as client:
        fields = "".join(f"{name}: {value}\r\n" for name, value in (headers | {"Connection": "close"}).items())
        client.sendall(f"GET /identity/v3/auth/tokens HTTP/1.1\r\nHost: h\r\n{fields}\r\n".encode())
        client.sendall(body)
        assert client.recv(100).startswith(b"HTTP/1.1 200 ")


def test_questions_about_tokens_are_counted_by_haproxys_time_of_the_answer(measured: Measured) -> None:
    headers = {"X-Auth-Token": TOKEN, "X-Subject-Token": TOKEN}
    assert [measured.get(path, headers)[0] for path in ("/identity/v3/users", "/identity/x/v3/auth/tokens")] == [200] * 2
    assert measured.get("/identity/v3/auth/tokens")[0] == 401
    for more in ({"Content-Length": "2"}, {"Transfer-Encoding": "chunked"}):
        body = b"{}" if "Content-Length" in more else b"2\r\n{}\r\n0\r\n\r\n"
        with_body(measured.port, headers | more, body)
    assert [
        measured.get("/identity/v3/auth/tokens", headers | more)[0] for more in ({}, {"X-Scope": '{"image": "CloudOne"}'}, TRACED)
    ] == [200] * 3
    measured.wait_for_value(3, "openstackoid_token_questions_recent")
    assert measured.value("openstackoid_token_questions_recent") == 3
    assert len(re.findall(r" answered=[0-9]+ ", measured.said())) == 3


def test_an_error_names_the_peer_at_fault(measured: Measured) -> None:
    scoped = {"X-Auth-Token": TOKEN, "X-Scope": '{"image": "CloudTwo"}'}
    assert measured.get("/image/v2/images", scoped)[0] == 503
    measured.wait_for_value(1, "openstackoid_errors_total", by="peer", peer="CloudTwo", service="image")
    assert measured.value("openstackoid_errors_total", by="gateway") == 0
    measured.wait_for_value(1, "openstackoid_uses_total", direction="out", peer="CloudTwo", outcome="failed")


def test_a_refusal_has_a_reason(measured: Measured) -> None:
    assert measured.get("/image/v2/images", {"X-Scope": "{"})[0] == 400
    measured.wait_for_value(1, "openstackoid_refusals_total", reason="malformed")


def test_a_dead_part_a_bad_reload_and_the_description_are_told(measured: Measured) -> None:
    os.kill(measured.parts()["bridge"].pid, signal.SIGKILL)
    measured.wait_for("the Python service of CloudOne runs again")
    measured.wait_for_value(1, "openstackoid_part_restarts_total", part="python")
    assert measured.value("openstackoid_config_last_reload_successful") == 1
    good = measured.config.read_text()
    measured.config.write_text("mesh: 1\nclouds: {}\n")
    measured.hang_up()
    measured.wait_for("goes on with the description that it has")
    assert measured.value("openstackoid_config_last_reload_successful") == 0
    measured.config.write_text(good)
    measured.hang_up()
    measured.wait_for_value(1, "openstackoid_config_last_reload_successful")
    assert measured.value("openstackoid_mesh_info", hash=mesh_digest(load_mesh(measured.config))) == 1
    assert measured.value("openstackoid_mesh_clouds") == 2
    assert json.loads((measured.state / "supervised.json").read_text())["reload"]["fault"] is None


def test_the_page_has_each_metric(measured: Measured) -> None:
    page = (ROOT / "docs/operate/metrics.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `(openstackoid_\w+)` \|", page, flags=re.MULTILINE))
    told = set(re.findall(r"^# TYPE (\S+)", measured.scrape(), flags=re.MULTILINE))
    assert documented == told
    reasons = set(REASONS.values()) | {OTHER}
    assert set(re.findall(r"`(\w+)`", re.findall(r"^\| `reason` \|(.*)", page, flags=re.MULTILINE)[0])) == reasons


def test_haproxys_own_metrics_are_beside(measured: Measured) -> None:
    text = measured.scrape("/metrics")
    assert "haproxy_process_dropped_logs_total" in text
    assert 'haproxy_server_current_queue{proxy="bridge",server="bridge"}' in text


def test_no_metric_holds_a_secret_and_the_listener_has_no_other_page(measured: Measured) -> None:
    guest = join_token(TOKEN, '{"*": "CloudTwo"}')
    measured.get("/image/v2/images?user=ada", {"X-Auth-Token": guest, "X-Scope": '{"image": "CloudOne"}'})
    text = measured.scrape() + measured.scrape("/metrics")
    assert TOKEN not in text
    assert "ada" not in text
    for path in ("/", "/image/v2/images", "/metrics/gateway/x"):
        with pytest.raises(HTTPError) as error:
            measured.scrape(path)
        assert error.value.code == 404
        error.value.close()


def test_users_reach_no_metrics(measured: Measured) -> None:
    assert measured.get("/metrics")[0] == 404
    assert measured.get("/.openstackoid/metrics")[0] == 404


def test_without_an_address_nothing_listens(gateway: Gateway) -> None:
    ports = {one.laddr.port for part in gateway.haproxies() for one in part.net_connections("tcp") if one.status == "LISTEN"}
    assert ports == {gateway.port}
