# SPDX-License-Identifier: Apache-2.0
"""Faults of two real OpenStack clouds: status and alert name the same culprit within 15 seconds, and clear."""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from examples.session import User, openstackoid
from faults import table
from faults.watching import Night, watching
from lab.links import ask
from lab.plain_http import frontend
from lab.raised import HORIZON, raised
from observe.asking import asking, meanwhile
from unit.gateway.running import free_port

STOPPED, RUNNING = 3.0, 0.2
"""Seconds for which Keystone is stopped, and runs, again and again."""


@pytest.fixture(scope="module")
def lab(request: pytest.FixtureRequest) -> Iterator[Any]:
    # The dashboard's, which has the same clouds.
    with raised(HORIZON, request.config) as status:
        yield status


@pytest.fixture(scope="module")
def night(lab: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """CloudOne's gateway with an address for metrics, and a user of CloudTwo's images."""
    description, port = Path(lab["state_dir"], "mesh.yaml"), free_port()
    mesh = yaml.safe_load(description.read_text(encoding="utf-8"))
    mesh["clouds"]["CloudOne"]["gateway"] |= {"metrics": f"127.0.0.1:{port}", "timeouts": {"connect": 5, "check": 1}}
    description.write_text(yaml.safe_dump(mesh, sort_keys=False))
    words = psutil.Process(pid(lab, "CloudOne", "gateway")).cmdline()
    state = Path(words[words.index("--state-dir") + 1])
    with watching(tmp_path_factory.mktemp("prometheus"), port, description, state) as running, users(lab):
        running.quiet()
        yield running


def pid(lab: Any, cloud: str, service: str) -> int:
    """Return the process of a service, whose group has its children."""
    services = next(one["services"] for one in lab["clouds"] if one["name"] == cloud)
    return int(next(one["pid"] for one in services if one["name"] == service))


def users(lab: Any) -> AbstractContextManager[None]:
    """Have a user of CloudOne ask for images of CloudTwo, again and again."""
    token = User("CloudOne").openstack("token", "issue", "-f", "value", "-c", "id").stdout.strip()
    headers = {"X-Auth-Token": token, "X-Scope": json.dumps({"image": "CloudTwo"})}
    url = f"{frontend(lab, 'CloudOne')}/image/v2/images"
    return asking(lambda: ask(url, headers))


def slow(group: int) -> AbstractContextManager[None]:
    """Stop the processes of a group for some seconds, again and again."""

    def run(enough: threading.Event) -> None:
        while not enough.is_set():
            os.killpg(group, signal.SIGSTOP)
            enough.wait(STOPPED)
            os.killpg(group, signal.SIGCONT)
            enough.wait(RUNNING)

    return meanwhile(run)


def test_a_slow_keystone(night: Night, lab: Any) -> None:
    with slow(pid(lab, "CloudOne", "keystone")):
        night.named(table.KEYSTONE_SLOW)
    night.cleared(table.KEYSTONE_SLOW)


def test_a_peer_that_is_cut_off(night: Night, lab: Any) -> None:
    cut = pid(lab, "CloudTwo", "gateway")
    stopped = [cut, *(child.pid for child in psutil.Process(cut).children(recursive=True))]
    for process in stopped:
        os.kill(process, signal.SIGSTOP)
    try:
        night.named(table.PEER_CUT)
    finally:
        for process in stopped:
            os.kill(process, signal.SIGCONT)
    night.cleared(table.PEER_CUT)


def test_a_dead_backend(night: Night, lab: Any) -> None:
    os.killpg(pid(lab, "CloudOne", "glance"), signal.SIGKILL)
    night.named(table.BACKEND_DEAD)
    began = time.monotonic()
    assert openstackoid("lab", "up", "--only", "services").code == 0
    night.cleared(table.BACKEND_DEAD)
    print(f"faults: Glance is back after {time.monotonic() - began:.1f} s", flush=True)
