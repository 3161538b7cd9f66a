# SPDX-License-Identifier: Apache-2.0
"""HAProxy's lines about traced requests: received on a datagram socket, and read into records."""

import asyncio
import re
import socket
from collections.abc import Callable

from openstackoid.bridge.log import shown_path
from openstackoid.bridge.trace.records import LOCAL, NONE, REFUSE, REMOTE, WAYS, Record
from openstackoid.haproxy.trace import ANSWERED
from openstackoid.mesh import Endpoint, Mesh
from openstackoid.routing.backend_names import FRONTEND, PEER, is_local
from openstackoid.routing.workflows import TRACE_ID

_AT_ONCE = 500
"""Lines that are read in one turn of the event loop."""

_LONGEST = 8192
_MICROSECONDS = 1e6
_LINE = re.compile(
    r"\S+ (?P<method>\S+) (?P<path>\S+) -> (?P<backend>\S+) (?P<cloud>\S+)"
    r" (?P<status>[+-]?[0-9]{1,9}) (?P<milliseconds>[+-]?[0-9]{1,12}) ms"
    rf" \S+ trace=(?P<trace>{TRACE_ID}) at=(?P<at>[0-9]{{1,16}}) socket=(?P<socket>[0-9]{{1,5}})(?:{ANSWERED}-?[0-9]+)?"
    r" via=(?P<via>\S*)(?: .*)?\n?"
)
_METHOD = re.compile(r"[A-Z]{1,16}")


def record_of_line(line: bytes, mesh: Mesh, at: str) -> tuple[str, Record] | None:
    """Return the request id and the record of a line, at the gateway of the cloud ``at``.

    None for any other line, and for requests through the Python service, which have a record of its own.
    """
    match = _LINE.fullmatch(line.decode("ascii", "replace"))
    if match is None:
        return None
    backend = match["backend"]
    if backend == PEER:
        cloud, route = match["cloud"], REMOTE
    elif is_local(backend):
        cloud, route = at, LOCAL
    elif backend == FRONTEND:
        cloud, route = at, REFUSE
    else:
        return None
    path = match["path"]
    endpoint = _endpoint(mesh, at, int(match["socket"]), path)
    record = Record(
        gateway=at,
        cloud=cloud,
        service=endpoint.service if endpoint else NONE,
        interface=endpoint.interfaces[0] if endpoint else NONE,
        method=match["method"] if _METHOD.fullmatch(match["method"]) else "-",
        path=shown_path(path),
        status=max(int(match["status"]), 0),
        started=int(match["at"]) / _MICROSECONDS,
        seconds=max(int(match["milliseconds"]), 0) / 1000,
        route=route,
        via=match["via"] if match["via"] in WAYS else NONE,
    )
    return match["trace"], record


def _endpoint(mesh: Mesh, at: str, number: int, path: str) -> Endpoint | None:
    """Return the requested endpoint; a line may be of an earlier HAProxy, with other sockets."""
    here = mesh.clouds[at]
    return here.locate(here.listeners[number - 1], path) if 1 <= number <= len(here.listeners) else None


class Lines:
    """Passes on each datagram that arrives at a socket, which must not block; :meth:`close` closes it."""

    def __init__(self, receiving: socket.socket, take: Callable[[bytes], None]) -> None:
        self._socket = receiving
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(receiving, self._read)

    def _read(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                line = self._socket.recv(_LONGEST)
            except OSError:
                return
            self._take(line)

    def close(self) -> None:
        """Receive no more."""
        self._loop.remove_reader(self._socket)
        self._socket.close()
