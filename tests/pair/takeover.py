# SPDX-License-Identifier: Apache-2.0
"""The moment in which a machine takes the address of the pair, by the time that the kernel gives to its announcement.

After it has the address, keepalived announces it by gratuitous ARP. The kernel stamps the packet, so a busy machine does not
delay the reading.
"""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pair.network import ADDRESS, ip

_ETH_P_ARP = 0x0806
_SO_TIMESTAMPNS = 35
_SENDER = slice(22, 28)
"""The place of the sender's hardware address in a frame with ARP for IPv4 (RFC 826)."""
_SENDER_ADDRESS = slice(28, 32)
_LONGEST = 128


class Announcements:
    """The announcements of the address that have been seen on the bridge: times, by the hardware address of their machine."""

    def __init__(self) -> None:
        self._seen: list[tuple[bytes, float]] = []
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ARP))
        self._socket.bind(("bridge", _ETH_P_ARP))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._socket.settimeout(0.2)
        self._enough = threading.Event()

    @contextmanager
    def read(self) -> Iterator["Announcements"]:
        """Read them meanwhile."""
        thread = threading.Thread(target=self._read)
        thread.start()
        try:
            yield self
        finally:
            self._enough.set()
            thread.join()
            self._socket.close()

    def _read(self) -> None:
        while not self._enough.is_set():
            try:
                frame, ancillary, _, _ = self._socket.recvmsg(_LONGEST, _LONGEST)
            except TimeoutError:
                continue
            if socket.inet_ntoa(frame[_SENDER_ADDRESS]) == ADDRESS:
                (stamp,) = [data for _, kind, data in ancillary if kind == _SO_TIMESTAMPNS]
                seconds, nanoseconds = struct.unpack("@qq", stamp)
                self._seen.append((frame[_SENDER], seconds + nanoseconds / 1e9))

    def has_one(self, machine: str, since: float) -> bool:
        """Say whether one by this machine has been read since a time of ``time.time()``."""
        return self.first(machine, since) is not None

    def first(self, machine: str, since: float) -> float | None:
        """Return the time of the first one by this machine since a time of ``time.time()``; None if none has been read."""
        own = _hardware_address(machine)
        return min((at for sender, at in self._seen if sender == own and at >= since), default=None)


def _hardware_address(machine: str) -> bytes:
    words = ip("-oneline", "link", "show", "eth0", machine=machine).split()
    return bytes.fromhex(words[words.index("link/ether") + 1].replace(":", ""))
