# SPDX-License-Identifier: Apache-2.0
"""Services for tests without real clouds: each accepts all tokens, and keeps the request ids, tokens
and addresses of clients that it is sent."""

import json
import re
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from openstackoid.routing.pages import HEALTH
from unit.bridge.stage import token
from unit.gateway.running import serving


class Service(ThreadingHTTPServer):
    """A service on a free port of 127.0.0.1, on https with a certificate. The path ``/wait/SECONDS`` takes its time."""

    request_queue_size = 512
    daemon_threads = True

    def __init__(self, certificate: Path | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        if certificate is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate)
            # The thread of a connection does the handshake.
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server_address[1]
        self.workflows: list[str] = []
        self.tokens: list[str] = []
        self.sources: list[str] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """A gateway that is killed is no error of the service."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Service

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(202)

    def do_GET(self) -> None:
        if self.path == HEALTH:
            # It keeps the connection of a gateway.
            self._send(200, b"ok")
        elif "/auth/tokens" in self.path:
            self._send(200, json.dumps(token("member")).encode())
        else:
            self._answer(200)

    def _answer(self, status: int) -> None:
        if known := self.headers.get("X-OpenStack-Request-Id"):
            self.server.workflows.append(known)
        if sent := self.headers.get("X-Auth-Token"):
            self.server.tokens.append(sent)
        self.server.sources += self.headers.get_all("X-Forwarded-For", [])
        if waits := re.search(r"/wait/([0-9.]+)", self.path):
            time.sleep(float(waits[1]))
        self._send(status, b"{}")

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""


@contextmanager
def service(certificate: Path | None = None) -> Iterator[Service]:
    """Run a service; with a certificate, on https."""
    running = Service(certificate)
    with serving(running):
        yield running
