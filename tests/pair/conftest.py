# SPDX-License-Identifier: Apache-2.0
"""The network of the tests, a database for the stores of gateways, and the source of an earlier release."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.mariadb import Server
from pair import figures, network
from unable import cannot_run

EARLIER = "d0117262b94fef074ec48d22dc1d3d8c32485e87"
"""The commit of the earlier release: it has neither host names, nor several gateways of a cloud, nor bound tokens."""

PREVIOUS = "bef8c35e43aff25bb939664a55bb8eed4a5211f0"
"""The commit of a release with a store, a drain and bound tokens, whose tables are of the schema 0002."""


@pytest.fixture(scope="session", autouse=True)
def bridge() -> None:
    """The network on which the machines are."""
    network.build()


@pytest.fixture(scope="session")
def mariadb(bridge: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The database server of the gateways' stores."""
    server = Server(tmp_path_factory.mktemp("db"), clients="%")
    yield server
    server.stop()


@pytest.fixture(scope="session", autouse=True)
def shown_figures(request: pytest.FixtureRequest) -> Iterator[None]:
    """Print the figures in the end."""
    yield
    capture = request.config.pluginmanager.getplugin("capturemanager")
    assert capture is not None
    with capture.global_and_fixture_disabled():
        print(f"\n{figures.table()}", flush=True)


@pytest.fixture(scope="session")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source of the earlier release."""
    return source_of(EARLIER, tmp_path_factory.mktemp("earlier"))


@pytest.fixture(scope="session")
def previous(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source of the release that machines are upgraded from."""
    return source_of(PREVIOUS, tmp_path_factory.mktemp("previous"))


def source_of(commit: str, folder: Path) -> Path:
    """Put the source of a commit into a folder, and return that."""
    repository = ["git", "-c", "safe.directory=*", "-C", str(Path(__file__).parents[2])]
    if subprocess.run([*repository, "cat-file", "-e", commit], capture_output=True, check=False).returncode:
        cannot_run(f"this clone has no commit {commit}: it is shallow (git fetch --unshallow)")
    archive = subprocess.run([*repository, "archive", f"{commit}:src"], capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive, check=True)
    return folder
