# SPDX-License-Identifier: Apache-2.0
"""A way to Keystone that delays questions about tokens, and nothing else."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

TOKENS = "/v3/auth/tokens"
_HOP_BY_HOP = ("connection", "keep-alive", "transfer-encoding", "content-length")


class TokenDelay:
    """``seconds``: the delay of each question. ``passed`` is set once a request has gone this way."""

    def __init__(self, backend: str) -> None:
        self.backend = urlsplit(backend)
        self.seconds = 0.0
        self.passed = threading.Event()
        self.over = threading.Event()
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.backend.path}"


@contextmanager
def token_delay(backend: str) -> Iterator[TokenDelay]:
    """Listen in the place of a Keystone at the URL ``backend``."""
    delay = TokenDelay(backend)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = urlsplit(self.path).path
            if self.command == "GET" and path.endswith(TOKENS):
                delay.passed.set()
                delay.over.wait(delay.seconds)
            connection = HTTPConnection(str(delay.backend.hostname), delay.backend.port, timeout=60)
            try:
                headers = {key: value for key, value in self.headers.items() if key.lower() not in _HOP_BY_HOP}
                connection.request(self.command, self.path, body, headers)
                got = connection.getresponse()
                content = got.read()
                self.send_response(got.status, got.reason)
                for key, value in got.getheaders():
                    if key.lower() not in _HOP_BY_HOP:
                        self.send_header(key, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(b"" if self.command == "HEAD" else content)
            finally:
                connection.close()

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """HAProxy closes connections at a reload."""

    with Server(("127.0.0.1", 0), Handler) as server:
        delay.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield delay
        finally:
            delay.over.set()
            server.shutdown()
            thread.join()
