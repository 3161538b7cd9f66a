# SPDX-License-Identifier: Apache-2.0
"""``openstackoid gateway check`` names the settings that a load balancer, a pair or an upgrade relies on."""

from pathlib import Path

import pytest

from documents import read
from openstackoid.cli import main
from openstackoid.cli.in_force import in_force
from openstackoid.mesh import parse_mesh

GATEWAY = """\
      trusted_proxies: [10.0.0.4, 10.0.0.5]
      proxy_protocol: ["cloud-one.example:80"]
      store: {url: "mysql://openstackoid@10.0.1.5/openstackoid", password: /etc/openstackoid/store-password}
      drain: {hold: 2, notice: 8}
"""
MESH = """\
mesh: 1
clouds:
  CloudOne:
    gateway:
      bind: 127.0.0.1
%s
    services:
      image:
        frontend: {public: "http://cloud-one.example/image", internal: "http://cloud-one.example/internal"}
        backend: "http://127.0.0.1:9292"
        timeouts: {client: 6h, server: 6h}
      compute: {frontend: "http://cloud-one.example/compute", backend: "http://127.0.0.1:8774"}
"""


def said(gateway: str) -> list[str]:
    return in_force(parse_mesh(MESH % gateway).clouds["CloudOne"])


def test_each_setting_has_a_line_as_the_page_shows() -> None:
    lines = said(GATEWAY)
    assert len(lines) == 4
    for line in lines:
        assert f"\nOK: {line.replace(':80', ':443')}\n" in read("operate/gateway.md")


@pytest.mark.parametrize(
    ("gateway", "line"),
    [
        ("      trusted_proxies: [10.0.0.0/24]", "a client's address is believed of the proxies 10.0.0.0/24"),
        ("      drain: {longest: 6h}", "a drain says 503, requests under way have 6h"),
        ("      drain: {notice: 1.5}", "a drain says 503 for 1500ms, requests under way have 5m"),
    ],
)
def test_parts_that_are_not_set_are_left_out(gateway: str, line: str) -> None:
    assert said(gateway)[0] == line


def test_defaults_have_no_line() -> None:
    assert said("") == ["image waits 6h for the service, 6h for the client"]
    plain = MESH.replace("        timeouts: {client: 6h, server: 6h}\n", "")
    assert in_force(parse_mesh(plain % "").clouds["CloudOne"]) == []


def test_check_prints_the_lines_without_the_password(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret = tmp_path / "password"
    secret.write_text("5ecret")
    secret.chmod(0o600)
    file = tmp_path / "mesh.yaml"
    file.write_text(MESH % GATEWAY.replace("/etc/openstackoid/store-password", str(secret)))
    assert main(["gateway", "check", "--cloud", "CloudOne", "--config", str(file)]) == 0
    shown = capsys.readouterr().out
    assert [line.removeprefix("OK: ") for line in shown.splitlines()[1:]] == said(GATEWAY)
    assert "5ecret" not in shown
    assert str(secret) not in shown
