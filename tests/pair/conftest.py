# SPDX-License-Identifier: Apache-2.0
"""The network of the tests, and a database for the stores of gateways."""

from collections.abc import Iterator

import pytest

from lab.mariadb import Server
from pair import figures, network


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
