# SPDX-License-Identifier: Apache-2.0
"""The listener of a request as HAProxy rules: its socket, and at a shared one the host; see :mod:`openstackoid.routing.hosts`.

A gateway without shared sockets has none of these rules: ``so_id`` is the number of the listener.
"""

from openstackoid.haproxy.maps import LISTENERS
from openstackoid.mesh import Cloud
from openstackoid.routing.hosts import NAMED, SERVER_NAME

_NAME = "^[A-Za-z0-9._-]+$"
_GATEWAY = "{ var(sess.from) -m found }"
_BAR_REPLACED = "regsub([|],/,g)"
"""The converter that keeps a client from writing the bar behind a host."""


def listener(cloud: Cloud) -> str:
    """Return the expression of the number of the listener."""
    return "var(txn.listener)" if cloud.shared_sockets else "so_id"


def in_order(cloud: Cloud) -> str:
    """Return the condition that the connection was not opened for another host, as the end of a rule."""
    return " if !is_opened_for or is_opened_for_it" if _knows_names(cloud) else ""


def named_connections(cloud: Cloud) -> list[str]:
    """Return the rules that find the listener of the name in TLS, once a connection. They stand behind those about the sender."""
    if not _knows_names(cloud):
        return []
    return [
        "# The listener of the name in TLS.",
        f"tcp-request session set-var(sess.sni) ssl_fc_sni,lower if !{_GATEWAY} {{ ssl_fc_sni -m reg {_NAME} }}",
        f"tcp-request session set-var(sess.opened_for) so_id,concat(|,sess.sni,|),map_beg({LISTENERS})",
    ]


def listener_rules(cloud: Cloud) -> list[str]:
    """Return the rules that find the listener. They stand before those that find the endpoint."""
    if not cloud.shared_sockets:
        return []
    gateway = _GATEWAY if cloud.secure_listeners else ""
    opened = [
        "acl is_opened_for var(sess.opened_for) -m found",
        "acl is_opened_for_it var(sess.opened_for),strcmp(txn.listener) eq 0",
    ]
    return [
        "# The listener: at a shared socket, by Host, or by the word of a peer's gateway.",
        *(opened if _knows_names(cloud) else []),
        f'http-request set-var-fmt(txn.called) "%[so_id]|%[req.hdr(host,1),host_only,lower,{_BAR_REPLACED}]|"',
        f"acl names_host req.fhdr({NAMED}) -m found",
        f'http-request set-var-fmt(txn.called) "%[so_id]|%[req.fhdr({NAMED}),lower,{_BAR_REPLACED}]|" if {gateway} names_host',
        f"http-request set-var(txn.listener) var(txn.called),map_beg({LISTENERS})",
    ]


def _knows_names(cloud: Cloud) -> bool:
    """Return whether clients may name a host in TLS at a shared socket."""
    return any(not cloud.secure_listeners.isdisjoint(listeners) for listeners in cloud.shared_sockets.values())


def told_to_the_bridge(cloud: Cloud) -> list[str]:
    """Return the rules that tell the Python service the listeners of the socket, and by which name one was asked for."""
    lines = []
    for number, listeners in cloud.sockets.items():
        names = " ".join(map(str, listeners))
        quoted = names if len(listeners) == 1 else f'"{names}"'
        lines.append(f"http-request set-header X-Openstackoid-Listener {quoted} if {{ so_id {number} }}")
    if cloud.shared_sockets:
        lines.append(f"http-request set-header {NAMED.title()} %[var(txn.called),field(2,|)]")
    if _knows_names(cloud):
        lines.append(f"http-request set-header {SERVER_NAME.title()} %[var(sess.sni)] if {{ var(sess.sni) -m found }}")
    return lines
