# SPDX-License-Identifier: Apache-2.0
"""Faults of gateways and of peers: status and alert name the same culprit within 15 seconds, and clear."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from faults import table
from faults.gateways import Peer, three, users
from faults.watching import Night, watching
from openstackoid.certs import issue, make_authority

DISK = 96
"""MiB of the disk of CloudOne's state folder."""

FURTHER = '  CloudNine:\n    services:\n      image: {frontend: "https://127.0.0.1:9/image"}\n'


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A disk of its own for the state of CloudOne's gateway."""
    if os.geteuid() != 0:
        pytest.skip("a small disk for the audit log needs root")
    folder = tmp_path_factory.mktemp("disk")
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture(scope="module")
def gateways(disk: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Peer]]:
    with three(tmp_path_factory.mktemp("gateways"), disk) as running:
        yield running


@pytest.fixture(scope="module")
def one(gateways: dict[str, Peer]) -> Peer:
    return gateways["CloudOne"]


@pytest.fixture(scope="module")
def two(gateways: dict[str, Peer]) -> Peer:
    return gateways["CloudTwo"]


@pytest.fixture(scope="module")
def night(one: Peer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    with watching(tmp_path_factory.mktemp("prometheus"), one.metrics, one.config, one.state) as running, users(one):
        running.quiet()
        yield running


def test_another_description(night: Night, two: Peer) -> None:
    two.further = FURTHER
    two.describe()
    two.hang_up()
    try:
        night.named(table.DESCRIPTION_DIFFERS)
    finally:
        two.further = ""
        two.describe()
        two.hang_up()
    night.cleared(table.DESCRIPTION_DIFFERS)


def test_the_clock_of_a_peer(night: Night, two: Peer) -> None:
    two.shift(60)
    try:
        night.named(table.PEER_CLOCK_OFF)
    finally:
        two.shift(0)
    night.cleared(table.PEER_CLOCK_OFF)


def test_the_own_clock(night: Night, one: Peer) -> None:
    one.shift(-60)
    try:
        night.named(table.CLOCK_OFF)
    finally:
        one.shift(0)
    night.cleared(table.CLOCK_OFF)


def test_a_peers_certificate_of_another_authority(night: Night, two: Peer, tmp_path: Path) -> None:
    good, two.certificates = two.certificates, tmp_path / "others"
    make_authority(two.certificates)
    issue(two.certificates, "CloudTwo", ["127.0.0.1"], 100)
    two.describe()
    two.hang_up()
    try:
        night.named(table.PEER_CERTIFICATE)
    finally:
        two.certificates = good
        two.describe()
        two.hang_up()
    night.cleared(table.PEER_CERTIFICATE)


def test_a_broken_description(night: Night, one: Peer) -> None:
    one.config.write_text("mesh: 1\nclouds: {}\n")
    one.hang_up()
    try:
        night.named(table.MESH_BROKEN)
    finally:
        one.describe()
        one.hang_up()
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


def kill_again_and_again(gateway: Peer, part: str, again: str) -> None:
    """Kill a part four times, each time after it was scraped."""
    said = gateway.said().count(again)
    for number in range(1, 5):
        os.kill(gateway.parts()[part].pid, signal.SIGKILL)
        gateway.wait_for(again, said + number)
        time.sleep(1.2)


def test_parts_that_die(night: Night, one: Peer) -> None:
    kill_again_and_again(one, "bridge", "the Python service of CloudOne runs again")
    night.named(table.PYTHON_KILLED)
    kill_again_and_again(one, "haproxy", "HAProxy of CloudOne runs again")
    night.named(table.HAPROXY_KILLED)
    for fault in (table.PYTHON_KILLED, table.HAPROXY_KILLED):
        night.cleared(fault)
