# SPDX-License-Identifier: Apache-2.0
"""The listener of a request at a socket of several: the ``Host`` names it, or the gateway of a peer does.

A socket of one listener takes any ``Host``. At a shared one, the host alone decides, without case; the port in ``Host`` does not,
for the socket is known. A request for a host that the socket does not have, or for another one than the client has named in TLS
(SNI), is misdirected (RFC 9110, 7.4 and 15.5.20).
"""

import re
from collections.abc import Sequence

from openstackoid.mesh import Listener, Mesh
from openstackoid.mesh.urls import is_address

NAMED = "x-openstackoid-host"
"""The header in which a gateway names the host of a peer that it asks, as ``Host`` is the one that the client has used; and in
which HAProxy tells the Python service the host of a request at a shared socket."""

SERVER_NAME = "x-openstackoid-sni"
"""The header in which HAProxy tells the Python service the name that the client has asked for in TLS."""

_PORT = re.compile(r":[0-9]*\Z")


class MisdirectedError(Exception):
    """A request that no listener of its socket takes, with the status and the end of a sentence that names the gateway."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def listener_of(listeners: Sequence[Listener], host: str | None, server_name: str | None = None) -> Listener:
    """Return the listener of a request to the socket of ``listeners``.

    ``host``: the one that a peer's gateway has named, or the value of ``Host``. ``server_name``: the name in TLS. Raises
    :class:`MisdirectedError`.
    """
    if len(listeners) == 1:
        return listeners[0]
    by_host = {listener.host: listener for listener in listeners}
    served = ", ".join(sorted(by_host))
    if not host:
        raise MisdirectedError(400, f"the request has no Host, which names the service at this address; accepted are: {served}")
    called = _PORT.sub("", host).lower()
    found = by_host.get(called)
    if found is None:
        raise MisdirectedError(421, f"no service is served at the host of the request; accepted in Host are: {served}")
    other = found if server_name is None else by_host.get(server_name.lower(), found)
    if other != found:
        opened = f"the connection was opened for {other.host}, and the request is for {called}"
        raise MisdirectedError(421, f"{opened}; a connection of its own is accepted")
    return found


def has_named_peers(mesh: Mesh, at: str) -> bool:
    """Return whether a peer may tell its frontends apart by their hosts alone: two have one port, and one of them is a name."""
    return any(
        own.layout.shares_ports and not all(map(is_address, own.hosts)) for name, own in mesh.frontends.items() if name != at
    )
