# SPDX-License-Identifier: Apache-2.0
"""The gateway of the cloud that Kolla-Ansible has deployed, described and run as the page says."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from kolla import page
from kolla.cloud import ONE
from kolla.node import until

MESH = Path("/etc/openstackoid/mesh.yaml")
_PROGRAM = (sys.executable, "-m", "openstackoid")


class Gateway:
    """Its log and its state are in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def complete(self, heading: str) -> None:
        """Add to the description what the page adds below a heading: keys of the cloud, then of its services."""
        description: dict[str, Any] = yaml.safe_load(MESH.read_text(encoding="utf-8"))
        cloud = description["clouds"][ONE]
        settings, *services = page.additions(heading)
        _merge(cloud, settings)
        for added in services:
            _merge(cloud["services"], added)
        MESH.write_text(yaml.safe_dump(description, sort_keys=False), encoding="utf-8")

    def start(self) -> None:
        """Start it, and wait until it is ready."""
        log = self._folder / "gateway.log"
        words = ["gateway", "run", "--cloud", ONE, "--config", str(MESH), "--state-dir", str(self._folder / "state")]
        with log.open("ab") as output:
            self._process = subprocess.Popen([*_PROGRAM, *words], stdout=output, stderr=output)
        until(lambda: "is ready on" in log.read_text(encoding="utf-8"), "the gateway", self._process)

    def stop(self) -> None:
        """Stop it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)
            self._process = None


def _merge(into: dict[str, Any], added: Mapping[str, Any]) -> None:
    for key, value in added.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value
