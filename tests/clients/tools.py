# SPDX-License-Identifier: Apache-2.0
"""The clients that are tried: which packages they come from, and how they are installed."""

import shutil
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from subprocess import run

from openstackoid.lab.packages import Environment
from openstackoid.lab.state import Instance

ROOT = Path(__file__).parents[2]
GO_CODE = Path("/usr/share/gocode")
"""The folder below which Debian keeps the sources of Go libraries."""

_DEBIAN = {
    "golang-go": shutil.which("go"),
    "golang-github-gophercloud-gophercloud-dev": GO_CODE / "src/github.com/gophercloud/gophercloud",
    "packer": shutil.which("packer"),
    "rclone": shutil.which("rclone"),
}
"""Debian's packages, and the file by which each is known to be there."""

PYPI = tuple((ROOT / "constraints/clients.in").read_text(encoding="utf-8").split())


@cache
def environment() -> Environment:
    """Return the environment of the clients from PyPI, in which there is nothing of ours; it need not be installed."""
    pins = ROOT / "constraints/clients.txt"
    return Environment.of(Instance("clients").shared, "clients", PYPI, pins, pins.with_suffix(".lock"))


def missing_packages() -> list[str]:
    """Return Debian's packages that this machine lacks."""
    return [package for package, path in _DEBIAN.items() if path is None or not Path(path).exists()]


@dataclass(frozen=True)
class Client:
    """A client that is tried. ``origin`` is "Debian" or "PyPI"; ``page`` is its page in docs/use/clients."""

    name: str
    origin: str
    package: str
    page: str

    def version(self) -> str:
        """Return the version of the client's package that is installed."""
        if self.origin == "Debian":
            query = ["dpkg-query", "--show", "--showformat", "${Version}", self.package]
            return run(query, capture_output=True, text=True, check=True).stdout
        folders = [str(path) for path in environment().directory.glob("lib/python3*/site-packages")]
        return next(found.version for found in distributions(name=self.package, path=folders))
