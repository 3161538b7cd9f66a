# SPDX-License-Identifier: Apache-2.0
"""The unix sockets where the Python service and HAProxy meet."""

import contextlib
import os
import socket
import stat
from dataclasses import dataclass
from pathlib import Path

from openstackoid.errors import OpenstackoidError


class BridgeError(OpenstackoidError):
    """The bridge cannot start."""


@dataclass(frozen=True, slots=True)
class Sockets:
    """The unix sockets where the bridge meets HAProxy: ``requests`` are served there.

    ``haproxy`` is where HAProxy can be asked for the health of services, ``records`` where its lines about traced requests
    arrive; without them, health is not known, and only what the bridge has served is recorded. ``inherited`` is the descriptor
    of a socket that listens at ``requests`` already: its owner keeps it, so that connections wait there between two processes.
    """

    requests: Path
    haproxy: Path | None = None
    records: Path | None = None
    inherited: int | None = None

    def listen(self) -> socket.socket:
        """Return the socket for requests. Raises :class:`BridgeError`."""
        if self.inherited is None:
            return bind(self.requests)
        try:
            listening = socket.socket(fileno=self.inherited)
        except OSError as error:
            raise BridgeError(f"--socket-fd {self.inherited}: {error.strerror}") from None
        listening.setblocking(False)
        return listening

    def remove(self) -> None:
        """Remove the files of the sockets that are this process's own."""
        for path in (self.requests if self.inherited is None else None, self.records):
            if path is not None:
                with contextlib.suppress(OSError):
                    path.unlink()


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
