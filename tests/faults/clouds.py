# SPDX-License-Identifier: Apache-2.0
"""Two real clouds, and the gateway of a third: each gateway has a description, a clock and a state folder of its own."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
import yaml

from openstackoid.certs import issue
from openstackoid.lab.lab import Lab
from openstackoid.lab.processes import Daemon, Table
from openstackoid.lab.services import GATEWAY, gateway
from unit.gateway.running import PATIENCE, free_port, service

HOST = "127.0.0.1"
CLOCK = Path(__file__).parent / "clock"
PARTS = {"python": "the Python service", "haproxy": "HAProxy"}


@dataclass
class LabGateway:
    """The gateway of a cloud. ``mesh``: its description, which :meth:`describe` writes."""

    cloud: str
    folder: Path
    state: Path
    table: Table
    mesh: dict[str, Any]

    @property
    def config(self) -> Path:
        return self.folder / "mesh.yaml"

    @property
    def settings(self) -> dict[str, Any]:
        """Return its own settings in its description."""
        found: dict[str, Any] = self.mesh["clouds"][self.cloud]["gateway"]
        return found

    @property
    def process(self) -> psutil.Process:
        found = self.table.find(self.cloud, GATEWAY)
        assert found is not None, self.said()
        return found

    def describe(self) -> None:
        """Write the description, and have the gateway read it if it runs."""
        self.config.write_text(yaml.safe_dump(self.mesh, sort_keys=False))
        if self.table.find(self.cloud, GATEWAY) is not None:
            self.hang_up()

    def hang_up(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    def shift(self, seconds: int) -> None:
        """Set its clock ahead of the machine's."""
        (self.folder / "times").write_text(str(seconds))

    def start(self, daemon: Daemon) -> None:
        """Start it in the place of the lab's, with this command, its own files and its own clock."""
        words = dict(zip(daemon.argv, daemon.argv[1:], strict=False))
        paths = {words["--config"]: str(self.config), words["--state-dir"]: str(self.state)}
        argv = [paths.get(word, word) for word in daemon.argv]
        env = {**daemon.env, "PYTHONPATH": str(CLOCK), "OPENSTACKOID_TEST_CLOCK": str(self.folder / "times")}
        self.table.stop([(self.cloud, GATEWAY)])
        self.table.start(replace(daemon, owner=self.cloud, argv=argv, env=env, log=self.folder / "gateway.log"))
        self.wait_for("is ready on")

    def said(self) -> str:
        return (self.folder / "gateway.log").read_text()

    def wait_for(self, text: str, times: int = 1) -> None:
        until = time.monotonic() + PATIENCE
        while self.said().count(text) < times:
            assert time.monotonic() < until, f"'{text}' was not said {times} times:\n{self.said()}"
            time.sleep(0.02)

    def kill(self, part: str, times: int = 1) -> None:
        """Kill a part, and again as soon as it runs; wait until it runs at last."""
        again = f"{PARTS[part]} of {self.cloud} runs again"
        said = self.said().count(again)
        for number in range(1, times + 1):
            found = {
                "python" if "openstackoid.bridge" in child.cmdline() else "haproxy": child
                for child in self.process.children()
                if child.status() != psutil.STATUS_ZOMBIE
            }
            os.kill(found[part].pid, signal.SIGKILL)
            self.wait_for(again, said + number)


@contextmanager
def gateways(folder: Path, disk: Path, metrics: int) -> Iterator[dict[str, LabGateway]]:
    """Run three gateways at the lab that is up; the third has simple services.

    ``disk``: where CloudOne's has its state folder. ``metrics``: its port for metrics.
    """
    lab, port = Lab.load(), free_port()
    issue(lab.certificates, "CloudThree", [HOST], renew=(lab.certificates / "CloudThree.pem").exists())
    tls = {"certificate": str(lab.certificates / "CloudThree.pem"), "authority": str(lab.authority)}
    with ExitStack() as stack:
        backend = stack.enter_context(service())
        services = {
            name: {"frontend": f"https://{HOST}:{port}/{name}", "backend": f"http://{HOST}:{backend}/{name}"}
            for name in ("identity", "image")
        }
        found = {}
        for cloud in ("CloudOne", "CloudTwo", "CloudThree"):
            mesh = yaml.safe_load(lab.mesh_yaml.read_text(encoding="utf-8"))
            mesh["clouds"]["CloudThree"] = {"gateway": {"tls": tls}, "services": services}
            (folder / cloud).mkdir()
            state = disk / "state" if cloud == "CloudOne" else folder / cloud / "state"
            one = found[cloud] = LabGateway(cloud, folder / cloud, state, lab.table, mesh)
            one.settings["timeouts"] = {"connect": 5, "check": 1}
            if cloud == "CloudOne":
                one.settings.update(metrics=f"{HOST}:{metrics}", audit={"reserve": 16})
            one.shift(0)
            one.describe()
        stack.callback(lab.table.stop, [(cloud, GATEWAY) for cloud in found])
        for own in lab.clouds:
            found[own.name].start(gateway(lab.site(own), lab.mesh_yaml, lab.directory / "gateways" / own.name, lab.logs))
        third = gateway(lab.site(lab.clouds[0]), lab.mesh_yaml, lab.directory / "gateways/CloudOne", lab.logs)
        found["CloudThree"].start(replace(third, argv=["CloudThree" if word == "CloudOne" else word for word in third.argv]))
        yield found
