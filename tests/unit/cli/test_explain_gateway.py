# SPDX-License-Identifier: Apache-2.0
"""``openstackoid explain`` tells the settings of the gateway that gets a request, as docs/operate/gateway.md shows."""

import json
from pathlib import Path

import pytest

from documents import read
from openstackoid.cli import main
from openstackoid.cli.in_force import in_force
from openstackoid.mesh import load_mesh

GATEWAY = """\
    gateway:
      tls:
        certificate: /etc/openstackoid/CloudOne.pem
        authority: /etc/openstackoid/authority.pem
        users: [/etc/openstackoid/users]
      trusted_proxies: [10.0.0.4, 10.0.0.5]
      proxy_protocol: ["cloud-one.example:443"]
      store: {url: "mysql://openstackoid@10.0.1.5/openstackoid", password: /etc/openstackoid/store-password}
      drain: {hold: 2, notice: 8}
"""
MESH = """\
mesh: 1
clouds:
  CloudOne:
%s
    services:
      image: {frontend: "https://cloud-one.example/image", backend: "http://127.0.0.1:9292"}
  CloudTwo: {services: {image: {frontend: "https://cloud-two.example/image"}}}
"""


@pytest.fixture
def mesh(tmp_path: Path) -> Path:
    file = tmp_path / "mesh.yaml"
    file.write_text(MESH % GATEWAY)
    return file


def explained(mesh: Path, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    url = "https://cloud-one.example/image/v2/images"
    assert main(["explain", "--config", str(mesh), "--at", "CloudOne", *words, "GET", url]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("scope", ["image=CloudOne", "image=CloudTwo", "image=CloudOne|CloudTwo"])
def test_the_page_shows_the_settings(scope: str, mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = explained(mesh, capsys, "--scope", scope)
    assert said.count("\ngateway ") == 1
    settings = f"gateway {said.partition(f'{chr(10)}gateway ')[2]}"
    assert f"\n```\n{settings}```\n" in read("operate/gateway.md")
    assert "store-password" not in said


def test_json_has_the_lines_of_check(mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    users, *others = json.loads(explained(mesh, capsys, "--format", "json"))["gateway"]
    assert users == "users meet a certificate of /etc/openstackoid/users, peers that of /etc/openstackoid/CloudOne.pem"
    assert others == in_force(load_mesh(mesh).clouds["CloudOne"])


def test_a_refused_request_and_a_gateway_without_settings_have_none(mesh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "gateway" not in json.loads(explained(mesh, capsys, "--format", "json", "--scope", "{"))
    mesh.write_text(MESH % "    gateway: {unbound_tokens: true}")
    assert "gateway" not in json.loads(explained(mesh, capsys, "--format", "json"))
