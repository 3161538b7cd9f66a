# SPDX-License-Identifier: Apache-2.0
"""Tell systemd the state of a service (``Type=notify``, sd_notify(3)). Without systemd, nothing is sent."""

import contextlib
import socket
import time
from collections.abc import MutableMapping

_VARIABLE = "NOTIFY_SOCKET"
_MARGIN = 30.0
"""Seconds beyond an announced end."""


class ServiceManager:
    """The service manager that has started this process, if any. Its variable is taken from the environment of children."""

    def __init__(self, environment: MutableMapping[str, str]) -> None:
        self._address = environment.pop(_VARIABLE, "")

    def ready(self, status: str) -> None:
        """Tell that the service has started, or has reloaded."""
        self._send("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        """Tell that a reload begins; :meth:`ready` tells its end, also of one that has failed."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self, seconds: float, status: str) -> None:
        """Tell that the service stops, and may take some seconds: more than the unit says, if need be."""
        self._send("STOPPING=1", f"EXTEND_TIMEOUT_USEC={round((seconds + _MARGIN) * 1_000_000)}", f"STATUS={status}")

    def _send(self, *lines: str) -> None:
        if self._address:
            address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifying:
                notifying.sendto("\n".join(lines).encode(), address)
