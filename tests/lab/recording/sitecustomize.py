# SPDX-License-Identifier: Apache-2.0
"""Python imports this at its start where it is on ``PYTHONPATH``: each token that a client sends or gets is written down.

The file is named by ``OPENSTACKOID_TEST_TOKENS``. Clients speak by ``http.client`` in the end, whatever library they have.
"""

import http.client
import os
from typing import Any

_HEADERS = ("x-auth-token", "x-subject-token", "x-service-token")
_FILE = os.environ.get("OPENSTACKOID_TEST_TOKENS")


def _write(value: str | bytes) -> None:
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    file = os.open(_FILE or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(file, f"{text}\n".encode())
    os.close(file)


def _record() -> None:
    put, parse = http.client.HTTPConnection.putheader, http.client.parse_headers

    def putheader(self: http.client.HTTPConnection, header: str | bytes, *values: Any) -> None:
        name = header.decode("latin-1") if isinstance(header, bytes) else header
        if name.lower() in _HEADERS:
            for value in values:
                _write(value)
        put(self, header, *values)

    def parse_headers(*arguments: Any, **named: Any) -> Any:
        message = parse(*arguments, **named)
        for name in _HEADERS:
            for value in message.get_all(name) or ():
                _write(value)
        return message

    http.client.HTTPConnection.putheader = putheader  # type: ignore[method-assign]
    http.client.parse_headers = parse_headers


if _FILE:
    _record()
