# SPDX-License-Identifier: Apache-2.0
from collections.abc import Iterator

import pytest

from unit.gateway.running import Gateway, free_port, service


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with service() as backend:
        running = Gateway(tmp_path_factory.mktemp("a gateway's"), free_port(), backend)
        yield running
        running.stop()


@pytest.fixture
def gateway(standing: Gateway) -> Gateway:
    """A ready gateway, with a service behind it and an empty log, after any other test."""
    standing.renew()
    return standing
