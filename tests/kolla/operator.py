# SPDX-License-Identifier: Apache-2.0
"""The operator, who types the page's commands. The deployment host and the load balancer `controller1` are one machine here.

Neither Docker nor systemd runs on it: the test starts and stops what ``docker`` and ``systemctl`` would. keepalived does not run.
"""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from environment import FOR_DOWNLOADS
from kolla import machine
from kolla.environment import ROOT, environment
from kolla.node import DESK, Node
from kolla.unit import FOLDER, Unit

BALANCER, OTHER = "root@controller1:", "controller2"
"""The load balancer, whose home of root is the desk, and another one, which the test does not have."""
_SYSTEM = "/usr/sbin:/usr/bin:/sbin:/bin"
_NOT_STARTED = ("systemctl daemon-reload", "systemctl disable --now haproxy", "docker restart keepalived")
"""Commands about programs that do not run here."""


class Operator:
    """``log``: the output of units."""

    def __init__(self, node: Node, log: Path) -> None:
        self.node, self._log = node, log
        self._units: dict[str, Unit] = {}

    def install(self, host: list[str], balancer: list[str]) -> None:
        """Type the commands that install: those of the deployment host in the clone, those of the load balancer at home."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        settings = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SUDO_UID"))}
        # pip keeps to the user's own settings and cache.
        home = {"XDG_CONFIG_HOME": str(Path.home() / ".config"), "XDG_CACHE_HOME": str(Path.home() / ".cache")}
        # The gateway uses few modules of its packages: to compile them all takes longer than to use those.
        downloads = {**settings, **home, **FOR_DOWNLOADS, "DEBIAN_FRONTEND": "noninteractive", "PIP_COMPILE": "0"}
        for line in host:
            self._type(line, ROOT, {**downloads, "PATH": f"{environment().directory / 'bin'}:{_SYSTEM}"}, machine.OUTSIDE)
        for line in balancer:
            self._type(line, DESK, {**downloads, "PATH": _SYSTEM}, machine.OUTSIDE)

    def type(self, line: str, **env: str) -> str:
        """Type a command at the desk, and return its output."""
        return self._type(line, DESK, env)

    def unit(self, name: str) -> Unit:
        """Return the unit of this name."""
        return self._units[name]

    def stop(self) -> None:
        """Stop all units."""
        for unit in self._units.values():
            unit.stop()

    def _type(self, line: str, folder: Path, env: Mapping[str, str], network: Path | None = None) -> str:
        match shlex.split(line):
            case ["docker", "restart", "haproxy"]:
                self.node.stop_haproxy()
                self.node.start_haproxy()
            case ["systemctl", "enable", "--now", name]:
                self._units[name] = Unit(name, self._log)
                self._units[name].start()
            case ["systemctl", "disable", "--now", name] if name in self._units:
                self._units.pop(name).stop()
            case ["scp" | "ssh", *words] if any(OTHER in word for word in words):
                pass
            case ["scp", *_, place] if place.startswith(BALANCER):
                target = DESK / place.removeprefix(BALANCER)
                return self.node.type(f"{line.replace('scp', 'cp', 1).replace(place, str(target))}", folder, env, network)
            case ["docker" | "systemctl" | "scp" | "ssh", *_]:
                assert line in _NOT_STARTED, line
            case _:
                return self.node.type(line, folder, env, network)
        return ""
