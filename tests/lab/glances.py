# SPDX-License-Identifier: Apache-2.0
"""Servers in the place of a cloud's Glance that fail, each in its way."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

_END = Event()


class Failing(BaseHTTPRequestHandler):
    """Counts its requests in ``server.asked``, and answers HAProxy's checks, so that it is taken for one that serves.

    Until it fails, it has no image, and counts its requests in ``server.served``.
    """

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if "Host" not in self.headers or not self.server.fails:  # type: ignore[attr-defined]
            self.send_response(200 if "Host" not in self.headers else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            self.server.served += "Host" in self.headers  # type: ignore[attr-defined]
            return
        self.server.asked += "X-Auth-Token" in self.headers  # type: ignore[attr-defined]
        self.fail()

    def fail(self) -> None:
        raise NotImplementedError

    def log_message(self, format: str, *args: object) -> None:
        pass


class Unavailable(Failing):
    def fail(self) -> None:
        self.send_response(503)
        self.send_header("Content-Length", "0")
        self.end_headers()


class Frozen(Failing):
    def fail(self) -> None:
        _END.wait(60)


class Cut(Failing):
    """Breaks off in the body of a document, and before the first byte of an image."""

    def fail(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "1000")
        self.end_headers()
        if not self.path.endswith("/file"):
            self.wfile.write(b'{"id": "')
        self.close_connection = True


def free_port() -> int:
    """Return a port of loopback where nothing listens."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        return int(closed.getsockname()[1])


@contextmanager
def listening(port: int, handler: type[Failing]) -> Iterator[Any]:
    """Have a server with this handler listen until the end of the block; yield it."""
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    server.asked = server.served = 0  # type: ignore[attr-defined]
    server.fails = False  # type: ignore[attr-defined]
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def served_at(port: int) -> Callable[[dict[str, Any]], None]:
    """Return the change by which CloudOne's operator has another server serve images, and waits less for it."""

    def change(mesh: dict[str, Any]) -> None:
        cloud = mesh["clouds"]["CloudOne"]
        cloud["services"]["image"] |= {"backend": f"http://127.0.0.1:{port}", "timeouts": {"server": 6}}
        cloud["gateway"].setdefault("timeouts", {})["check"] = 0.5

    return change
