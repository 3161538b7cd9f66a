# SPDX-License-Identifier: Apache-2.0
"""``openstackoid status`` names the part that is down: this gateway, a service, or a peer."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from openstackoid.gateway.status import Item, Status
from unit.gateway.running import PATIENCE, Gateway, free_port, service
from waiting import until


def status(gateway: Gateway, *more: str) -> tuple[int, str]:
    words = ["status", "--cloud", "CloudOne", "--config", str(gateway.config), "--state-dir", str(gateway.state), *more]
    command = [sys.executable, "-m", "openstackoid", *words]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE, check=False, env=os.environ | {"COLUMNS": "200"}
    )
    return done.returncode, done.stdout + done.stderr


def told(gateway: Gateway) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(status(gateway, "--json")[1])
    return found


def state(gateway: Gateway, name: str) -> str:
    return str(next(item["state"] for item in told(gateway)["items"] if item["name"] == name))


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with service() as backend, service() as peer:
        gateway = Gateway(tmp_path_factory.mktemp("status"), free_port(), backend)
        gateway.config.write_text(gateway.config.read_text().replace("127.0.0.1:9/", f"127.0.0.1:{peer}/"))
        gateway.start()
        yield gateway
        gateway.stop()


def test_nothing_is_down(gateway: Gateway) -> None:
    until(lambda: state(gateway, "image") == "up")
    code, text = status(gateway)
    assert code == 0, text
    assert text.startswith("CloudOne: up\n")
    found = told(gateway)
    assert (found["down"], found["code"]) == ([], 0)
    names = [(item["of"], item["name"]) for item in found["items"] if item["state"] == "up"]
    assert ("gateway", "HAProxy") in names
    assert ("gateway", "Python service") in names
    assert ("service", "image") in names
    assert ("peer", "CloudTwo") in names


def test_a_broken_description_is_the_gateways(gateway: Gateway) -> None:
    good = gateway.config.read_text()
    gateway.config.write_text(good.replace("mesh: 1", "mesh: 1\nshared: [{service: image, clouds: [CloudOne, CloudNine]}]"))
    gateway.hang_up()
    gateway.wait_for("goes on with the description that it has")
    # The command reads the description as well.
    assert status(gateway)[0] == 2
    sound = gateway.config.with_name("sound.yaml")
    sound.write_text(good)
    code, text = status(gateway, "--config", str(sound))
    assert (code, "down: this gateway (description)" in text, "CloudNine" in text) == (1, True, True)
    gateway.config.write_text(good)
    gateway.hang_up()
    until(lambda: status(gateway)[0] == 0)


def test_a_dead_peer_is_the_peers(gateway: Gateway) -> None:
    good = gateway.config.read_text()
    gateway.config.write_text(
        good.replace(
            'CloudTwo:\n    services:\n      image: {frontend: "http://127.0.0.1:',
            'CloudTwo:\n    services:\n      image: {frontend: "http://127.0.0.2:',
        )
    )
    gateway.hang_up()
    gateway.wait_for("has reloaded")
    until(lambda: told(gateway)["down"] == ["peer"])
    assert "down: peer (CloudTwo)" in status(gateway)[1]
    gateway.config.write_text(good)
    gateway.hang_up()
    until(lambda: told(gateway)["down"] == [])


def test_a_dead_part_is_the_gateways(gateway: Gateway) -> None:
    part = gateway.parts()["bridge"].pid
    os.kill(part, signal.SIGSTOP)
    try:
        code, text = status(gateway)
        assert (code, "down: this gateway (Python service)" in text) == (1, True), text
    finally:
        os.kill(part, signal.SIGCONT)


def test_no_gateway_is_the_gateways(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path, 1, 1)
    code, text = status(gateway)
    assert (code, "down: this gateway (gateway)" in text, f"no gateway runs in {gateway.state}" in text) == (1, True, True)


def test_what_is_not_known_has_a_code_of_its_own() -> None:
    assert Status("CloudOne", (Item("gateway", "HAProxy", "unknown"),)).code == 2
    assert Status("CloudOne", (Item("peer", "CloudTwo", "unknown"), Item("service", "image", "up"))).code == 0
    assert Status("CloudOne", (Item("service", "image", "down"), Item("gateway", "HAProxy", "unknown"))).code == 1
