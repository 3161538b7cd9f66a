# SPDX-License-Identifier: Apache-2.0
"""Servers of tests that answer each method in one way."""

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Answering(BaseHTTPRequestHandler):
    """A handler that answers all methods by :meth:`answer`, and writes no log."""

    def answer(self) -> None:
        raise NotImplementedError

    def log_message(self, format: str, *args: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Health checks of many services come at once; where none is taken for a moment, Linux drops what a short queue cannot hold.
    request_queue_size = 512

    def handle_error(self, request: object, client_address: object) -> None:
        """A gateway or a health check that leaves early is not an error."""


def start_server(handler: type[Answering], port: int, tls: ssl.SSLContext | None = None) -> ThreadingHTTPServer:
    """Start a server of loopback."""
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        setattr(handler, f"do_{method}", handler.answer)
    server = _Server(("127.0.0.1", port), handler)
    if tls is not None:
        # Each thread has its own handshake, so that a failed one does not end the server.
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return server
