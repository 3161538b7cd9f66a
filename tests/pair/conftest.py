# SPDX-License-Identifier: Apache-2.0
"""The network of the tests, and a database for the stores of gateways."""

from collections.abc import Iterator

import pytest

from lab.mariadb import Server
from pair import network


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
