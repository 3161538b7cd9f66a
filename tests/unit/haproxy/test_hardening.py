# SPDX-License-Identifier: Apache-2.0
"""The bounds in the configuration, which HAProxy accepts; tests/conformance/test_hostile_* show their effect."""

import subprocess
from pathlib import Path

import pytest

from openstackoid.haproxy import Runtime, compile_gateway
from openstackoid.haproxy.binary import find_haproxy
from openstackoid.mesh import parse_mesh

TEXT = """
mesh: 1
clouds:
  One:
    gateway: {limits: {limits}}
    services: {image: {frontend: "http://127.0.0.1:8080/image", backend: "http://127.0.0.1:9000"}}
  Two:
    services: {image: {frontend: "http://127.0.0.1:8081/image"}}
"""


def compiled(limits: str) -> dict[str, str]:
    mesh = parse_mesh(TEXT.replace("{limits}", limits))
    return compile_gateway(mesh, "One", Runtime.of("/run"))


def test_by_default_connections_and_the_places_of_the_bridge_are_bounded_and_so_is_each_source() -> None:
    text = compiled("{}")["haproxy.cfg"]
    assert "    maxconn 10000\n" in text
    assert "    server bridge unix@/run/bridge.sock maxconn 452\n" in text
    assert "    server unaccepted unix@/run/bridge.sock maxconn 48\n" in text
    assert "    timeout queue 5000ms\n" in text
    assert "    tcp-request connection reject if { sc0_conn_cur gt 1000 }\n" in text
    assert "    http-request tarpit deny_status 429 if { sc0_http_req_rate gt 50000 }\n" in text


def test_the_limits_of_a_source_can_be_turned_off() -> None:
    assert "sc0_conn_cur" not in compiled("{source_connections: null}")["haproxy.cfg"]
    assert "sc0_http_req_rate" not in compiled("{source_requests: null}")["haproxy.cfg"]
    assert "sc0" not in compiled("{source_connections: null, source_requests: null}")["haproxy.cfg"]


@pytest.mark.parametrize(
    ("limits", "lines"),
    [
        (
            "{connections: 100, bridge: 7, wait: 0.5}",
            ["maxconn 100\n", "server bridge unix@/run/bridge.sock maxconn 6\n", "timeout queue 500ms\n"],
        ),
        ("{source_connections: 9}", ["reject if { sc0_conn_cur gt 9 }", "track-sc0 src,ipmask(32,64)\n"]),
        (
            "{source_requests: 5}",
            ["tarpit deny_status 429 if { sc0_http_req_rate gt 50 }", "http-error status 429 ", "hdr Retry-After 10 "],
        ),
        (
            "{source_requests: 5, exempt: [10.0.0.1, fd00::/8]}",
            ["track-sc0 src,ipmask(32,64) if !is_exempt\n", "acl is_exempt src 10.0.0.1/32 fd00::/8\n"],
        ),
    ],
)
def test_limits_of_the_operator_are_in_the_configuration(limits: str, lines: list[str], tmp_path: Path) -> None:
    files = compiled(limits)
    for line in lines:
        assert line in files["haproxy.cfg"]
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    haproxy = find_haproxy()
    command = [str(haproxy.path), "-c", "-f", str(tmp_path / "haproxy.cfg")]
    done = subprocess.run(command, env=haproxy.environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
