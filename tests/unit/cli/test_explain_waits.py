# SPDX-License-Identifier: Apache-2.0
"""``openstackoid explain`` tells the timeouts of a service that has its own, as its page, docs/operate/timeouts.md, shows."""

import json
import re
import shlex
from pathlib import Path

import pytest

from documents import read
from openstackoid.cli import main

PAGE = read("operate/timeouts.md")
(MESH,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
((COMMAND, OUTPUT),) = re.findall(r"```console\n\$ (.*?)\n(.*?)```", PAGE, re.DOTALL)
PEER = "  CloudTwo: {services: {image: {frontend: http://two.example/image}}}\n"


@pytest.fixture(autouse=True)
def mesh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mesh.yaml").write_text(MESH + PEER)


def explained(capsys: pytest.CaptureFixture[str], *words: str, service: str = "image/v2/images") -> str:
    url = f"http://cloud-one.example/{service}"
    assert main(["explain", "--config", "mesh.yaml", "--at", "CloudOne", *words, "GET", url]) == 0
    return capsys.readouterr().out


def test_the_page_shows_the_output_of_its_command(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mesh.yaml").write_text(MESH)
    assert main(shlex.split(COMMAND)[1:]) == 0
    assert capsys.readouterr().out == OUTPUT


@pytest.mark.parametrize("scope", ["image=CloudTwo", "image=CloudOne|CloudTwo"])
def test_the_waits_hold_for_a_peers_service_too(scope: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert explained(capsys, "--scope", scope).endswith("waits   6h for the service, 6h for the client\n")


def test_a_service_without_its_own_and_a_refused_request_have_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert "waits" not in explained(capsys, service="compute/v2.1/servers")
    assert "waits" not in explained(capsys, "--scope", "{")


def test_json_has_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    said = json.loads(explained(capsys, "--format", "json", "--scope", "image=CloudOne|CloudTwo"))
    assert said["waits"] == {"server": 21600.0, "client": 21600.0}
    assert all("waits" not in turn for turn in said["turns"])
    Path("mesh.yaml").write_text(MESH.replace("{client: 6h, server: 6h}", "{server: 90}"))
    assert explained(capsys).endswith("waits   90s for the service, 1m for the client\n")
