# SPDX-License-Identifier: Apache-2.0
"""A client that knows nothing of scopes but the headers that it is told to send."""

import json
import socket
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from conformance.raw_http import BODILESS, Message, read_message
from examples.session import tls


def frontend(lab: Any, cloud: str) -> str:
    """Return where the gateway of a cloud listens, as ``lab status`` says it."""
    return str(next(row["frontend"] for row in lab["clouds"] if row["name"] == cloud))


def ask(url: str, **headers: str) -> tuple[int, str]:
    """Return status and body; in the names of headers an underscore stands for a hyphen."""
    request = Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urlopen(request, timeout=60, context=tls()) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def raw(url: str, method: str, *headers: tuple[bytes, bytes], source: str = "") -> Message:
    """Send a request with these headers and no body, whose length is not said, and return the answer as bytes.

    ``source``: the address to send it from.
    """
    parts = urlsplit(url)
    lines = [f"{method} {parts.path} HTTP/1.1".encode(), b"Host: " + parts.netloc.encode(), b"Connection: close"]
    lines += [b"%s: %s" % pair for pair in headers]
    port = parts.port or (443 if parts.scheme == "https" else 80)
    plain = socket.create_connection((parts.hostname, port), timeout=60, source_address=(source, 0))
    with tls().wrap_socket(plain, server_hostname=parts.hostname) if parts.scheme == "https" else plain as sent:
        sent.sendall(b"\r\n".join([*lines, b"", b""]))
        with sent.makefile("rb") as file:
            answer = read_message(file, lambda start: method == "HEAD" or start.split(b" ")[1] in BODILESS, lambda: None)
    assert answer is not None
    return answer


def images(body: str) -> list[str]:
    """Return the ids in an answer of ``GET /v2/images``."""
    return [str(image["id"]) for image in json.loads(body)["images"]]
