# SPDX-License-Identifier: Apache-2.0
"""With ten thousand clouds the first byte of each view comes within 300 ms: cold, and of a page that follows."""

import http.client
import time
from collections.abc import Iterator

import pytest

from console.world import World, running
from openstackoid.console.watch import FRESH

FIRST_BYTE = 0.3
"""Seconds."""

CLOUDS = 10_000
TRIES = 5
"""The fastest counts: another process may take the processor meanwhile."""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with running(tmp_path_factory.mktemp("large"), more=CLOUDS - 3) as world:
        yield world


def first_byte(world: World, path: str) -> float:
    """Return the seconds until the first byte of a page."""
    connection = http.client.HTTPConnection("127.0.0.1", world.port, timeout=60)
    try:
        began = time.monotonic()
        connection.request("GET", path)
        answer = connection.getresponse()
        took = time.monotonic() - began
        assert (answer.status, len(answer.read()) > 1000) == (200, True)
        return took
    finally:
        connection.close()


@pytest.mark.parametrize("path", ["/", "/clouds", "/peers", "/choose"])
def test_the_first_byte_comes_within_300_ms(large: World, path: str) -> None:
    fresh, kept = [first_byte(large, path)], [first_byte(large, path)]
    while max(min(fresh), min(kept)) >= FIRST_BYTE and len(fresh) < TRIES:
        time.sleep(FRESH + 0.5)
        fresh.append(first_byte(large, path))
        kept.append(first_byte(large, path))
    told = [", ".join(f"{seconds:.3f}" for seconds in found) for found in (fresh, kept)]
    print(f"console: {path}: the first byte after {told[0]} s, and of a page that follows after {told[1]} s", flush=True)
    assert max(min(fresh), min(kept)) < FIRST_BYTE


def test_the_views_have_ten_thousand_clouds(large: World) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", large.port, timeout=60)
    connection.request("GET", "/clouds?page=2")
    page = connection.getresponse().read().decode()
    connection.close()
    assert "Clouds 51 to 100 of 10,000" in page
