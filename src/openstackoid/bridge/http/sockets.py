# SPDX-License-Identifier: Apache-2.0
"""The unix sockets between the Python service and HAProxy."""

import contextlib
import os
import socket
import stat
from dataclasses import dataclass
from pathlib import Path

from openstackoid.errors import OpenstackoidError
from openstackoid.haproxy import UPSTREAM_SOCKET


class BridgeError(OpenstackoidError):
    """The bridge cannot start."""


@dataclass(frozen=True, slots=True)
class UnixSocket:
    """A unix socket at ``path``.

    ``descriptor``: a socket that the parent process has bound there and keeps, so that connections, or datagrams, wait in it
    between two processes.
    """

    path: Path
    descriptor: int | None = None

    def open(self, kind: socket.SocketKind = socket.SOCK_STREAM) -> socket.socket:
        """Return the socket; see :func:`bind`. Raises :class:`BridgeError`."""
        if self.descriptor is None:
            return bind(self.path, kind)
        try:
            opened = socket.socket(fileno=self.descriptor)
        except OSError as error:
            raise BridgeError(f"descriptor {self.descriptor} for {self.path}: {error.strerror}") from None
        opened.setblocking(False)
        return opened

    def remove(self) -> None:
        """Remove the file of a socket that this process has bound."""
        if self.descriptor is None:
            with contextlib.suppress(OSError):
                self.path.unlink()


@dataclass(frozen=True, slots=True)
class Sockets:
    """The unix sockets between the bridge and HAProxy.

    ``requests``: for requests. ``haproxy``: HAProxy's control socket, for the health of services. ``records``: for HAProxy's
    lines about traced requests. ``log``: for HAProxy's log. Without the others, health is unknown, HAProxy's own requests are
    not recorded, and another program must read its log. ``metrics``: for the page of metrics.
    """

    requests: UnixSocket
    haproxy: Path | None = None
    records: UnixSocket | None = None
    log: UnixSocket | None = None
    metrics: UnixSocket | None = None

    @property
    def upstream(self) -> Path:
        """HAProxy's socket for requests that the Python service has it send on: beside that for requests."""
        return self.requests.path.with_name(UPSTREAM_SOCKET)

    def remove(self) -> None:
        """Remove the files of the sockets that this process has bound."""
        for one in (self.requests, self.records, self.log, self.metrics):
            if one is not None:
                one.remove()


def bind(path: Path, kind: socket.SocketKind = socket.SOCK_STREAM) -> socket.socket:
    """Return an owner-only socket that listens at ``path``, or receives datagrams.

    Replaces the file of a killed process. Raises :class:`BridgeError` for another file, a listening process, or an unusable
    path.
    """
    listening = socket.socket(socket.AF_UNIX, kind)
    try:
        if os.path.lexists(path):
            _check_stale(path, kind)
            path.unlink()
        _bind_private(listening, path)
    except BaseException as error:
        listening.close()
        if isinstance(error, OSError):
            raise BridgeError(f"{path}: cannot listen there: {error.strerror or error}") from None
        raise
    listening.setblocking(False)
    return listening


def _bind_private(listening: socket.socket, path: Path) -> None:
    """Bind and listen; the file is owner-only from the first moment."""
    before = os.umask(0o177)
    try:
        listening.bind(str(path))
    finally:
        os.umask(before)
    if listening.type == socket.SOCK_STREAM:
        listening.listen(1024)


def _check_stale(path: Path, kind: socket.SocketKind) -> None:
    if not stat.S_ISSOCK(path.lstat().st_mode):
        raise BridgeError(f"{path}: exists already, and is not a socket")
    with socket.socket(socket.AF_UNIX, kind) as probe, contextlib.suppress(ConnectionRefusedError):
        probe.settimeout(1)
        probe.connect(str(path))
        raise BridgeError(f"{path}: another process listens there", hint="stop it, or name another path")
