# SPDX-License-Identifier: Apache-2.0
import shutil
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from deploy.debian import Debian, Layer, Machine, tell
from deploy.preparation import Preparation


@pytest.fixture(scope="session")
def preparation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Preparation]:
    with ExitStack() as stack, ThreadPoolExecutor(5) as pool:
        yield Preparation(tmp_path_factory.mktemp("prepared"), stack, pool)


@pytest.fixture(scope="session")
def bare_begun(preparation: Preparation) -> "Future[Machine]":
    """The Debian for the roles, which boots while other tests run."""
    return preparation.begin_bare()


@pytest.fixture(scope="session")
def dist(preparation: Preparation) -> Path:
    """The files of ``make package``."""
    return preparation.dist.result()


@pytest.fixture(scope="session")
def made(preparation: Preparation) -> Debian:
    return preparation.debian.result()


@pytest.fixture(scope="session")
def package(preparation: Preparation, bare_begun: "Future[Machine]") -> Path:
    """The Debian package."""
    return preparation.package.result()


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
