# SPDX-License-Identifier: Apache-2.0
"""A filter of a listening socket that drops the first packet of each new connection.

The client's system sends it again a second later, and once more: by then the address may be another machine's. Connections that
are there go on. Those of this machine itself are accepted: among them is the health check.
"""

import contextlib
import ctypes
import socket
import struct
import sys
from collections.abc import Iterable

from openstackoid.mesh import Cloud

_SO_ATTACH_FILTER, _SO_DETACH_FILTER = 26, 27
_INTERFACE = 0xFFFFF008
"""The number of the interface that a packet came by (SKF_AD_OFF + SKF_AD_IFINDEX)."""
_LOOPBACK = 1
_FLAGS, _SYN = 13, 0x02
"""The place of the flags in the header of TCP, and the flag of a first packet."""
_PROGRAM = (
    (0x20, 0, 0, _INTERFACE),
    (0x15, 3, 0, _LOOPBACK),  # equal: accept
    (0x30, 0, 0, _FLAGS),
    (0x45, 0, 1, _SYN),  # not set: accept
    (0x06, 0, 0, 0),  # drop
    (0x06, 0, 0, 0xFFFFFFFF),  # accept
)
"""Instructions of the classic BPF, as bpf(4) and Linux's filter.rst have them: code, jumps if true and if false, operand."""

_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_LOWER, _CAP_NET_ADMIN = 47, 3, 12


def keep_the_right() -> None:
    """Keep CAP_NET_ADMIN, by which this process may have connections wait, from the programs that it starts from now on."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_LOWER, _CAP_NET_ADMIN, 0, 0)


def hold(listening: Iterable[socket.socket]) -> None:
    """Have new connections wait. The filter is the socket's, in whichever process it is open."""
    program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in _PROGRAM))
    for one in listening:
        one.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("@HP", len(_PROGRAM), ctypes.addressof(program)))


def release(one: socket.socket) -> None:
    """Accept new connections again, if they were held."""
    # Linux says so of a socket without a filter.
    with contextlib.suppress(FileNotFoundError):
        one.setsockopt(socket.SOL_SOCKET, _SO_DETACH_FILTER, 0)


def may_hold() -> bool:
    """Return whether this process may have connections wait: some kernels ask for CAP_NET_ADMIN."""
    with socket.socket() as one:
        try:
            hold([one])
        except PermissionError:
            return False
    return True


def unable_to_hold(cloud: Cloud) -> list[str]:
    """Return the warning for a gateway that is to hold connections and may not."""
    if not cloud.drain.hold or may_hold():
        return []
    return [
        f"clouds.{cloud.name}.gateway.drain.hold: here a process needs CAP_NET_ADMIN to hold connections, and a drain holds none"
        " ('The right to hold connections' in docs/operate/upgrade.md)"
    ]
