# SPDX-License-Identifier: Apache-2.0
"""A drain at HAProxy: after a request to a unix socket of its own, the health page says 503, and all else goes on.

The next HAProxy process does not inherit the drain: it gets a request of its own.
"""

import asyncio
import shlex
from pathlib import Path

from openstackoid.haproxy.binary import HaproxyError
from openstackoid.haproxy.error_answers import http_error
from openstackoid.mesh import Cloud

_DRAINING = "proc.draining"
_PATIENCE = 5.0


def section_lines(socket: str) -> list[str]:
    """Return the lines of the frontend on the socket."""
    return [
        f"bind unix@{shlex.quote(socket)} mode 600",
        "http-request set-log-level silent",
        f"http-request set-var({_DRAINING}) bool(true)",
        "http-request return status 204",
    ]


def health_lines(cloud: Cloud) -> list[str]:
    """Return the lines for the health page in the clients' frontend, where no other answer is HAProxy's own 503."""
    message = f"gateway of {cloud.name}: it stops as soon as the requests under way have finished"
    return [f"monitor fail if {{ var({_DRAINING}) -m bool }}", http_error(503, message)]


async def begin(socket: Path) -> None:
    """Have the HAProxy at ``socket`` say on its health page that it drains. Raises :class:`HaproxyError`."""
    try:
        async with asyncio.timeout(_PATIENCE):
            reader, writer = await asyncio.open_unix_connection(socket)
            try:
                writer.write(b"POST / HTTP/1.0\r\n\r\n")
                answer = await reader.read()
            finally:
                writer.close()
    except (OSError, TimeoutError) as error:
        raise HaproxyError(f"HAProxy cannot be told to drain at {socket}: {error or 'no answer'}") from None
    if b" 204 " not in answer.partition(b"\r\n")[0]:
        raise HaproxyError(f"HAProxy does not drain: the answer at {socket} is not its own")
