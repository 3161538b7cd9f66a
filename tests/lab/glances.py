# SPDX-License-Identifier: Apache-2.0
"""CloudOne's Glance fails: at an address where nothing listens, or behind a proxy that fails its users when it is told to."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from examples.glance_faults import CUT_BYTES, CUT_DOCUMENT, UNAVAILABLE

Change = Callable[[dict[str, Any]], None]
"""Changes a mesh description."""

_TIMEOUT = 30
_OF_A_CONNECTION = ("connection", "content-length", "transfer-encoding")


class _Handler(BaseHTTPRequestHandler):
    """Forwards a GET to the real Glance. A user's request fails as ``server.fault`` says; HAProxy's health checks do not."""

    protocol_version = "HTTP/1.1"
    server: "GlanceProxy"

    def do_GET(self) -> None:
        fault = self.server.fault if "X-Auth-Token" in self.headers else ""
        if fault == UNAVAILABLE:
            self.server.failed += 1
            self._answer(503, [], b"", 0)
            return
        backend = HTTPConnection(self.server.backend, timeout=_TIMEOUT)
        try:
            backend.request("GET", self.path, headers=dict(self.headers.items()))
            answer = backend.getresponse()
            body = answer.read()
        finally:
            backend.close()
        sent = self._sent(fault, len(body)) if answer.status == 200 else len(body)
        self.server.failed += sent < len(body)
        self.server.served += sent == len(body)
        headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in _OF_A_CONNECTION]
        self._answer(answer.status, headers, body, sent)

    def _sent(self, fault: str, length: int) -> int:
        """Return the number of a body's bytes that are sent before the connection is closed."""
        is_image = self.path.endswith("/file")
        if fault == CUT_DOCUMENT:
            return 0 if is_image else length // 2
        return length // 2 if fault == CUT_BYTES and is_image else length

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes, sent: int) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:sent])
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass


class GlanceProxy(ThreadingHTTPServer):
    """``fault``: how users' requests fail, one of :mod:`examples.glance_faults`, or ``""``.

    ``failed`` and ``served`` count the answers.
    """

    daemon_threads = True

    def __init__(self, backend: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.backend = backend
        self.fault = ""
        self.failed = self.served = 0

    def before_glance(self, mesh: dict[str, Any]) -> None:
        """Have CloudOne's operator put the proxy in the place of Glance."""
        waiting_less(mesh)
        image = mesh["clouds"]["CloudOne"]["services"]["image"]
        image["backend"] = urlsplit(image["backend"])._replace(netloc=f"127.0.0.1:{self.server_port}").geturl()


@contextmanager
def glance_proxy(backend: str) -> Iterator[GlanceProxy]:
    """Run a proxy before the Glance at this address until the end of the block."""
    with GlanceProxy(backend) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


def waiting_less(mesh: dict[str, Any]) -> None:
    """Have CloudOne's operator wait six seconds for Glance, and check it each half second."""
    cloud = mesh["clouds"]["CloudOne"]
    cloud["services"]["image"]["timeouts"] = {"server": 6}
    cloud["gateway"].setdefault("timeouts", {})["check"] = 0.5


def accepts(address: str) -> bool:
    """Return whether something listens at this address, ``HOST:PORT``."""
    host, _, port = address.rpartition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def free_port() -> int:
    """Return a port of loopback where nothing listens."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        return int(closed.getsockname()[1])


def served_at(port: int) -> Change:
    """Return the change by which CloudOne's operator has another server serve images, and waits less for it."""

    def change(mesh: dict[str, Any]) -> None:
        waiting_less(mesh)
        mesh["clouds"]["CloudOne"]["services"]["image"]["backend"] = f"http://127.0.0.1:{port}"

    return change
