# SPDX-License-Identifier: Apache-2.0
"""TLS in HAProxy: what its sockets and its connections to peers are told, and which cloud's gateway has sent a request."""

import json

from openstackoid.haproxy.maps import CLOUDS
from openstackoid.mesh import Cloud, Listener, Tls

FROM = "X-Openstackoid-From"
"""The header in which HAProxy tells the Python service whose gateway has sent a request."""

_CIPHERS = ":".join(
    f"ECDHE-{signed}-{cipher}"
    for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")
    for signed in ("ECDSA", "RSA")
)


def global_lines(cloud: Cloud) -> list[str]:
    """Return what holds for every connection: TLS 1.2 at least, and of it only what keeps a recorded conversation secret.

    Tickets that hold a whole session, and with it who the client is, are not given out: HAProxy keeps sessions itself.
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
    """Return what is added to the ``bind`` line of a socket.

    A user's client has no certificate; one of another authority than the mesh's, or one that has ended, ends the handshake.
    """
    if files is None or listener not in cloud.secure_listeners:
        return ""
    return f" ssl crt {_quoted(files.certificate)} ca-file {_quoted(files.authority)} verify optional alpn http/1.1"


def peer_options(files: Tls | None) -> str:
    """Return what is added to the ``server`` line for peers: a gateway must prove to be the cloud's that is meant, and so do we.

    Without ``verifyhost``, HAProxy compares the certificate with the name that it has asked for (``ssl_sock_srv_verifycbk``).

    Each connection proves it anew, so that a certificate that has ended, or an authority that is trusted no more, opens none.
    """
    if files is None:
        return ""
    return (
        f" ssl verify required ca-file {_quoted(files.authority)} crt {_quoted(files.certificate)}"
        " sni var(txn.cloud) no-ssl-reuse"
    )


def account_options(authorities: str) -> str:
    """Return what is added to the ``server`` line for Keystones whose certificates are of an authority of the system."""
    return f" ssl verify required ca-file {_quoted(authorities)} sni var(txn.cloud) no-ssl-reuse"


def sender_rules(cloud: Cloud) -> list[str]:
    """Return the rules that find out, once a connection, whose gateway it is of, and refuse who is of no cloud."""
    if not cloud.secure_listeners:
        return []
    message = f"gateway of {cloud.name}: the certificate of the client names no cloud of the mesh"
    body = json.dumps({"error": {"code": 403, "title": "Forbidden", "message": message}})
    return [
        "# Who has sent it: the cloud in the certificate of a peer's gateway. A resumed session has it too.",
        "tcp-request session set-var(sess.from) ssl_c_s_dn(CN) if { ssl_c_used }"
        f" {{ ssl_c_s_dn(CN),map_str({CLOUDS}) -m found }}",
        "tcp-request session set-var(sess.stranger) bool(true) if { ssl_c_used } !{ var(sess.from) -m found }",
        "# This cloud's own gateways speak for nobody else.",
        f"tcp-request session unset-var(sess.from) if {{ var(sess.from) -m str {cloud.name} }}",
        f"http-request return status 403 content-type application/json string '{body}' if {{ var(sess.stranger) -m found }}",
    ]


def gateways_headers() -> list[str]:
    """Return the rule that forgets what a client says in headers of the gateway's own."""
    return [
        "# Headers that only the parts of a gateway, and gateways, write: those of a client count for nothing.",
        "http-request del-header x-openstackoid- -m beg",
    ]


def told_to_the_bridge(cloud: Cloud) -> list[str]:
    """Return the rules that note who has sent a request, for those that did not end before."""
    if not cloud.secure_listeners:
        return []
    from_peer = "{ var(sess.from) -m found }"
    return [
        f"http-request set-header {FROM} %[var(sess.from)] if is_pythons {from_peer}",
    ]


def nothing_of_the_scheme(cloud: Cloud) -> list[str]:
    """Return the rule that drops what a client says of the scheme: the Python service tells the services itself."""
    return [] if cloud.tls is None else ["http-request del-header X-Forwarded-Proto"]


def scheme_for_services(cloud: Cloud) -> list[str]:
    """Return the rules that tell the cloud's own services the scheme that the client used, in the place of what it says."""
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
