# SPDX-License-Identifier: Apache-2.0
"""An upload and a download that stay at their half, and a service for them."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from unit.gateway.running import PATIENCE, serving

HALF = 500_000
BY_PYTHON = {"X-Auth-Token": 'token!SCOPE!{"image":"CloudOne"}', "X-Scope": '{"image":"CloudOne"}'}


class _Transfers(BaseHTTPRequestHandler):
    """A service of slow transfers: a download waits at its half for the test."""

    protocol_version = "HTTP/1.1"
    second_half = threading.Event()

    def do_GET(self) -> None:
        large = self.path.endswith("/file")
        self.send_response(200)
        self.send_header("Content-Length", str(2 * HALF if large else 2))
        self.end_headers()
        if large:
            self.wfile.write(b"d" * HALF)
            self.second_half.wait(PATIENCE)
            self.wfile.write(b"d" * HALF)
        else:
            self.wfile.write(b"ok")

    def do_PUT(self) -> None:
        body = str(len(self.rfile.read(int(self.headers["Content-Length"])))).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""


class _Server(ThreadingHTTPServer):
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A transfer that is cut is no error of the service."""


@contextmanager
def transfers(port: int = 0) -> Iterator[int]:
    """Run the service and give its port."""
    with serving(_Server(("127.0.0.1", port), _Transfers)) as port:
        try:
            yield port
        finally:
            _Transfers.second_half.set()


class Transfers:
    """An upload and a download, by HAProxy and by Python, each at its half."""

    def __init__(self, port: int) -> None:
        _Transfers.second_half.clear()
        self.uploads, self.connections, self.downloads = list[socket.socket](), list[HTTPConnection](), list[HTTPResponse]()
        for headers in ({}, BY_PYTHON):
            upload = socket.create_connection(("127.0.0.1", port), PATIENCE)
            lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            head = f"PUT /image/v2/file HTTP/1.1\r\nHost: h\r\n{lines}Content-Length: {2 * HALF}\r\n\r\n"
            upload.sendall(head.encode() + b"u" * HALF)
            self.uploads.append(upload)
            connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            connection.request("GET", "/image/v2/file", headers=headers)
            self.connections.append(connection)
            self.downloads.append(connection.getresponse())
        assert [len(download.read(HALF)) for download in self.downloads] == [HALF, HALF]

    def finish(self) -> list[int]:
        """Return the bytes that have arrived of each transfer."""
        _Transfers.second_half.set()
        found = [HALF + len(download.read()) for download in self.downloads]
        for upload in self.uploads:
            upload.sendall(b"u" * HALF)
            answer = HTTPResponse(upload)
            answer.begin()
            found.append(int(answer.read()))
            answer.close()
        self.close()
        return found

    def close(self) -> None:
        for upload in self.uploads:
            upload.close()
        for download in self.downloads:
            download.close()
        for connection in self.connections:
            connection.close()
