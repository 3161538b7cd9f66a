# SPDX-License-Identifier: Apache-2.0
"""New connections against a server with TLS: all of them are counted, and each is a whole handshake."""

import os
import ssl
from collections.abc import Iterator
from http.server import HTTPServer
from threading import Thread

import pytest

from bench.asking import Asking
from bench.handshakes import handshakes
from bench.load import NoAnswerError, Request
from openstackoid.certs import issue, make_authority
from tools.bench.answering import Answer

CORES = frozenset(os.sched_getaffinity(0))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HTTPServer]:
    folder = tmp_path_factory.mktemp("certificates")
    make_authority(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issue(folder, "CloudTwo", ["127.0.0.1"]))
    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def root(server: HTTPServer) -> str:
    return f"https://127.0.0.1:{server.server_address[1]}"


def test_each_connection_is_counted_with_its_time(root: str) -> None:
    answers = handshakes(Request(f"{root}/image"), 0.1, CORES)
    assert answers.requests > 1
    assert answers.failed == 0
    assert 0 < answers.p50 <= answers.p99 <= answers.p999
    assert answers.rate == pytest.approx(answers.requests / answers.seconds)


def test_answers_that_are_not_200_are_no_measurement(root: str) -> None:
    with pytest.raises(NoAnswerError, match=r"none of \d+ connections got an answer"):
        handshakes(Request(f"{root}/down"), 0.05, CORES)


def test_a_single_question_takes_any_certificate_as_the_load_does(root: str) -> None:
    with Asking(Request(f"{root}/image")) as asking:
        assert asking.ask() == (200, "CloudTwo", b"")
