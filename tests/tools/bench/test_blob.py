# SPDX-License-Identifier: Apache-2.0
"""The server of large bodies, without a proxy between."""

import os
import sys
from collections.abc import Iterator

import pytest

from bench.blob import BlobError, blob, download, upload
from bench.bodies import accepts
from bench.processes import free_ports, running

SIZE = 5_000_000


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    (port,) = free_ports(1)
    argv = [sys.executable, "-m", "bench.blob", str(SIZE), f"CloudTwo={port}"]
    with running(argv, frozenset(os.sched_getaffinity(0)), lambda: accepts(port)):
        yield port


def test_a_body_comes_as_a_whole(port: int) -> None:
    assert download(port, "/image/file", ()) == (SIZE, "CloudTwo")


def test_a_body_arrives_as_a_whole(port: int) -> None:
    source = blob(SIZE)
    try:
        assert upload(port, "/image/file", (), source, SIZE) == (SIZE, "CloudTwo")
        assert upload(port, "/image/file", (), source, 1000) == (1000, "CloudTwo")
    finally:
        os.close(source)


def test_a_health_check_gets_a_small_answer(port: int) -> None:
    assert download(port, "/image/", ()) == (0, "CloudTwo")


def test_an_unexpected_answer_is_an_error() -> None:
    with pytest.raises((BlobError, OSError)):
        download(free_ports(1)[0], "/image/file", ())
