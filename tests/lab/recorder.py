# SPDX-License-Identifier: Apache-2.0
"""Relays before the services of clouds, as an operator with root could put them there: they keep every byte of each request."""

import socket
import socketserver
import threading
from collections import defaultdict
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

Sent = dict[tuple[str, str], bytearray]
"""The requests to services, by cloud and service type."""


class Recorder:
    """Relays before the backends of the clouds in a mesh description that :meth:`describe` has changed."""

    def __init__(self) -> None:
        self.sent: Sent = defaultdict(bytearray)
        self._relays: list[_Relay] = []

    def describe(self, mesh: dict[str, Any]) -> None:
        """Put a relay in the place of each backend of a mesh description."""
        for cloud, described in mesh["clouds"].items():
            for service, endpoint in described["services"].items():
                endpoint["backend"] = self._before(cloud, service, endpoint["backend"])

    def _before(self, cloud: str, service: str, backend: str) -> str:
        url = urlsplit(backend)
        assert url.hostname is not None and url.port is not None
        relay = _Relay((url.hostname, url.port), self.sent[cloud, service])
        self._relays.append(relay)
        return url._replace(netloc=f"127.0.0.1:{relay.server_address[1]}").geturl()

    def of(self, cloud: str, *services: str) -> bytes:
        """Return the requests to the services of a cloud, or to these of them."""
        return b"\n".join(
            sent for (owner, service), sent in self.sent.items() if owner == cloud and (not services or service in services)
        )

    def close(self) -> None:
        for relay in self._relays:
            relay.shutdown()
            relay.server_close()


class _Relay(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, backend: tuple[str, int], sent: bytearray) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.backend, self.sent = backend, sent
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Connection(socketserver.BaseRequestHandler):
    server: _Relay

    def handle(self) -> None:
        with socket.create_connection(self.server.backend) as backend:
            answers = threading.Thread(target=_copy, args=(backend, self.request, bytearray()), daemon=True)
            answers.start()
            _copy(self.request, backend, self.server.sent)
            answers.join()


def _copy(source: socket.socket, target: socket.socket, kept: bytearray) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            kept += data
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
