# SPDX-License-Identifier: Apache-2.0
"""Ends of requests, which services read in their own ways: none takes a part of one for another user's request."""

import socket
from collections.abc import Iterator

import pytest

from conformance.hostile import ODD, PLAIN, Arrived, Site, hostile_site
from waiting import until

POST = "POST /image/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
NEXT = b"GET /compute/next HTTP/1.1\r\nHost: h\r\n\r\n"
HIS = b"compute /compute/next"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with hostile_site() as running:
        yield running


@pytest.mark.parametrize("headers", ["", ODD["CloudOne"]], ids=["by HAProxy", "by the bridge"])
def test_a_request_with_trailers_is_the_last_on_its_connection_to_a_service(headers: str, site: Site) -> None:
    """Eventlet before 0.40.3 takes the second trailer for the next request: another user would get the answer to it."""
    ended: list[bool] = []

    def play(connection: socket.socket, _: Arrived) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")
        connection.settimeout(1)
        try:
            ended.append(connection.recv(1) == b"")
        except ConnectionError:
            ended.append(True)
        except TimeoutError:
            ended.append(False)

    trailers = "X-A: b\r\nGET: /image/evil HTTP/1.1\r\nHost: h\r\n\r\n"
    site.plays["image"] = play
    try:
        got = site.send(f"{POST}{headers}\r\n1\r\nx\r\n0\r\n{trailers}".encode() + NEXT, until=HIS)
        until(lambda: ended != [])
    finally:
        del site.plays["image"]
    assert (ended, got.statuses, got.ended) == ([True], [200, 200], False)


@pytest.mark.parametrize("headers", ["", ODD["CloudOne"], PLAIN["CloudTwo"], ODD["CloudTwo"]])
@pytest.mark.parametrize("name", ["Transfer_Encoding", "TRANSFER_ENCODING", "Content_Length"])
def test_an_underscore_brings_no_other_end_of_a_body(name: str, headers: str, site: Site) -> None:
    """Eventlet before 0.37 reads a body in chunks by such a name, and what it leaves of the body as the next request."""
    body = "0\r\n\r\nDELETE /image/evil HTTP/1.1\r\nX-Openstackoid-From: CloudTwo\r\n\r\n"
    value = "0" if name == "Content_Length" else "chunked"
    head = f"POST /image/a HTTP/1.1\r\nHost: h\r\n{headers}{name}: {value}\r\nContent-Length: {len(body)}\r\n\r\n"
    assert site.send((head + body).encode() + NEXT, until=HIS).statuses == [200, 200]
    [arrived] = [request for request in site.arrived if request.line.startswith("POST")]
    assert (name.lower().encode() in arrived.head.lower(), arrived.body) == (False, body.encode())
