# SPDX-License-Identifier: Apache-2.0
"""TLS in HAProxy: options of its sockets and of its connections to peers, and the cloud of a sending gateway."""

import ssl
from collections.abc import Mapping, Sequence

from openstackoid.haproxy.maps import CLOUDS
from openstackoid.haproxy.sources import Error
from openstackoid.mesh import ANY_NAME, Address, Cloud, Listener, Tls

FROM = "X-Openstackoid-From"
"""The header in which HAProxy names the sending gateway's cloud to the Python service."""

Copies = Mapping[str, str]
"""HAProxy's places of files that the description names, where it has copies; or of certificates, by the host of a socket."""
NO_COPIES: Copies = {}

_CIPHERS = ":".join(
    f"ECDHE-{signed}-{cipher}"
    for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")
    for signed in ("ECDSA", "RSA")
)


PEERS_LIST = "peers.list"
"""The list that names the certificate for peers, where users meet others."""

_HAS_NUL = "ssl_c_s_dn(CN),hex -m sub 00"
"""A common name with a zero byte: a map look-up ends at that byte. No cloud's name makes two zeros in hexadecimal."""


def authorities_of_system() -> str:
    """Return the file or folder of the authorities that the system trusts. HAProxy of the wheel does not know it."""
    paths = ssl.get_default_verify_paths()
    return paths.cafile or paths.capath or "/etc/ssl/certs"


def global_lines(cloud: Cloud) -> list[str]:
    """Return the options of every connection: TLS 1.2 or later, with forward secrecy.

    Tickets with a whole session, and so the client's identity, are not issued: HAProxy keeps sessions itself.
    """
    bind = [
        "ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets",
        f"ssl-default-bind-ciphers {_CIPHERS}",
    ]
    server = [
        "ssl-default-server-options ssl-min-ver TLSv1.2",
        f"ssl-default-server-ciphers {_CIPHERS}",
    ]
    return [*(bind if cloud.tls else []), *(server if cloud.tls or cloud.secure_backends else [])]


def bind_options(cloud: Cloud, at: Sequence[Listener], files: Tls | None, met_at: Copies = NO_COPIES) -> str:
    """Return the TLS options of the ``bind`` line of a socket, whose listeners are ``at`` it.

    A user's client has no certificate; one of another authority than the mesh's, or an expired or revoked one, ends the
    handshake. With certificates for users, the mesh's is that of a list, for the name by which peers ask for it. HAProxy gives a
    client without SNI the first certificate; ``met_at`` names it for an address.
    """
    if files is None or at[0] not in cloud.secure_listeners:
        return ""
    if files.users:
        met = {met_at.get(listener.host) for listener in at}
        own = "".join(f" crt {_quoted(path)}" for path in sorted(files.users, key=lambda path: path not in met))
        return f" ssl{own} crt-list {PEERS_LIST} alpn http/1.1"
    return f" ssl crt {_quoted(files.certificate)} ca-file {_quoted(files.authority)}{_crl(files)} verify optional alpn http/1.1"


def peers_list(cloud: Cloud, files: Tls) -> str:
    """Return the list with the certificate that peers meet: they alone are asked for theirs. It knows no quotes."""
    revoked = f" crl-file {files.revoked}" if files.revoked else ""
    return f"{files.certificate} [ca-file {files.authority}{revoked} verify optional] {cloud.name}\n"


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
    """Return the options of the ``server`` line for Keystones with certificates of an authority of the system."""
    return f" ssl verify required ca-file {_quoted(authorities)} sni var(txn.cloud) no-ssl-reuse"


def backend_options(address: Address[str], copies: Copies) -> str:
    """Return the TLS options of the ``server`` line of a backend, and of its health checks.

    HAProxy compares DNS names of a certificate, and no addresses.
    """
    if not address.secure:
        return ""
    authority = copies.get(address.authority, address.authority or authorities_of_system())
    verified = f" ssl verify required ca-file {_quoted(authority)}"
    return (
        verified
        if address.name == ANY_NAME
        else f"{verified} sni str({address.name}) verifyhost {address.name} check-sni {address.name}"
    )


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


def stranger_error(cloud: Cloud, error: Error) -> list[str]:
    """Return the line with the error for an unknown sending gateway."""
    message = f"gateway of {cloud.name}: the certificate of the client names no cloud of the mesh"
    return [error(403, message)] if cloud.secure_listeners else []


def sender_rules(cloud: Cloud) -> list[str]:
    """Return the rule that refuses an unknown sending gateway."""
    rule = "http-request return status 403 default-errorfiles if { var(sess.stranger) -m found }"
    return [rule] if cloud.secure_listeners else []


def gateways_headers() -> list[str]:
    """Return the rule that removes a client's headers in the gateway's own names."""
    return [
        "# Headers that only gateways and their parts write: those of a client are removed.",
        "http-request del-header x-openstackoid- -m beg",
    ]


def told_to_the_bridge(cloud: Cloud) -> list[str]:
    """Return the rule that tells the Python service which cloud's gateway has sent a request."""
    sender = f"http-request set-header {FROM} %[var(sess.from)] if {{ var(sess.from) -m found }}"
    return [sender] if cloud.secure_listeners else []


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
