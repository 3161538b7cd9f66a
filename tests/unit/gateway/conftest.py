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
    """A gateway that is ready, with a service behind it and nothing said; whatever the last test has done to it."""
    standing.renew()
    return standing
