# SPDX-License-Identifier: Apache-2.0
"""TLS in HAProxy: options of its sockets and of its connections to peers, and the cloud of a sending gateway."""

import json

from openstackoid.haproxy.maps import CLOUDS
from openstackoid.mesh import Cloud, Listener, Tls
from openstackoid.routing.backend_names import bind_ids

FROM = "X-Openstackoid-From"
"""The header in which HAProxy names the sending gateway's cloud to the Python service."""

_CIPHERS = ":".join(
    f"ECDHE-{signed}-{cipher}"
    for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")
    for signed in ("ECDSA", "RSA")
)


_HAS_NUL = "ssl_c_s_dn(CN),hex -m sub 00"
"""A common name with a zero byte: a map is looked up by what stands before it. No cloud's name makes two zeros in hexadecimal."""


def global_lines(cloud: Cloud) -> list[str]:
    """Return the options of every connection: TLS 1.2 or later, with forward secrecy.

    Tickets with a whole session, and so the client's identity, are not issued: HAProxy keeps sessions itself.
    """
    if cloud.tls is None:
        return []
    return [
        "ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets",
        f"ssl-default-bind-ciphers {_CIPHERS}",
        "ssl-default-server-options ssl-min-ver TLSv1.2",
        f"ssl-default-server-ciphers {_CIPHERS}",
    ]


def bind_options(cloud: Cloud, listener: Listener, files: Tls | None) -> str:
    """Return the TLS options of the ``bind`` line of a socket.

    A user's client has no certificate; one of another authority than the mesh's, or an expired or revoked one, ends the
    handshake.
    """
    if files is None or listener not in cloud.secure_listeners:
        return ""
    return f" ssl crt {_quoted(files.certificate)} ca-file {_quoted(files.authority)}{_crl(files)} verify optional alpn http/1.1"


def peer_options(files: Tls | None) -> str:
    """Return the TLS options of the ``server`` line for peers: both gateways prove their clouds.

    Without ``verifyhost``, HAProxy compares the certificate with the name in SNI (``ssl_sock_srv_verifycbk``). Each connection
    proves it anew, so that an expired certificate, or a removed authority, opens none.
    """
    if files is None:
        return ""
    return (
        f" ssl verify required ca-file {_quoted(files.authority)}{_crl(files)} crt {_quoted(files.certificate)}"
        " sni var(txn.cloud) no-ssl-reuse"
    )


def account_options(authorities: str) -> str:
    """Return what is added to the ``server`` line for Keystones whose certificates are of an authority of the system."""
    return f" ssl verify required ca-file {_quoted(authorities)} sni var(txn.cloud) no-ssl-reuse"


def _crl(files: Tls) -> str:
    return "" if files.revoked is None else f" crl-file {_quoted(files.revoked)}"


def sender_connections(cloud: Cloud) -> list[str]:
    """Return the rules that find the sending gateway's cloud, once a connection."""
    if not cloud.secure_listeners:
        return []
    return [
        "# The sender: the cloud in the certificate of a peer's gateway. A resumed session has it too.",
        "tcp-request session set-var(sess.from) ssl_c_s_dn(CN) if { ssl_c_used }"
        f" {{ ssl_c_s_dn(CN),map_str({CLOUDS}) -m found }} !{{ {_HAS_NUL} }}",
        "tcp-request session set-var(sess.stranger) bool(true) if { ssl_c_used } !{ var(sess.from) -m found }",
        "# This cloud's own gateways are not senders.",
        f"tcp-request session unset-var(sess.from) if {{ var(sess.from) -m str {cloud.name} }}",
    ]


def sender_rules(cloud: Cloud) -> list[str]:
    """Return the rule that refuses an unknown sending gateway."""
    if not cloud.secure_listeners:
        return []
    message = f"gateway of {cloud.name}: the certificate of the client names no cloud of the mesh"
    body = json.dumps({"error": {"code": 403, "title": "Forbidden", "message": message}})
    return [
        f"http-request return status 403 content-type application/json string '{body}' if {{ var(sess.stranger) -m found }}",
    ]


def gateways_headers() -> list[str]:
    """Return the rule that removes a client's headers in the gateway's own names."""
    return [
        "# Headers that only gateways and their parts write: those of a client are removed.",
        "http-request del-header x-openstackoid- -m beg",
    ]


def told_to_the_bridge(cloud: Cloud) -> list[str]:
    """Return the rules that tell the Python service where a request came in, and which cloud's gateway has sent it."""
    listeners = [
        f"http-request set-header X-Openstackoid-Listener {listener} if {{ so_id {number} }}"
        for listener, number in bind_ids(cloud).items()
    ]
    sender = f"http-request set-header {FROM} %[var(sess.from)] if {{ var(sess.from) -m found }}"
    return [*listeners, *([sender] if cloud.secure_listeners else [])]


def nothing_of_the_scheme(cloud: Cloud) -> list[str]:
    """Return the rule that removes a client's claims of the scheme: the Python service sets its own."""
    return [] if cloud.tls is None else ["http-request del-header X-Forwarded-Proto"]


def scheme_for_services(cloud: Cloud) -> list[str]:
    """Return the rules that set the scheme of the client for the cloud's own services."""
    if cloud.tls is None:
        return []
    header = "X-Forwarded-Proto"
    if cloud.secure_listeners == frozenset(cloud.listeners):
        return [f"http-request set-header {header} https"]
    return [
        f"http-request del-header {header} unless {{ ssl_fc }} or {{ var(txn.to) -m found }}",
        f"http-request set-header {header} https if {{ ssl_fc }}",
    ]


def _quoted(path: str) -> str:
    """Return a path as one word of HAProxy's language."""
    escaped = path.replace("'", "'\\''")
    return f"'{escaped}'"
