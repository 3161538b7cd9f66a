# SPDX-License-Identifier: Apache-2.0
"""A machine of a pair: keepalived by the files of deploy/pair, and a gateway of CloudOne."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

from leftovers import mark
from pair import network

FILES = Path(__file__).parents[2] / "deploy" / "pair"
KEEPALIVED = Path("/etc/keepalived")
PATIENCE = 120.0


def until(holds: Callable[[], bool], otherwise: Callable[[], str], seconds: float = PATIENCE) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, otherwise()
        time.sleep(0.02)


def install_files(port: int, scheme: str) -> None:
    """Put deploy/pair where its page says, in this run's namespace, with the gateway's port in the place of the example's."""
    KEEPALIVED.mkdir(exist_ok=True)
    if not KEEPALIVED.is_mount():
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", str(KEEPALIVED)], check=True)
    for file in FILES.iterdir():
        shutil.copy(file, KEEPALIVED)
    configuration = KEEPALIVED / "keepalived.conf"
    text = configuration.read_text()
    assert text.count("http://127.0.0.1:80") == 1
    configuration.write_text(text.replace("http://127.0.0.1:80", f"{scheme}://127.0.0.1:{port}"))


class Machine:
    """One machine, by its name in the network; ``frontend``: the port of its gateway."""

    def __init__(self, name: str, folder: Path, config: Path, frontend: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.name, self.folder, self.config, self.frontend = name, folder, config, frontend
        self.log = folder / "gateway.log"
        self.state = folder / "state"
        self.command: Sequence[str] = (sys.executable, "-m", "openstackoid")
        self.environment: Mapping[str, str] = {}
        self.gateway: subprocess.Popen[bytes] | None = None
        self.keepalived: subprocess.Popen[bytes] | None = None

    def boot(self) -> None:
        """Make the machine, and start what a machine starts."""
        network.add(self.name, self.frontend)
        self.start()
        self.watch()

    def _run(self, command: Sequence[str], log: Path) -> "subprocess.Popen[bytes]":
        with log.open("ab") as output:
            environment = mark({**os.environ, **self.environment})
            argv = [*network.inside(self.name), *command]
            return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment)

    def start(self) -> None:
        """Start the gateway, and wait until it is ready."""
        said = self.said().count("is ready on")
        arguments = ["gateway", "run", "--cloud", "CloudOne", "--config", str(self.config), "--state-dir", str(self.state)]
        process = self.gateway = self._run([*self.command, *arguments], self.log)
        until(lambda: self.said().count("is ready on") > said or process.poll() is not None, self.said)
        assert process.poll() is None, self.said()

    def watch(self) -> None:
        """Start keepalived."""
        runs = self.folder / "run"
        runs.mkdir(exist_ok=True)
        pids = ["--pid", str(runs / "keepalived.pid"), "--vrrp_pid", str(runs / "vrrp.pid")]
        command = ["keepalived", "--vrrp", "--dont-fork", "--log-console", "--log-detail", "--no-syslog", *pids]
        self.keepalived = self._run(command, self.folder / "keepalived.log")

    def said(self) -> str:
        """Return the log of the gateway."""
        return self.log.read_text() if self.log.exists() else ""

    @property
    def running(self) -> "subprocess.Popen[bytes]":
        """The process of the gateway."""
        assert self.gateway is not None
        return self.gateway

    def parts(self) -> dict[str, psutil.Process]:
        """Return the programs of the gateway by what they run."""
        children = psutil.Process(self.running.pid).children()
        alive = [child for child in children if child.status() != psutil.STATUS_ZOMBIE]
        return {"python" if "openstackoid.bridge" in child.cmdline() else "haproxy": child for child in alive}

    def kill(self) -> None:
        """Kill the gateway; its programs end with it."""
        self.running.kill()
        self.running.wait(PATIENCE)

    def drain(self) -> None:
        """Drain and stop the gateway."""
        arguments = ["gateway", "drain", "--cloud", "CloudOne", "--config", str(self.config), "--state-dir", str(self.state)]
        done = subprocess.run(
            [*network.inside(self.name), sys.executable, "-m", "openstackoid", *arguments],
            capture_output=True,
            text=True,
            env=mark(os.environ),
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert self.running.wait(PATIENCE) == 0, self.said()

    def healthy(self) -> bool:
        """Return what keepalived's check says."""
        lines = (KEEPALIVED / "keepalived.conf").read_text().splitlines()
        (script,) = [line.split('"')[1] for line in lines if line.strip().startswith("script ")]
        return subprocess.run([*network.inside(self.name), *script.split()], check=False).returncode == 0

    def lose(self) -> None:
        """Lose the machine: no process of it lives, and no packet of it is seen."""
        network.lose(self.name)
        for process in (self.gateway, self.keepalived):
            if process is not None:
                process.wait(PATIENCE)

    def end(self) -> None:
        """End all of it, if it is there."""
        for process in (self.keepalived, self.gateway):
            if process is not None and process.poll() is None:
                process.send_signal(signal.SIGTERM if process is self.keepalived else signal.SIGKILL)
                process.wait(PATIENCE)
        if self.name in network.ip("netns", "list").split():
            network.lose(self.name)


class Pair:
    """The two machines."""

    def __init__(self, first: Machine, second: Machine) -> None:
        self.machines = {machine.name: machine for machine in (first, second)}

    def wait_for_holder(self) -> Machine:
        """Return the machine that has the address, once one has it and both are well."""
        until(lambda: all(machine.healthy() for machine in self.machines.values()), self.told)
        until(lambda: network.holder() is not None, self.told)
        return self.machines[str(network.holder())]

    def other(self, machine: Machine) -> Machine:
        """Return the other machine."""
        (other,) = (one for one in self.machines.values() if one is not machine)
        return other

    def told(self) -> str:
        """Return the logs."""
        return "\n".join(
            f"== {file}\n{file.read_text()[-6000:]}"
            for machine in self.machines.values()
            for file in (machine.log, machine.folder / "keepalived.log")
            if file.exists()
        )
