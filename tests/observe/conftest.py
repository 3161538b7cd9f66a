# SPDX-License-Identifier: Apache-2.0
"""Two gateways that are peers, watched by a Prometheus and an Alertmanager, for all tests."""

from collections.abc import Iterator

import pytest

from observe.watching import Watch, watching
from unit.gateway.pair import PeerGateway, pair

SETTINGS = "limits: {bridge: 8, unaccepted: 4, exempt: [127.0.0.1]}"


@pytest.fixture(scope="session")
def gateways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PeerGateway, PeerGateway]]:
    with pair(tmp_path_factory.mktemp("pair"), CloudOne=SETTINGS) as both:
        yield both


@pytest.fixture(scope="session")
def one(gateways: tuple[PeerGateway, PeerGateway]) -> PeerGateway:
    return gateways[0]


@pytest.fixture(scope="session")
def two(gateways: tuple[PeerGateway, PeerGateway]) -> PeerGateway:
    return gateways[1]


@pytest.fixture(scope="session")
def watch(gateways: tuple[PeerGateway, PeerGateway], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    with watching(tmp_path_factory.mktemp("watch"), {gateway.cloud: gateway.metrics for gateway in gateways}) as running:
        yield running
