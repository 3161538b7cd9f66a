# SPDX-License-Identifier: Apache-2.0
"""The unix sockets where the Python service and HAProxy meet."""

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

    ``descriptor`` is that of a socket which the parent process has bound there: the parent keeps it, so that connections, or
    datagrams, wait in it between two processes.
    """

    path: Path
    descriptor: int | None = None

    def open(self, kind: socket.SocketKind = socket.SOCK_STREAM) -> socket.socket:
        """Return the socket; :func:`bind` says more. Raises :class:`BridgeError`."""
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
    """The unix sockets where the bridge meets HAProxy.

    ``requests``: requests are served there. ``haproxy``: HAProxy's control socket, to ask for the health of services.
    ``records``: HAProxy's lines about traced requests arrive there. ``log``: HAProxy's log arrives there. Without them, health
    is not known, only requests that the bridge has served are recorded, and another program must read HAProxy's log.
    """

    requests: UnixSocket
    haproxy: Path | None = None
    records: UnixSocket | None = None
    log: UnixSocket | None = None

    @property
    def upstream(self) -> Path:
        """HAProxy's socket for requests that the Python service has it send on: beside that for requests."""
        return self.requests.path.with_name(UPSTREAM_SOCKET)

    def remove(self) -> None:
        """Remove the files of the sockets that this process has bound."""
        for one in (self.requests, self.records, self.log):
            if one is not None:
                one.remove()


def bind(path: Path, kind: socket.SocketKind = socket.SOCK_STREAM) -> socket.socket:
    """Return a socket that listens at ``path``, or receives datagrams, for its owner alone.

    A file that a killed process left is replaced.

    Raises :class:`BridgeError` when something else stands there, another process listens, or the path cannot be used.
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
    """Bind and listen; the file is its owner's from the first moment."""
    before = os.umask(0o177)
    try:
        listening.bind(str(path))
    finally:
        os.umask(before)
    if listening.type == socket.SOCK_STREAM:
        listening.listen(1024)


def _check_stale(path: Path, kind: socket.SocketKind) -> None:
    if not stat.S_ISSOCK(path.lstat().st_mode):
        raise BridgeError(f"{path}: is there already, and is no socket")
    with socket.socket(socket.AF_UNIX, kind) as probe, contextlib.suppress(ConnectionRefusedError):
        probe.settimeout(1)
        probe.connect(str(path))
        raise BridgeError(f"{path}: another process listens there", hint="stop it, or name another path")
