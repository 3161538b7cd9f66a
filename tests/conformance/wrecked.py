# SPDX-License-Identifier: Apache-2.0
"""Servers that answer badly, and quote their whole requests, which a gateway's errors must not."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Answer = Callable[[bytes], bytes]
"""The bytes for the head and body of a request; the connection is closed after it."""


def _head_of(request: bytes) -> bytes:
    return request.partition(b"\r\n\r\n")[0].replace(b"\r\n", b" | ")


def _json(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    lines = [b"HTTP/1.1 " + status, b"Content-Type: application/json", b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\nConnection: close\r\n\r\n" + body


ANSWERS: dict[str, Answer] = {
    "good": lambda _: _json(b"{}"),
    "garbage": lambda request: _head_of(request) + b"\r\n\r\n",
    "no status": lambda request: b"HTTP/1.1 " + _head_of(request)[:400] + b"\r\n\r\n",
    "a broken header": lambda request: b"HTTP/1.1 200 OK\r\n" + _head_of(request)[:400] + b"\r\n\r\n",
    "a header that is not UTF-8": lambda request: _json(b"{}", b"X-Said: \xff" + _head_of(request)[:400]),
    "a broken length": lambda request: b"HTTP/1.1 200 OK\r\nContent-Length: " + _head_of(request)[:400] + b"\r\n\r\n",
    "half an answer": lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{",
    "no document": lambda request: _json(b'{"token": "' + _head_of(request).replace(b'"', b"'") + b'"}'),
    "unauthorized": lambda _: _json(b'{"error": {"code": 401, "title": "Unauthorized", "message": "no"}}', status=b"401 No"),
    "nothing": lambda _: b"",
}


class Hostile:
    """One server on loopback. ``answers`` names its current answer; its requests are added to the file ``seen``."""

    def __init__(self, seen: Path) -> None:
        self.answers = "good"
        self.special: dict[bytes, Answer] = {}
        self._seen = seen
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            try:
                connection.settimeout(5)
                request = self._read(connection)
                if not request:
                    return  # a health check
                with self._seen.open("ab") as file:
                    file.write(request + b"\n")
                special = next((answer for start, answer in self.special.items() if request.startswith(start)), None)
                connection.sendall((special or ANSWERS[self.answers])(request))
            except OSError:
                return

    @staticmethod
    def _read(connection: socket.socket) -> bytes:
        request = b""
        while b"\r\n\r\n" not in request:
            chunk = connection.recv(65536)
            if not chunk:
                return request
            request += chunk
        head, _, body = request.partition(b"\r\n\r\n")
        length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
        while len(body) < length and (chunk := connection.recv(65536)):
            body += chunk
        return head + b"\r\n\r\n" + body

    def close(self) -> None:
        self._listening.close()


@contextmanager
def hostile(seen: Path) -> Iterator[Hostile]:
    """Run a server."""
    server = Hostile(seen)
    try:
        yield server
    finally:
        server.close()
