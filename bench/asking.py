# SPDX-License-Identifier: Apache-2.0
"""A request that is sent one at a time, with its answer looked at: for what a load generator does not tell."""

import http.client
import ssl
from types import TracebackType
from urllib.parse import urlsplit

from bench.haproxy import SERVED_BY
from bench.load import Request

_PATIENCE = 60.0


def unverified() -> ssl.SSLContext:
    """Return how a client speaks TLS that takes any certificate, as wrk does: whose it is, is not what is measured."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Asking:
    """One connection, kept alive, on which a request is sent again and again."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._headers = dict(line.split(": ", 1) for line in request.headers)
        parts = urlsplit(request.url)
        self._path, host = parts.path, parts.hostname or ""
        self._connection = (
            http.client.HTTPSConnection(host, parts.port, timeout=_PATIENCE, context=unverified())
            if parts.scheme == "https"
            else http.client.HTTPConnection(host, parts.port, timeout=_PATIENCE)
        )

    def __enter__(self) -> "Asking":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._connection.close()

    def ask(self, *more: str) -> tuple[int, str | None, bytes]:
        """Return the answer's status, who served it, and its body. Raises ``OSError`` or ``http.client.HTTPException``.

        ``more``: headers of this request alone.
        """
        headers = self._headers | dict(line.split(": ", 1) for line in more)
        self._connection.request(self._request.method, self._path, self._request.body, headers)
        answer = self._connection.getresponse()
        return answer.status, answer.getheader(SERVED_BY), answer.read()
