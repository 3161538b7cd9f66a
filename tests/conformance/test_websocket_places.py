# SPDX-License-Identifier: Apache-2.0
"""WebSockets have places of their own, and a silent one gives way when all are taken."""

import socket
from contextlib import ExitStack

import pytest

from conformance.hostile import Arrived, Site
from conformance.places import OTHER, SHARE, USER, guarded, message, read, write
from openstackoid.mesh import Limits
from openstackoid.routing.places import Places

OPENED = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
SOCKETS = Places.of(Limits(bridge=40)).sockets


def switch(connection: socket.socket, _: Arrived) -> None:
    """Open a WebSocket, and wait for its end."""
    head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    connection.sendall(f"{head}Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n".encode())
    while connection.recv(100):
        pass


def opened(site: Site, address: str) -> socket.socket:
    """Return a WebSocket that is open."""
    connection = socket.create_connection(("127.0.0.1", site.ports["gate"]), 10, (address, 0))
    connection.sendall(read().replace(b"Connection: close\r\n", OPENED.encode()))
    answer = connection.recv(1000)
    if not answer.startswith(b"HTTP/1.1 101 "):
        connection.close()
        pytest.fail(f"no WebSocket: {answer!r}")
    return connection


def test_websockets_have_places_of_their_own() -> None:
    with guarded() as site, ExitStack() as stack:
        site.plays["image"] = switch
        for _ in range(SHARE):
            stack.enter_context(opened(site, USER))
        del site.plays["image"]
        assert message(site, OTHER, read()) == (200, "")
        assert message(site, OTHER, write()) == (200, "")


def test_silent_websockets_of_one_client_give_way_to_another_clients() -> None:
    with guarded() as site, ExitStack() as stack:
        site.plays["image"] = switch
        silent = [stack.enter_context(opened(site, USER)) for _ in range(SOCKETS)]
        own = stack.enter_context(opened(site, OTHER))
        for connection in silent[:2]:
            assert connection.recv(1) == b""
        for connection in (*silent[2:], own):
            connection.settimeout(0.1)
            with pytest.raises(TimeoutError):
                connection.recv(1)
