# SPDX-License-Identifier: Apache-2.0
"""The gateway among hostile servers; a test that asks for it finds it, and leaves it, in order."""

from collections.abc import Iterator

import pytest

from conformance.hostile import ODD, Site, hostile_site


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    with hostile_site() as site:
        yield site


@pytest.fixture
def site(running: Site) -> Iterator[Site]:
    yield running
    running.plays.clear()
    assert running.get("/compute/after").body == b"compute /compute/after"
    assert running.get("/compute/after", ODD["CloudTwo"]).body == b"two /compute/after"
