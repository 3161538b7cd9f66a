# SPDX-License-Identifier: Apache-2.0
"""The gateway of the cloud that Kolla-Ansible has deployed, described and run as the page says."""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from kolla import page
from kolla.cloud import ONE, TWO
from kolla.node import until

CONFIG = Path("/etc/openstackoid")
MESH = CONFIG / "mesh.yaml"
_PROGRAM = (sys.executable, "-m", "openstackoid")


class Gateway:
    """Its log and its state are in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def install(self, certificates: Path) -> None:
        """Make its folder, with its certificate and the mesh's authority, which are in this folder."""
        (CONFIG / "users").mkdir(parents=True)
        for name in (f"{ONE}.pem", "authority.pem"):
            shutil.copy(certificates / name, CONFIG)

    def complete(self) -> None:
        """Add to the description what the page adds."""
        description: dict[str, Any] = yaml.safe_load(MESH.read_text(encoding="utf-8"))
        cloud = description["clouds"][ONE]
        settings, identity = page.additions("2. Describe the cloud")
        _merge(cloud, settings)
        _merge(cloud["services"], identity)
        MESH.write_text(yaml.safe_dump(description, sort_keys=False), encoding="utf-8")

    def add_peer(self, mesh: Path) -> str:
        """Add CloudTwo as the operator of its gateway, who has this description, introduces it."""
        introduction = str(self._folder / f"{TWO}.peer")
        _command("peer", "export", "--config", str(mesh), "--cloud", TWO, "--output", introduction)
        return _command("peer", "add", "--config", str(MESH), "--cloud", ONE, introduction)

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


def _command(*words: str) -> str:
    done = subprocess.run([*_PROGRAM, *words], text=True, capture_output=True, check=False)
    assert done.returncode == 0, f"openstackoid {' '.join(words)}: {done.stderr}"
    return done.stdout
