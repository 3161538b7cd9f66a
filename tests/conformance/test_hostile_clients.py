# SPDX-License-Identifier: Apache-2.0
"""Clients that are slow, or too many: each is waited for within a bound, and others are served meanwhile."""

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from conformance.hostile import ODD, PLAIN, Answer, Arrived, Site, from_address, hostile_site, read_answers
from waiting import timed, until

CLIENT = 1.5
"""Seconds that the gateway of these tests gives a client."""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with hostile_site() as running:
        yield running


def error(answer: Answer) -> str:
    document = json.loads(answer.body)["error"]
    assert document["code"] == answer.status
    return str(document["message"])


def dripping(connection: socket.socket, data: bytes, pause: float = 0.2) -> None:
    """Send byte by byte, as long as the other side reads."""
    with contextlib.suppress(OSError):
        for number in range(len(data)):
            connection.sendall(data[number : number + 1])
            time.sleep(pause)


def test_a_head_that_comes_letter_by_letter_is_given_up(site: Site) -> None:
    site.arrived.clear()
    began = time.monotonic()
    with site.connect() as connection:
        dripping(connection, b"GET /image/a HTTP/1.1\r\nHost: h\r\n")
        got = read_answers(connection, None)
    assert got.ended
    assert got.statuses in ([408], [])
    assert time.monotonic() - began < 10
    assert site.arrived == []


@timed
def test_an_idle_connection_is_closed(site: Site) -> None:
    began = time.monotonic()
    with site.connect() as connection:
        assert read_answers(connection, None).statuses in ([408], [])
    assert CLIENT / 2 < time.monotonic() - began < 2 * CLIENT


@timed
def test_so_is_one_that_was_used(site: Site) -> None:
    with site.connect() as connection:
        connection.sendall(b"GET /image/a HTTP/1.1\r\nHost: h\r\n\r\n")
        began = time.monotonic()
        got = read_answers(connection, None)
    assert (got.statuses, got.ended) == ([200], True)
    assert time.monotonic() - began < 2 * CLIENT


@pytest.mark.parametrize("headers", ["", PLAIN["CloudTwo"], ODD["CloudTwo"]], ids=["at home", "to a peer", "by the bridge"])
@timed
def test_a_body_that_stops_coming_is_given_up(headers: str, site: Site) -> None:
    """The service sees that it breaks off: it has not got the whole of the request."""
    site.arrived.clear()
    began = time.monotonic()
    with site.connect() as connection:
        connection.sendall(f"PUT /image/a HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n{headers}\r\nabc".encode())
        got = read_answers(connection, None)
    assert got.ended
    assert got.statuses in ([408], [400])
    assert error(got.answers[0]).startswith("gateway of CloudOne: the ")
    assert time.monotonic() - began < 3 * CLIENT
    assert all(len(request.body) < 1000 for request in site.arrived)


@pytest.mark.parametrize("headers", ["", PLAIN["CloudTwo"], ODD["CloudTwo"]], ids=["at home", "to a peer", "by the bridge"])
def test_a_reader_that_stops_reading_is_let_go_and_so_is_the_service(headers: str, site: Site) -> None:
    left: list[str] = []

    def play(connection: socket.socket, request: Arrived) -> None:
        with contextlib.suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
            while True:
                connection.sendall(b"x" * 65536)
        left.append(request.server)

    name = "two" if headers else "image"
    site.plays[name] = play
    with site.connect() as connection:
        connection.sendall(f"GET /image/a HTTP/1.1\r\nHost: h\r\n{headers}\r\n".encode())
        until(lambda: left == [name], 4 * CLIENT)
    site.plays.clear()
    assert site.get("/image/b").status == 200


@timed
def test_more_connections_than_there_may_be_wait_for_those_that_end() -> None:
    with hostile_site("{connections: 20}") as site, ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(site.connect()).sendall(b"GET /image/a HT")
        began = time.monotonic()
        assert site.get("/image/b").body == b"image /image/b"
        assert CLIENT / 2 < time.monotonic() - began < 3 * CLIENT
        assert site.get("/image/c").status == 200


ONE = b"GET /image/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def strict() -> Iterator[Site]:
    limits = "{source_connections: 8, source_requests: 3, exempt: [127.0.0.9, 10.0.0.0/8], bridge: 4, unaccepted: 2, wait: 0.5}"
    with hostile_site(limits) as running:
        yield running


def test_a_source_that_sends_too_often_is_told_so(strict: Site) -> None:
    """Others are not: an address of its own, and one that the operator has exempted."""
    answers = [from_address(strict, "127.0.0.5", ONE).answers[0] for _ in range(34)]
    assert [answer.status for answer in answers] == [200] * 30 + [429] * 4
    assert error(answers[-1]) == "gateway of CloudOne: 127.0.0.5 sends more than 3 requests a second"
    assert b"\r\nretry-after: 10\r\n" in answers[-1].head.lower()
    assert b"\r\ncontent-type: application/json\r\n" in answers[-1].head.lower()
    assert from_address(strict, "127.0.0.6", ONE).statuses == [200]
    assert [from_address(strict, "127.0.0.9", ONE).statuses for _ in range(40)] == [[200]] * 40


def test_a_source_that_connects_too_often_is_closed(strict: Site) -> None:
    with ExitStack() as stack:
        for address in ("127.0.0.7", "127.0.0.9"):
            for _ in range(8):
                stack.enter_context(socket.create_connection(("127.0.0.1", strict.ports["gate"]), 10, (address, 0)))
        # Two threads of HAProxy accept them, in any order.
        time.sleep(0.2)
        got = from_address(strict, "127.0.0.7", ONE)
        assert (got.statuses, got.ended) == ([], True)
        assert from_address(strict, "127.0.0.8", ONE).statuses == [200]
        assert from_address(strict, "127.0.0.9", ONE).statuses == [200]
    until(lambda: from_address(strict, "127.0.0.7", ONE).statuses == [200])


@timed
def test_requests_beyond_the_bridges_limit_wait_and_get_503(strict: Site) -> None:
    """Requests that HAProxy handles alone are not concerned."""

    def hold(connection: socket.socket, _: Arrived) -> None:
        with contextlib.suppress(OSError):
            connection.recv(1)

    request = f"GET /image/v2/images/a/file HTTP/1.1\r\nHost: h\r\n{ODD['CloudTwo']}Connection: close\r\n\r\n".encode()
    strict.plays["two"] = hold
    strict.arrived.clear()
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(strict.connect()).sendall(request)
        until(lambda: len(strict.arrived) == 2)
        began = time.monotonic()
        got = from_address(strict, "127.0.0.9", request)
        assert got.statuses == [503]
        assert 0.3 < time.monotonic() - began < 1.4
        words = "gateway of CloudOne: the Python service behind the gateway is at work on 2 requests without a token that"
        assert error(got.answers[0]) == f"{words} a Keystone has accepted, the most that it takes"
        assert b"\r\nretry-after: 1\r\n" in got.answers[0].head.lower()
        assert from_address(strict, "127.0.0.9", ONE).statuses == [200]
    del strict.plays["two"]
    until(lambda: from_address(strict, "127.0.0.9", request).statuses == [200])
