# SPDX-License-Identifier: Apache-2.0
"""A small server for tests of what asks: its answers are a function's, and it counts its connections."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

Answering = Callable[[str, str, dict[str, str]], tuple[int, bytes]]


@dataclass
class Served:
    """What a server was asked, and by how many connections; ``closes``: it closes each after its answer."""

    url: str = ""
    closes: bool = False
    connections: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)


@contextmanager
def serving(answer: Answering, *, closes: bool = False, idle: float | None = None) -> Iterator[Served]:
    """Serve until the end of the block; a connection that is idle for ``idle`` seconds is closed."""
    served = Served(closes=closes)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = idle

        def setup(self) -> None:
            served.connections += 1
            super().setup()

        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            served.asked.append((self.command, self.path))
            status, content = answer(self.command, self.path, dict(self.headers))
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            if served.closes:
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    for method in ("GET", "POST"):
        setattr(Handler, f"do_{method}", Handler._answer)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    served.url = f"http://127.0.0.1:{server.server_address[1]}/image"
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
