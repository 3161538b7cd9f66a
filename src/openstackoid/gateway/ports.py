# SPDX-License-Identifier: Apache-2.0
"""Check that the gateway can listen at the addresses of its cloud's catalog.

HAProxies share a port, so a second one would silently take half of the requests. A plain socket does not share: a successful
bind proves the port free. Two names of one address are one socket: HAProxy would open two, and mix up their frontends.
"""

import errno
import socket
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from openstackoid.gateway.errors import GatewayError
from openstackoid.mesh import Cloud, Listener
from openstackoid.mesh.places import error_of_cloud

Socket = tuple[str, int]
"""Host and port, as the description has them."""

Address = tuple[int, tuple[Any, ...]]
"""Family, and the numeric address in the family's form: host and port come first."""


def own_addresses(cloud: Cloud) -> dict[str, str]:
    """Return the addresses of the hosts of the gateway of ``cloud``, in one form; hosts without one are left out."""
    found = {}
    for listener in () if cloud.bind else cloud.listeners:
        with suppress(OSError):
            found[listener.host] = str(_address(listener.host, listener.port)[1][0])
    return found


def sockets(cloud: Cloud) -> frozenset[Socket]:
    """Return host and port of every socket of the gateway of ``cloud``; the host ``*`` is every address."""
    return frozenset(socket_of(cloud, listener) for listener, *_ in cloud.sockets.values())


def socket_of(cloud: Cloud, listener: Listener) -> Socket:
    """Return host and port of the socket that has ``listener`` first."""
    return cloud.bind or listener.host, listener.port


def new_sockets(running: Cloud, candidate: Cloud) -> frozenset[Socket]:
    """Return the sockets of the candidate on ports that the running gateway does not use."""
    own = {port for _, port in sockets(running)}
    return frozenset(wanted for wanted in sockets(candidate) if wanted[1] not in own)


def addresses(cloud: str, wanted: Iterable[Socket]) -> dict[Socket, Address]:
    """Return the address of each socket of the gateway of ``cloud``.

    Raises :class:`GatewayError` for a name without an address, and for two names of one address that were of two when the
    description was read.
    """
    found: dict[Address, Socket] = {}
    for host, port in sorted(wanted):
        try:
            address = _address(host, port)
        except OSError as error:
            raise cannot_listen(cloud, host, port, error) from None
        other, _ = found.setdefault(address, (host, port))
        if other != host:
            raise GatewayError(
                f"the gateway of {cloud} cannot tell {other}:{port} from {host}:{port}: both are {address[1][0]}",
                "name the address to listen on in clouds.<name>.gateway.bind, and Host tells the names apart",
            )
    return {one: address for address, one in found.items()}


def check_free(cloud: str, wanted: Iterable[Socket]) -> None:
    """Raise :class:`GatewayError` for the first socket on which the gateway of ``cloud`` cannot listen."""
    for (host, port), (family, address) in addresses(cloud, wanted).items():
        try:
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
                probe.listen(1)
        except OSError as error:
            raise cannot_listen(cloud, host, port, error) from None


def check_names(cloud: Cloud, description: Path) -> None:
    """Raise :class:`MeshError` for the first socket whose host has no address, with its place in ``description``."""
    for listener, *_ in cloud.sockets.values():
        host, port = socket_of(cloud, listener)
        try:
            _address(host, port)
        except OSError as error:
            reason, hint = _reason(error, port)
            first = next(endpoint for endpoint in cloud.endpoints if endpoint.listener == listener)
            place = ("services", first.catalog_type, "frontend", first.interfaces[0])
            what = f"the gateway of {cloud.name} cannot listen on {host}:{port}: {reason}"
            raise error_of_cloud(description, cloud.name, ("gateway", "bind") if cloud.bind else place, what, hint) from None


def _address(host: str, port: int) -> Address:
    """Return the address of a name."""
    # HAProxy takes the first address of a name, and '*' for every IPv4 address.
    name = "0.0.0.0" if host == "*" else host.strip("[]")  # noqa: S104 (the operator asked for every address)
    family, _, _, _, address = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    return family, address


def cannot_listen(cloud: str, host: str, port: int, error: OSError) -> GatewayError:
    """Return the error with the reason that the gateway of ``cloud`` cannot listen on a socket."""
    reason, hint = _reason(error, port)
    return GatewayError(f"the gateway of {cloud} cannot listen on {host}:{port}: {reason}", hint)


def _reason(error: OSError, port: int) -> tuple[str, str | None]:
    if isinstance(error, socket.gaierror):
        return "no address is known for this name", "name an address of this machine in clouds.<name>.gateway.bind"
    if error.errno == errno.EADDRINUSE:
        owner = _owner(port)
        return f"taken by {owner or 'another program'}", None
    if error.errno == errno.EACCES:
        return "a port below 1024 needs rights that you do not have", "a port from 1024, or the capability cap_net_bind_service"
    if error.errno == errno.EADDRNOTAVAIL:
        return "it is not an address of this machine", "name one of its addresses in clouds.<name>.gateway.bind"
    return error.strerror or str(error), None


def _owner(port: int) -> str | None:
    """Return the process that listens on ``port``, if the system tells."""
    try:
        for connection in psutil.net_connections(kind="tcp"):
            listens = connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
            if listens and connection.pid is not None:
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:
        pass
    return None
