# SPDX-License-Identifier: Apache-2.0
"""A machine of a pair: keepalived by the files of deploy/pair, and a gateway of CloudOne."""

import os
import shutil
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


def install_files() -> None:
    """Put deploy/pair where its page says, in this run's namespace."""
    KEEPALIVED.mkdir(exist_ok=True)
    if not KEEPALIVED.is_mount():
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", str(KEEPALIVED)], check=True)
    for file in FILES.iterdir():
        shutil.copy(file, KEEPALIVED)


class Gateway:
    """A gateway of a cloud.

    ``inside``: the beginning of a command where it runs; ``environment``: further variables of it.
    """

    def __init__(
        self,
        cloud: str,
        folder: Path,
        config: Path,
        inside: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.cloud, self.folder, self.config, self.inside = cloud, folder, config, inside
        self.environment = mark({**os.environ, **(environment or {})})
        self.log = folder / "gateway.log"
        self.process: subprocess.Popen[bytes] | None = None

    def install(self, release: Path | None) -> None:
        """Have its next start run the source of an earlier release, or this one."""
        self.environment.pop("PYTHONPATH", None)
        if release is not None:
            self.environment["PYTHONPATH"] = str(release)

    def command(self, name: str) -> list[str]:
        """Return the command of ``openstackoid gateway`` for it."""
        files = ["--config", str(self.config), "--state-dir", str(self.folder / "state")]
        return [*self.inside, sys.executable, "-m", "openstackoid", "gateway", name, "--cloud", self.cloud, *files]

    def spawn(self, command: Sequence[str], log: Path) -> "subprocess.Popen[bytes]":
        """Start a program whose output goes to the end of a log."""
        with log.open("ab") as output:
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=self.environment, cwd=self.folder
            )

    def start(self) -> None:
        """Start it, and wait until it is ready."""
        said = self.said().count("is ready on")
        process = self.process = self.spawn(self.command("run"), self.log)
        until(lambda: self.said().count("is ready on") > said or process.poll() is not None, self.said)
        assert process.poll() is None, self.said()

    def said(self) -> str:
        """Return its log."""
        return self.log.read_text() if self.log.exists() else ""

    @property
    def running(self) -> "subprocess.Popen[bytes]":
        """Its process."""
        assert self.process is not None
        return self.process

    def part(self, name: str) -> psutil.Process:
        """Return a program of it: ``haproxy``, or ``python``."""
        children = [each for each in psutil.Process(self.running.pid).children() if each.status() != psutil.STATUS_ZOMBIE]
        return {"python" if "openstackoid.bridge" in child.cmdline() else "haproxy": child for child in children}[name]

    def kill(self) -> None:
        """Kill it; its programs end with it."""
        self.running.kill()
        self.running.wait(PATIENCE)

    def drain(self) -> None:
        """Drain and stop it."""
        done = subprocess.run(self.command("drain"), capture_output=True, text=True, env=self.environment, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert self.running.wait(PATIENCE) == 0, self.said()

    def end(self) -> None:
        """End it, if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.kill()


class Machine(Gateway):
    """One machine, by its name in the network: CloudOne's gateway, and keepalived, both on the port ``frontend``.

    ``anywhere``: the gateway listens on all addresses, and not on the address of the pair alone.
    """

    def __init__(self, name: str, folder: Path, config: Path, frontend: int, *, anywhere: bool = True) -> None:
        super().__init__("CloudOne", folder, config, network.inside(name))
        self.name, self.frontend, self.anywhere = name, frontend, anywhere
        self.url = f"https://{'127.0.0.1' if anywhere else network.ADDRESS}:{frontend}"
        self.keepalived: subprocess.Popen[bytes] | None = None

    def boot(self) -> None:
        """Make the machine, and start what a machine starts."""
        network.add(self.name, self.frontend, nonlocal_bind=not self.anywhere)
        self.start()
        self.keep()

    def keep(self) -> None:
        """Start keepalived."""
        example = (KEEPALIVED / "keepalived.conf").read_text()
        assert example.count("https://127.0.0.1:443") == 1
        configuration = self.folder / "keepalived.conf"
        configuration.write_text(example.replace("https://127.0.0.1:443", self.url))
        files = ["--use-file", str(configuration), "--pid", str(self.folder / "keepalived.pid")]
        files += ["--vrrp_pid", str(self.folder / "vrrp.pid")]
        command = ["keepalived", "--vrrp", "--dont-fork", "--log-console", "--log-detail", "--no-syslog", *files]
        self.keepalived = self.spawn([*self.inside, *command], self.folder / "keepalived.log")

    def kill_keepalived(self) -> None:
        """Kill keepalived, as a fault of it; its programs end with it, and take the address away."""
        assert self.keepalived is not None
        self.keepalived.kill()
        self.keepalived.wait(PATIENCE)

    def healthy(self) -> bool:
        """Return what keepalived's check says."""
        command = [*self.inside, str(KEEPALIVED / "check-gateway"), self.url]
        return subprocess.run(command, check=False).returncode == 0

    def lose(self) -> None:
        """Lose the machine: no process of it lives, and no packet of it is seen."""
        network.lose(self.name)
        for process in (self.process, self.keepalived):
            if process is not None:
                process.wait(PATIENCE)

    def end(self) -> None:
        """End all of it, if it is there."""
        if self.name in network.ip("netns", "list").split():
            self.lose()


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
