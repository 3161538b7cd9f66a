# SPDX-License-Identifier: Apache-2.0
"""A peer answers once: no interim answer passes, or a client takes the one that follows for that to its next request."""

import contextlib
import http.client
import socket
import time

import pytest

from conformance.case import WEBSOCKET
from conformance.hostile import ODD, PLAIN, Arrived, Site, read_answers
from conformance.hostile_plays import MIB, WAY, for_ever, grown, memory, says
from waiting import until

ASKED = "".join(f"{name}: {value}\r\n" for name, value in WEBSOCKET)


def test_interim_answers_without_end_are_no_answer(site: Site) -> None:
    """By the bridge, which waits for another one."""
    before = memory(site)
    site.plays["two"] = for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 64, 0.001)
    began = time.monotonic()
    answer = site.get("/compute/v2.1/servers/7", ODD["CloudTwo"])
    assert (answer.status, time.monotonic() - began < 6) == (504, True)
    assert grown(site, before) < 32 * MIB


@pytest.mark.parametrize("way", WAY)
@pytest.mark.parametrize("status", [100, 101, 102, 103, 110, 199])
def test_no_answer_of_a_peer_is_taken_for_that_to_the_next_request(status: int, way: str, site: Site) -> None:
    """Python's ``http.client``, which all services and clients of OpenStack use, takes 103 for the answer."""

    def play(connection: socket.socket, _: Arrived) -> None:
        connection.sendall(b"HTTP/1.1 %d Early\r\nLink: </a>; rel=preload\r\nUpgrade: websocket\r\n\r\n" % status)
        time.sleep(0.3)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged")

    site.plays["two"] = play
    connection = http.client.HTTPConnection("127.0.0.1", site.ports["gate"], timeout=60)
    with contextlib.closing(connection):
        first, body = None, b""
        with contextlib.suppress(http.client.RemoteDisconnected):
            connection.request("GET", "/compute/v2.1/servers/7", headers=header_lines(WAY[way]))
            answer = connection.getresponse()
            first, body = answer.status, answer.read()
        assert (first, body) == (200, b"forged") or first in (None, 502)
        connection.request("GET", "/identity/v3")
        assert connection.getresponse().read() == b"identity /identity/v3"


def test_interim_answers_without_end_end_the_connection_at_haproxy(site: Site) -> None:
    left: list[bool] = []

    def play(connection: socket.socket, _: Arrived) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 64)
        left.append(True)

    site.plays["two"] = play
    got = site.send(f"GET /compute/v2.1/servers/7 HTTP/1.1\r\nHost: h\r\n{PLAIN['CloudTwo']}\r\n", until=b"")
    assert (got.answers, got.ended, got.rest) == ([], True, b"")
    until(lambda: left == [True])


EARLY = b"HTTP/1.1 103 Early Hints\r\n\r\n"
SWITCHES = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nhello"
)


@pytest.mark.parametrize("early", [b"", EARLY])
@pytest.mark.parametrize("way", WAY)
def test_a_websocket_begins_with_its_101_alone(way: str, early: bytes, site: Site) -> None:
    def play(connection: socket.socket, _: Arrived) -> None:
        connection.sendall(early)
        time.sleep(0.3)
        connection.sendall(SWITCHES)

    site.plays["two"] = play
    got = site.send(f"GET /compute/v2.1/servers/7 HTTP/1.1\r\nHost: h\r\n{WAY[way]}{ASKED}\r\n", until=b"")
    assert got.statuses == ([] if early and way == "by HAProxy" else [101])


@pytest.mark.parametrize("way", WAY)
def test_an_interim_answer_in_one_segment_with_the_101_is_no_answer(way: str, site: Site) -> None:
    """HAProxy reads both at once, and takes the second for an invalid one."""
    site.plays["two"] = says(EARLY + SWITCHES)
    got = site.send(f"GET /compute/v2.1/servers/7 HTTP/1.1\r\nHost: h\r\n{WAY[way]}{ASKED}\r\n", until=b"")
    assert got.statuses == [502]


@pytest.mark.parametrize("way", WAY)
def test_a_client_that_waits_with_its_body_is_asked_for_it_by_the_gateway(way: str, site: Site) -> None:
    """So a peer has no interim answer to give."""

    def play(connection: socket.socket, request: Arrived) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" + request.body)

    site.plays["two"] = play
    with site.connect() as connection:
        lines = "Expect: 100-continue\r\nContent-Length: 4\r\n"
        connection.sendall(f"PUT /image/v2/images/i/file HTTP/1.1\r\nHost: h\r\n{WAY[way]}{lines}\r\n".encode())
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"body")
        assert read_answers(connection, b"body").answers[0].body == b"body"
    assert site.arrived[-1].values("expect") == []


def header_lines(text: str) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in text.splitlines())
