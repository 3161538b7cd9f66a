# SPDX-License-Identifier: Apache-2.0
"""Start Python services of gateways as forks of one process that has imported them, which is most of the work of a start.

The process begins with the first of them, and ends with this one. Tests of the package `gateway` start services as users do.
"""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cache
from typing import IO

import psutil

_LONGEST = 1 << 16
"""The bytes of one message: the arguments and the environment of a service."""


class ForkedBridge:
    """A running service, with the used part of ``subprocess.Popen``."""

    def __init__(self, arguments: Sequence[str], stderr: IO[bytes] | None) -> None:
        forks = _forks()
        message = json.dumps({"arguments": list(arguments), "environment": dict(os.environ)}).encode()
        socket.send_fds(forks, [message], [stderr.fileno() if stderr else 2])
        self._process = psutil.Process(int(forks.recv(_LONGEST)))
        self.pid = self._process.pid

    def terminate(self) -> None:
        """Ask it to end."""
        try:
            self._process.terminate()
        except psutil.NoSuchProcess:
            return

    def wait(self, timeout: float) -> None:
        """Wait for its end. Raises ``psutil.TimeoutExpired``."""
        self._process.wait(timeout)


@cache
def _forks() -> socket.socket:
    """Start the process that forks, and return the way to it."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    # Without the folder of this file, whose modules would hide others.
    command = [sys.executable, "-P", __file__, str(theirs.fileno())]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()])
    theirs.close()
    _ENDS.callback(process.wait)
    _ENDS.callback(ours.close)
    return ours


_ENDS = ExitStack()


def end_forks() -> None:
    """End the process that forks, if it has begun."""
    _ENDS.close()
    _forks.cache_clear()


atexit.register(end_forks)


def _serve(requests: socket.socket) -> None:
    # For this process alone.
    from openstackoid.bridge.__main__ import main  # noqa: PLC0415
    from openstackoid.redaction.logs import redact_uncaught_errors  # noqa: PLC0415
    from openstackoid.redaction.process import seal  # noqa: PLC0415

    # The kernel reaps the children.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        message, files, _, _ = socket.recv_fds(requests, _LONGEST, 1)
        if not message:
            return
        pid = os.fork()
        if pid == 0:
            break
        os.close(files[0])
        requests.send(str(pid).encode())
    requests.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(files[0], 2)
    os.close(files[0])
    request = json.loads(message)
    os.environ.clear()
    os.environ.update(request["environment"])
    seal()
    redact_uncaught_errors()
    sys.exit(main(request["arguments"]))


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
