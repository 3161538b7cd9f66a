# SPDX-License-Identifier: Apache-2.0
"""The network of the tests, a database for the stores of gateways, and the source of an earlier release."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.mariadb import Server
from pair import figures, network
from privileged.earlier import PREVIOUS, files_of

EARLIER = "d0117262b94fef074ec48d22dc1d3d8c32485e87"
"""The commit of the earlier release: it has neither host names, nor several gateways of a cloud, nor bound tokens."""


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
    return files_of(EARLIER, "src", tmp_path_factory.mktemp("earlier"))


@pytest.fixture(scope="session")
def previous(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source of the release that machines are upgraded from."""
    return files_of(PREVIOUS, "src", tmp_path_factory.mktemp("previous"))
