# SPDX-License-Identifier: Apache-2.0
"""The unix sockets by which HAProxy, the Python service and their supervisor meet."""

from dataclasses import dataclass
from pathlib import Path

UPSTREAM_SOCKET = "upstream.sock"
"""The name of the socket by which HAProxy sends requests of the Python service."""

DRAIN_SOCKET, TURNS_SOCKET, METRICS_SOCKET = "drain.sock", "turns.sock", "metrics.sock"
"""The names of those by which HAProxy is told to drain, gets the turns of ``A | B``, and asks the Python service for metrics."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """The unix sockets between the parts of one gateway.

    The Python service listens at ``bridge_socket``, and receives HAProxy's log at ``log_socket`` and its lines about traced
    requests at ``records_socket``; HAProxy is controlled at ``stats_socket``, and takes the Python service's
    requests at ``upstream_socket``. Its successor is told of known sources at ``handover_socket``.
    """

    bridge_socket: str
    upstream_socket: str
    stats_socket: str
    records_socket: str
    log_socket: str
    handover_socket: str

    @property
    def drain_socket(self) -> str:
        """The socket at which HAProxy is told to drain: beside the control socket."""
        return str(Path(self.stats_socket).with_name(DRAIN_SOCKET))

    @property
    def turns_socket(self) -> str:
        """The socket by which HAProxy sends itself the turns of ``A | B``: beside the control socket."""
        return str(Path(self.stats_socket).with_name(TURNS_SOCKET))

    @property
    def metrics_socket(self) -> str:
        """The socket at which the Python service tells its metrics: beside the control socket."""
        return str(Path(self.stats_socket).with_name(METRICS_SOCKET))

    @classmethod
    def of(cls, folder: str) -> "Runtime":
        """Return the sockets in ``folder``."""
        names = ("bridge.sock", UPSTREAM_SOCKET, "haproxy.sock", "records.sock", "log.sock", "handover.sock")
        return cls(*(f"{folder}/{name}" for name in names))
