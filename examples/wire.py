# SPDX-License-Identifier: Apache-2.0
"""What a gateway shows and accepts on the wire: its certificate, plain HTTP, certificates of others."""

import http.client
import socket
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_PATIENCE = 10.0


def shown_certificate(url: str, authority: str) -> dict[str, Any]:
    """Return a server's certificate, as Python's ``ssl`` has it. Raises ``ssl.SSLError`` when the authority did not sign it."""
    with _connected(url, ssl.create_default_context(cafile=authority)) as connection:
        return dict(connection.getpeercert() or {})


def shown_name(url: str, authority: str) -> str:
    """Return the common name in a server's certificate. Raises as :func:`shown_certificate` does."""
    subject = shown_certificate(url, authority)["subject"]
    return next(str(value) for part in subject for name, value in part if name == "commonName")


def answers_plain_http(url: str) -> bool:
    """Return whether the server answers a request that comes without TLS."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_PATIENCE)
    try:
        connection.request("GET", "/")
        connection.getresponse()
        return True
    except (http.client.HTTPException, OSError):
        return False
    finally:
        connection.close()


def accepts(url: str, authority: str, certificate: Path) -> bool:
    """Return whether the server goes on with a client that shows this certificate, a file with its key in it."""
    context = ssl.create_default_context(cafile=authority)
    context.load_cert_chain(certificate)
    try:
        with _connected(url, context) as connection:
            # A client hears with the first answer that its certificate was refused.
            connection.sendall(f"GET /.openstackoid/health HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\n\r\n".encode())
            return connection.recv(8).startswith(b"HTTP/1.1")
    except (ssl.SSLError, ConnectionError):
        return False


def _connected(url: str, context: ssl.SSLContext) -> ssl.SSLSocket:
    parts = urlsplit(url)
    plain = socket.create_connection((parts.hostname, parts.port), timeout=_PATIENCE)
    try:
        return context.wrap_socket(plain, server_hostname=parts.hostname)
    except BaseException:
        plain.close()
        raise
