# SPDX-License-Identifier: Apache-2.0
"""Large bodies at little cost: a server that sends and takes them, and a client. Neither looks at what it sends or gets.

``python -m bench.blob SIZE NAME=PORT...`` serves until it is stopped. Bytes go out by ``sendfile``, and the kernel
drops them as they come in, so that the proxy between is what takes the time.
"""

import os
import re
import socket
import sys
import threading
from contextlib import suppress

from bench.haproxy import SERVED_BY

_HOST = "127.0.0.1"
_CHUNK = 4 * 1024 * 1024
_PATIENCE = 60.0
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_BY = re.compile(rf"\r\n{SERVED_BY}: *(\w+)\r\n".encode(), re.IGNORECASE)


class BlobError(Exception):
    """The other side left too early, or said what was not expected."""


def blob(size: int) -> int:
    """Return the descriptor of a file of ``size`` bytes, which takes no room."""
    descriptor = os.memfd_create("blob")
    os.truncate(descriptor, size)
    return descriptor


def download(port: int, path: str, headers: tuple[str, ...]) -> tuple[int, str]:
    """Return the number of bytes of a body, and who sent it. Raises :class:`BlobError` or ``OSError``."""
    with socket.create_connection((_HOST, port), _PATIENCE) as connection:
        connection.sendall(_head("GET", path, headers))
        head, rest = _read_head(connection)
        length, by = _checked(head)
        _drop(connection, length - len(rest))
        return length, by


def upload(port: int, path: str, headers: tuple[str, ...], source: int, size: int) -> tuple[int, str]:
    """Send ``size`` bytes of a file; return how many the server says it got, and who it is.

    Raises :class:`BlobError` or ``OSError``.
    """
    with socket.create_connection((_HOST, port), _PATIENCE) as connection:
        connection.sendall(_head("PUT", path, (*headers, f"Content-Length: {size}")))
        _send(connection, source, size)
        head, rest = _read_head(connection)
        length, by = _checked(head)
        while len(rest) < length:
            rest += _some(connection)
        return int(rest), by


def _head(method: str, path: str, headers: tuple[str, ...]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {_HOST}", "Connection: close", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _checked(head: bytes) -> tuple[int, str]:
    length, by = _LENGTH.search(head), _BY.search(head)
    if not head.startswith(b"HTTP/1.1 200 ") or length is None or by is None:
        raise BlobError(head.decode(errors="replace").splitlines()[0])
    return int(length[1]), by[1].decode()


def _some(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise BlobError("the connection ended too early")
    return data


def _read_head(connection: socket.socket) -> tuple[bytes, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        data += _some(connection)
    head, _, rest = data.partition(b"\r\n\r\n")
    return head + b"\r\n", rest


def _drop(connection: socket.socket, left: int) -> None:
    # With MSG_TRUNC a TCP socket counts what has come, and copies nothing.
    room = bytearray(_CHUNK)
    while left > 0:
        count = connection.recv_into(room, min(left, _CHUNK), socket.MSG_TRUNC)
        if count == 0:
            raise BlobError("the connection ended too early")
        left -= count


def _send(connection: socket.socket, source: int, size: int) -> None:
    connection.setblocking(True)
    offset = 0
    while offset < size:
        offset += os.sendfile(connection.fileno(), source, offset, min(_CHUNK, size - offset))


def _serve(connection: socket.socket, name: str, source: int, size: int) -> None:
    """Answer the requests of one connection: a file is large, anything else, such as a health check, is empty."""
    with connection, suppress(BlobError, OSError):
        while True:
            head, rest = _read_head(connection)
            length = _LENGTH.search(head)
            taken = 0 if length is None else int(length[1])
            _drop(connection, taken - len(rest))
            said = str(taken).encode() if head.startswith(b"PUT ") else b""
            sent = size if head.split(b" ")[1].endswith(b"/file") and not said else len(said)
            answer = f"HTTP/1.1 200 OK\r\n{SERVED_BY}: {name}\r\nContent-Length: {sent}\r\n\r\n"
            connection.sendall(answer.encode() + said)
            if sent > len(said):
                _send(connection, source, size)


def _accept(name: str, port: int, source: int, size: int) -> None:
    with socket.create_server((_HOST, port)) as listening:
        while True:
            connection, _ = listening.accept()
            threading.Thread(target=_serve, args=(connection, name, source, size), daemon=True).start()


def main(argv: list[str]) -> None:
    """Serve until the process is stopped."""
    size = int(argv[0])
    source = blob(size)
    threads = []
    for place in argv[1:]:
        name, _, port = place.partition("=")
        threads.append(threading.Thread(target=_accept, args=(name, int(port), source, size), daemon=True))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(sys.argv[1:])
