# SPDX-License-Identifier: Apache-2.0
"""Connections that are kept, or made anew where the server closes them; times and lengths of answers; what is not expected."""

import http.client
import time
from collections.abc import Iterator

import pytest

from bench.errors import BenchError
from bench.lab.client import Client, expect
from tools.bench.lab.serving import Served, serving

BODY = bytes(range(256)) * 8192


@pytest.fixture(params=[False, True], ids=["keeps", "closes"])
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    with serving(lambda *_: (200, BODY), closes=request.param) as running:
        yield running


def test_a_connection_is_made_once_where_the_server_keeps_it(served: Served) -> None:
    client = Client(served.url)
    answers = [client.ask("GET", "/v2/images", {}) for _ in range(3)]
    assert served.asked == [("GET", "/image/v2/images")] * 3, "the path stands behind that of the URL"
    assert served.connections == (3 if served.closes else 1)
    assert [answer.connect > 0 for answer in answers] == ([True] * 3 if served.closes else [True, False, False])
    client.close()


def test_an_answer_has_status_content_and_times(served: Served) -> None:
    client = Client(served.url)
    answer = client.ask("GET", "/x", {})
    assert (answer.status, answer.content, answer.length) == (200, BODY, len(BODY))
    assert answer.seconds > answer.connect > 0
    assert answer.cpu > 0
    counted = client.ask("GET", "/x", {}, keep=False)
    assert (counted.content, counted.length) == (b"", len(BODY))
    client.close()


def test_a_connection_that_was_closed_while_it_was_idle_is_made_again() -> None:
    with serving(lambda *_: (200, b"{}")) as served:
        client = Client(served.url)
        client.ask("GET", "/", {})
        connection = client._connection
        assert connection.sock is not None
        connection.sock.shutdown(2)
        assert client.ask_again("GET", "/", {}).json() == {}
        assert served.connections == 2
        client.close()


def test_a_connection_that_the_server_closes_while_it_is_idle_is_made_again_before_the_clock_starts() -> None:
    with serving(lambda *_: (200, b"{}"), idle=0.05) as served:
        client = Client(served.url)
        client.ask("GET", "/", {})
        time.sleep(0.5)
        assert client.ask("GET", "/", {}).connect == 0
        assert served.connections == 2
        client.close()


def test_a_server_without_an_answer_is_named() -> None:
    with serving(lambda *_: (200, b"")) as served:
        url = served.url
    for ask in (Client(url).ask, Client(url).ask_again):
        with pytest.raises(BenchError, match=r"^GET /v2 at 127\.0\.0\.1:\d+ has no answer: "):
            ask("GET", "/v2", {})


def test_a_truncated_answer_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(*_: object) -> int:
        raise http.client.IncompleteRead(b"")

    with serving(lambda *_: (200, BODY)) as served:
        monkeypatch.setattr(http.client.HTTPResponse, "readinto", cut)
        client = Client(served.url)
        with pytest.raises(BenchError, match=r"GET /v2 at .* has no answer: IncompleteRead"):
            client.ask("GET", "/v2", {})


def test_an_unexpected_status_is_reported_with_the_body() -> None:
    with serving(lambda *_: (403, b'{"error": "no"}')) as served:
        client = Client(served.url)
        with pytest.raises(BenchError, match=r'^straight: 403, not 200: \{"error": "no"\}$'):
            expect(client.ask("GET", "/", {}), 200, "straight")
        assert expect(client.ask("GET", "/", {}), 403, "straight").json() == {"error": "no"}
        client.close()


def test_without_tls_no_session_is_reported() -> None:
    assert Client("http://127.0.0.1:1/").tls == ""
