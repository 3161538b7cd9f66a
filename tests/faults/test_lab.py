# SPDX-License-Identifier: Apache-2.0
"""Faults of two real OpenStack clouds and their gateways: status and alert name the same culprit within 15 seconds, and clear.

The gateway's own faults come last: dead parts and lost lines are told for some time.
"""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from examples.session import User, openstackoid
from faults import table
from faults.clouds import HOST, LabGateway, gateways
from faults.dropping import dropped
from faults.slow_tokens import TOKENS, token_delay
from faults.watching import PATIENCE, Night, watching
from lab.links import ask
from lab.plain_http import frontend
from lab.raised import HORIZON, raised
from observe.asking import asking, meanwhile
from openstackoid.certs import issue, make_authority
from unable import cannot_run
from unit.gateway.running import free_port

DISK = 96
"""MiB of the disk of CloudOne's state folder."""

STOPPED, RUNNING = 3.0, 0.2
"""Seconds for which Keystone is stopped, and runs, again and again."""

ASKERS, LEISURE, DELAY = 4, 0.5, 2.0
"""Users who ask Keystone about their tokens, the seconds between two questions of one, and those of the delay of each."""


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A disk of its own for the state of CloudOne's gateway."""
    if os.geteuid() != 0:
        cannot_run("a small disk for the audit log needs root")
    folder = tmp_path_factory.mktemp("disk")
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture(scope="module")
def lab(disk: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    # The dashboard's, which has the same clouds.
    with raised(HORIZON, request.config) as status:
        yield status


@pytest.fixture(scope="module")
def metrics() -> int:
    return free_port()


@pytest.fixture(scope="module")
def running(lab: Any, disk: Path, metrics: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, LabGateway]]:
    with gateways(tmp_path_factory.mktemp("gateways"), disk, metrics) as found:
        yield found


@pytest.fixture(scope="module")
def one(running: dict[str, LabGateway]) -> LabGateway:
    return running["CloudOne"]


@pytest.fixture(scope="module")
def two(running: dict[str, LabGateway]) -> LabGateway:
    return running["CloudTwo"]


