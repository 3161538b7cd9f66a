# SPDX-License-Identifier: Apache-2.0
"""A load of whole TLS handshakes. wrk resumes its sessions, so that its connections say little of what a new one costs.

One client, without a pause between two connections: it does not fill the gateway's core. What counts is the CPU time of each.
"""

import socket
import ssl
import time
from statistics import median
from urllib.parse import urlsplit

from bench.asking import unverified
from bench.cores import on
from bench.load import Answers, NoAnswerError, Request

_PATIENCE = 10.0


def handshakes(request: Request, seconds: float, cores: frozenset[int]) -> Answers:
    """Send ``request`` for some seconds, each time on a new connection with a TLS session of its own.

    Raises :class:`NoAnswerError` where no answer has come.
    """
    parts = urlsplit(request.url)
    place, context = (parts.hostname or "", parts.port or 443), unverified()
    lines = [f"{request.method} {parts.path} HTTP/1.1", f"Host: {parts.netloc}", "Connection: close", *request.headers]
    head = ("\r\n".join(lines) + "\r\n\r\n").encode()
    took: list[float] = []
    failed = 0
    began = now = time.perf_counter()
    with on(cores):
        while now - began < seconds:
            if _once(place, context, head):
                took.append((time.perf_counter() - now) * 1e6)
            else:
                failed += 1
            now = time.perf_counter()
    if not took:
        raise NoAnswerError(f"{request.url}: none of {failed} connections got an answer")
    took.sort()
    return Answers(len(took), now - began, failed, median(took), took[len(took) * 99 // 100], took[len(took) * 999 // 1000])


def _once(place: tuple[str, int], context: ssl.SSLContext, head: bytes) -> bool:
    """Return whether an answer of 200 came, whole, on a session that was not resumed."""
    try:
        with socket.create_connection(place, _PATIENCE) as connection, context.wrap_socket(connection) as secure:
            secure.sendall(head)
            answer = b""
            while data := secure.recv(65536):
                answer += data
            return answer[8:13] == b" 200 " and not secure.session_reused
    except OSError:
        return False
