# SPDX-License-Identifier: Apache-2.0
"""HTTP messages as bytes: a service that records requests and answers as told, and a client that reads all of an answer."""

import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import BinaryIO

from conformance.recorder import TOKEN

Pair = tuple[bytes, bytes]

BODILESS = (b"204", b"304")
CASE = b"x-case"
"""The header that has a service record a request: its value is the name of the answer."""


@dataclass(frozen=True)
class Message:
    """A message as it was read: first line, headers in order, what tells the end of the body, and the body."""

    start: bytes
    headers: tuple[Pair, ...]
    framing: str
    body: bytes = b""
    trailers: tuple[Pair, ...] = ()

    def values(self, name: bytes) -> list[bytes]:
        return [value for key, value in self.headers if key.lower() == name]


def read_message(file: BinaryIO, bodiless: Callable[[bytes], bool], invite: Callable[[], None]) -> Message | None:
    """Read a message, or None where there is none; ``bodiless`` looks at its first line, ``invite`` asks for an awaited body."""
    start = file.readline().rstrip(b"\r\n")
    if not start:
        return None
    headers = _headers(file)
    told = {key.lower(): value for key, value in headers}
    if told.get(b"expect", b"").lower() == b"100-continue":
        invite()
    if bodiless(start):
        return Message(start, headers, "none")
    if b"transfer-encoding" in told:
        body, trailers = _chunks(file)
        return Message(start, headers, "chunks", body, trailers)
    if b"content-length" in told:
        return Message(start, headers, "length", file.read(int(told[b"content-length"])))
    if start.startswith(b"HTTP/"):
        return Message(start, headers, "end", file.read())
    return Message(start, headers, "none")


def _headers(file: BinaryIO) -> tuple[Pair, ...]:
    found = []
    while (line := file.readline()) not in (b"\r\n", b""):
        key, _, value = line.partition(b":")
        found.append((key, value.strip(b" \t\r\n")))
    return tuple(found)


def _chunks(file: BinaryIO) -> tuple[bytes, tuple[Pair, ...]]:
    body = b""
    while size := int(file.readline().partition(b";")[0], 16):
        body += file.read(size)
        file.readline()
    return body, _headers(file)


@dataclass
class Service:
    """Servers on loopback for all services. ``answers`` are the bytes to be sent, by ``X-Case``; ``seen`` the requests."""

    answers: dict[bytes, bytes] = field(default_factory=dict)
    seen: list[Message] = field(default_factory=list)
    _listening: list[socket.socket] = field(default_factory=list)

    def serve(self, port: int) -> None:
        listening = socket.create_server(("127.0.0.1", port), backlog=128)
        self._listening.append(listening)
        threading.Thread(target=self._accept, args=(listening,), daemon=True).start()

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as file, suppress(OSError, ValueError):
            connection.settimeout(10)
            request = read_message(file, lambda _: False, lambda: connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n"))
            if request is None:
                return
            case = request.values(CASE)
            if case:
                self.seen.append(request)
                connection.sendall(self.answers[case[0]])
            else:
                # A gateway asks for its health, or whose token it is.
                content = json.dumps({"token": TOKEN}).encode()
                head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
                connection.sendall(head % len(content) + content)

    def close(self) -> None:
        for listening in self._listening:
            listening.close()


def exchange(port: int, request: bytes, *, expects: bool = False) -> Message:
    """Send a request and read its answer; with ``expects``, the body follows the interim answer that asks for it."""
    method = request.partition(b" ")[0]
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection, connection.makefile("rb") as file:
        head, _, body = request.partition(b"\r\n\r\n")
        connection.sendall(head + b"\r\n\r\n" + (b"" if expects else body))
        while True:
            answer = read_message(
                file, lambda start: method == b"HEAD" or start.split(b" ")[1] in BODILESS or start[9:10] == b"1", lambda: None
            )
            assert answer is not None, "the connection ended without an answer"
            if answer.start.split(b" ")[1] != b"100":
                return answer
            connection.sendall(body)