@pytest.fixture(scope="module")
def night(one: LabGateway, metrics: int, lab: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """CloudOne's gateway, and a user of CloudTwo's images."""
    with watching(tmp_path_factory.mktemp("prometheus"), metrics, one.config, one.state) as found, users(lab):
        found.quiet()
        yield found


def token_of(cloud: str) -> str:
    """Return a token of a user of a cloud."""
    return User(cloud).openstack("token", "issue", "-f", "value", "-c", "id").stdout.strip()


def users(lab: Any) -> AbstractContextManager[None]:
    """Have a user of CloudOne ask for images of CloudTwo, again and again."""
    headers = {"X-Auth-Token": token_of("CloudOne"), "X-Scope": json.dumps({"image": "CloudTwo"})}
    url = f"{frontend(lab, 'CloudOne')}/image/v2/images"
    return asking(lambda: ask(url, headers))


def pid(lab: Any, cloud: str, service: str) -> int:
    """Return the process of a service, whose group has its children."""
    services = next(one["services"] for one in lab["clouds"] if one["name"] == cloud)
    return int(next(one["pid"] for one in services if one["name"] == service))


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


def test_a_keystone_that_is_slow_for_tokens_alone(night: Night, lab: Any, one: LabGateway) -> None:
    before = deepcopy(one.mesh)
    identity = one.mesh["clouds"]["CloudOne"]["services"]["identity"]
    url, token = f"{frontend(lab, 'CloudOne')}/identity{TOKENS}", token_of("CloudOne")
    headers = {"X-Auth-Token": token, "X-Subject-Token": token}
    with token_delay(identity["backend"]) as delay, ExitStack() as stack:
        identity["backend"] = delay.url
        one.describe()
        try:
            for _ in range(ASKERS):
                stack.enter_context(asking(lambda: ask(url, headers), LEISURE))
            assert delay.passed.wait(PATIENCE)
            night.quiet()
            delay.seconds = DELAY
            night.named(table.TOKENS_SLOW)
            delay.seconds = 0.0
            night.cleared(table.TOKENS_SLOW)
        finally:
            one.mesh = before
            one.describe()
    night.quiet()


def test_a_dead_backend(night: Night, lab: Any) -> None:
    os.killpg(pid(lab, "CloudOne", "glance"), signal.SIGKILL)
    night.named(table.BACKEND_DEAD)
    began = time.monotonic()
    assert openstackoid("lab", "up", "--only", "services").code == 0
    night.cleared(table.BACKEND_DEAD)
    print(f"faults: Glance is back after {time.monotonic() - began:.1f} s", flush=True)


def test_a_peer_that_is_cut_off(night: Night, two: LabGateway) -> None:
    stopped = [two.process, *two.process.children(recursive=True)]
    for process in stopped:
        process.suspend()
    try:
        night.named(table.PEER_CUT)
    finally:
        for process in stopped:
            process.resume()
    night.cleared(table.PEER_CUT)


def test_dropped_packets_to_a_peer(night: Night, two: LabGateway) -> None:
    services = two.mesh["clouds"]["CloudTwo"]["services"].values()
    with dropped({urlsplit(service["frontend"]).port or 0 for service in services}):
        night.named(table.PEER_DROPPED)
    night.cleared(table.PEER_DROPPED)


def test_a_peers_certificate_of_another_authority(night: Night, two: LabGateway, tmp_path: Path) -> None:
    good = two.settings["tls"]
    make_authority(tmp_path / "others")
    issue(tmp_path / "others", "CloudTwo", [HOST], 100)
    others = {"certificate": str(tmp_path / "others/CloudTwo.pem"), "authority": str(tmp_path / "others/authority.pem")}
    two.settings["tls"] = others
    two.describe()
    try:
        night.named(table.PEER_CERTIFICATE)
    finally:
        two.settings["tls"] = good
        two.describe()
    night.cleared(table.PEER_CERTIFICATE)


def test_another_description(night: Night, two: LabGateway) -> None:
    before = deepcopy(two.mesh)
    two.mesh["clouds"]["CloudNine"] = {"services": {"image": {"frontend": f"https://{HOST}:9/image"}}}
    two.describe()
    try:
        night.named(table.DESCRIPTION_DIFFERS)
    finally:
        two.mesh = before
        two.describe()
    night.cleared(table.DESCRIPTION_DIFFERS)


def test_the_clock_of_a_peer(night: Night, two: LabGateway) -> None:
    two.shift(60)
    try:
        night.named(table.PEER_CLOCK_OFF)
    finally:
        two.shift(0)
    night.cleared(table.PEER_CLOCK_OFF)


def test_the_own_clock(night: Night, one: LabGateway) -> None:
    one.shift(-60)
    try:
        night.named(table.CLOCK_OFF)
    finally:
        one.shift(0)
    night.cleared(table.CLOCK_OFF)


def test_a_broken_description(night: Night, one: LabGateway) -> None:
    one.config.write_text("mesh: 1\nclouds: {}\n")
    one.hang_up()
    try:
        night.named(table.MESH_BROKEN)
    finally:
        one.describe()
    night.cleared(table.MESH_BROKEN)


def test_a_full_disk(night: Night, disk: Path) -> None:
    free = os.statvfs(disk)
    with (disk / "filling").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize)
    try:
        night.named(table.DISK_FULL)
    finally:
        (disk / "filling").unlink()
    night.cleared(table.DISK_FULL)


def test_parts_that_die(night: Night, one: LabGateway) -> None:
    """One death of each, and then three more."""
    one.kill("python")
    night.named(table.PYTHON_KILLED)
    one.kill("haproxy")
    night.named(table.HAPROXY_KILLED)
    one.kill("python", 3)
    night.named(table.PYTHON_FLAPS)
    one.kill("haproxy", 3)
    night.named(table.HAPROXY_FLAPS)
    night.cleared(table.PYTHON_FLAPS)
    night.cleared(table.HAPROXY_FLAPS)
