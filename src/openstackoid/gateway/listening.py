# SPDX-License-Identifier: Apache-2.0
"""The TCP sockets of a gateway, opened by the supervisor and inherited by HAProxy.

A connection without a running HAProxy waits in the socket's queue for the next one.
"""

import os
import socket
from collections.abc import Iterable, Mapping, MutableMapping

from openstackoid.gateway.errors import GatewayError
from openstackoid.gateway.held_connections import hold, release
from openstackoid.gateway.ports import Address, Socket, addresses, cannot_listen, socket_of, sockets
from openstackoid.haproxy import listener_variable
from openstackoid.mesh import Cloud

_FIRST_PASSED = 3
"""The first descriptor that systemd passes (sd_listen_fds(3))."""


class ListeningSockets:
    """The open sockets of the gateway of ``cloud``, by address. ``passed``: systemd's, which stay open."""

    def __init__(self, cloud: str, passed: Iterable[socket.socket] = ()) -> None:
        self.cloud = cloud
        self._passed = {_address_of(one): one for one in passed}
        self._opened: dict[Address, socket.socket] = {}

    def not_passed(self, wanted: Iterable[Socket]) -> frozenset[Socket]:
        """Return the wanted sockets that systemd has not opened. Raises :class:`GatewayError`."""
        return frozenset(one for one, address in addresses(self.cloud, wanted).items() if address not in self._passed)

    def unused(self, wanted: Iterable[Socket]) -> list[str]:
        """Return the addresses of passed sockets that are not wanted. Raises :class:`GatewayError`."""
        used = set(addresses(self.cloud, wanted).values())
        return [f"{host}:{port}" for family, (host, port, *more) in self._passed if (family, (host, port, *more)) not in used]

    def open(self, cloud: Cloud) -> Mapping[str, int]:
        """Return the descriptors of HAProxy's sockets, by their names in its configuration.

        Open sockets are used again. Raises :class:`GatewayError`.
        """
        of_socket = addresses(self.cloud, sockets(cloud))
        found = {}
        for number, (listener, *_) in cloud.sockets.items():
            host, port = socket_of(cloud, listener)
            address = of_socket[host, port]
            one = self._passed.get(address) or self._opened.get(address)
            if one is None:
                try:
                    one = self._opened[address] = _listen(address, cloud.limits.connections)
                except OSError as error:
                    raise cannot_listen(self.cloud, host, port, error) from None
            found[listener_variable(number)] = one.fileno()
        return found

    def hold(self) -> None:
        """Have new connections wait from now on, until another machine has the address."""
        hold([*self._passed.values(), *self._opened.values()])

    def release(self) -> None:
        """Accept new connections again, those that waited too."""
        for one in (*self._passed.values(), *self._opened.values()):
            release(one)

    def close(self, but: Iterable[int] = ()) -> None:
        """Close the sockets opened here, but for those of the given descriptors."""
        kept = set(but)
        for address, one in list(self._opened.items()):
            if one.fileno() not in kept:
                self._opened.pop(address).close()


def passed_sockets(environment: MutableMapping[str, str]) -> list[socket.socket]:
    """Return the sockets that systemd has passed to this process, and remove its variables from the environment.

    Raises :class:`GatewayError` for one that is not a listening TCP socket.
    """
    pid, number = environment.pop("LISTEN_PID", ""), environment.pop("LISTEN_FDS", "")
    environment.pop("LISTEN_FDNAMES", None)
    if pid != str(os.getpid()) or not number.isdecimal():
        return []
    return [_passed(descriptor) for descriptor in range(_FIRST_PASSED, _FIRST_PASSED + int(number))]


def _passed(descriptor: int) -> socket.socket:
    try:
        os.set_inheritable(descriptor, False)
        one = socket.socket(fileno=descriptor)
        if one.family in (socket.AF_INET, socket.AF_INET6) and one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            # An earlier gateway may have held its connections.
            release(one)
            return one
    except OSError:
        pass
    raise GatewayError(
        f"LISTEN_FDS: descriptor {descriptor} is not a TCP socket that listens", "ListenStream= in the socket unit"
    )


def _address_of(one: socket.socket) -> Address:
    return one.family, one.getsockname()


def _listen(address: Address, backlog: int) -> socket.socket:
    """Open a socket as HAProxy would: a wider address may replace a narrower one that is still open."""
    family, at = address
    one = socket.socket(family)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        one.bind(at)
        one.listen(backlog)
    except BaseException:
        one.close()
        raise
    return one
