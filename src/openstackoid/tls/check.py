# SPDX-License-Identifier: Apache-2.0
"""Check a gateway's certificate before its use, by a handshake with itself in memory."""

import ipaddress
import re
import ssl
import stat
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from cryptography import x509

from openstackoid.tls.identity import AUTHORITY, CERTIFICATE, REVOKED, TlsError, context_of
from openstackoid.tls.words import what_was_wrong

SOON = 14 * 86400
"""Seconds before its end from which a certificate is a warning."""


def checked_files(certificate: str, authority: str, cloud: str, revoked: str | None = None) -> Mapping[str, str]:
    """Return the texts of the files, by the names of a gateway's copies, if they are valid for ``cloud``.

    ``revoked``: the list of revoked certificates, if there is one.

    Raises :class:`TlsError` with the file and the fault.
    """
    before = _texts(certificate, authority, revoked)
    _shake_hands(certificate, authority, cloud, revoked)
    if revoked is not None:
        _check_lists(before[AUTHORITY], before[REVOKED], authority, revoked)
    if _texts(certificate, authority, revoked) != before:
        raise TlsError(f"{certificate}, {authority}{f', {revoked}' if revoked else ''}: they were changed while they were read")
    return before


def warnings_about(
    certificate: str, authority: str, cloud: str, hosts: Collection[str], revoked: str | None = None
) -> tuple[float, list[str]]:
    """Return the end of the certificate, in seconds since 1970, and warnings for the operator.

    ``hosts``: those of the cloud's https frontends. Raises :class:`TlsError` as :func:`checked_files` does.
    """
    known = _shake_hands(certificate, authority, cloud, revoked)
    ends = ssl.cert_time_to_seconds(known["notAfter"])
    left = ends - time.time()
    said = []
    if left < SOON:
        said.append(f"{certificate}: the certificate of {cloud} ends in {max(0, int(left // 86400))} days")
    for crl in revocation_lists(Path(revoked).read_bytes(), revoked) if revoked else ():
        if crl.next_update_utc is not None and (left := crl.next_update_utc.timestamp() - time.time()) < SOON:
            days = max(0, int(left // 86400))
            said.append(f"{revoked}: the list of revoked certificates ends in {days} days; then no peer is believed")
    names = {value.lower() for _, value in known.get("subjectAltName", ())}
    missing = sorted({host for host in hosts if _plain(host) not in {_plain(name) for name in names}})
    if missing:
        said.append(f"{certificate}: it does not name {', '.join(missing)}, by which users call {cloud}")
    return ends, said


def revocation_lists(content: bytes, path: str) -> list[x509.CertificateRevocationList]:
    """Return the lists of revoked certificates in ``content``, read from ``path``. Raises :class:`TlsError`."""
    parts = re.findall(rb"-----BEGIN X509 CRL-----.*?-----END X509 CRL-----", content, re.DOTALL)
    try:
        return [x509.load_pem_x509_crl(part) for part in parts]
    except ValueError:
        raise TlsError(f"{path}: there is no PEM list of revoked certificates in it") from None


def _check_lists(authorities: str, revoked: str, authority: str, path: str) -> None:
    """Raise :class:`TlsError` where an authority has no list: HAProxy and OpenSSL would believe none of its certificates."""
    lists = revocation_lists(revoked.encode("ascii"), path)
    for certificate in x509.load_pem_x509_certificates(authorities.encode("ascii")):
        if all(crl.issuer != certificate.subject for crl in lists):
            name = certificate.subject.rfc4514_string()
            raise TlsError(f"{path}: there is no list of {name} in it, which is an authority in {authority}")


def text_of(path: str, *, secret: bool = False) -> str:
    """Return the text of a file in PEM, which may be ``secret``. Raises :class:`TlsError`."""
    try:
        with Path(path).open(encoding="ascii") as file:
            # Of the opened file: another may have taken its name since.
            mode = stat.S_IMODE(Path(f"/proc/self/fd/{file.fileno()}").stat().st_mode)
            if secret and mode & 0o077:
                raise TlsError(f"{path}: others can look into this file with a key", hint=f"chmod 600 {path}")
            return file.read()
    except OSError as error:
        raise TlsError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise TlsError(f"{path}: PEM is accepted") from None


def _texts(certificate: str, authority: str, revoked: str | None) -> dict[str, str]:
    files = ((CERTIFICATE, certificate), (AUTHORITY, authority), (REVOKED, revoked))
    return {name: text_of(path, secret=name == CERTIFICATE) for name, path in files if path is not None}


def _shake_hands(certificate: str, authority: str, cloud: str, revoked: str | None) -> Mapping[str, Any]:
    """Return the content of the certificate. Both sides are this gateway, so each checks as a peer would."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = (ssl.PROTOCOL_TLS_CLIENT, ssl.PROTOCOL_TLS_SERVER)
    contexts = [context_of(side, certificate, authority, revoked) for side in sides]
    client = contexts[0].wrap_bio(to_client, to_server, server_hostname=cloud)
    server = contexts[1].wrap_bio(to_server, to_client, server_side=True)
    waiting = [client, server]
    try:
        for _ in range(8):
            for side in list(waiting):
                try:
                    side.do_handshake()
                    waiting.remove(side)
                except ssl.SSLWantReadError:
                    continue
    except ssl.SSLError as error:
        what = what_was_wrong(error, cloud, authority).removeprefix("its certificate ")
        raise TlsError(f"{certificate}: the certificate {what}") from None
    known: Mapping[str, Any] | None = None if waiting else client.getpeercert()
    if not known:
        raise TlsError(f"{certificate}: no peer could agree with it on TLS")
    names = [value for part in known["subject"] for key, value in part if key == "commonName"]
    if names != [cloud]:
        raise TlsError(f"{certificate}: its common name is {', '.join(names) or 'none'}; peers know the gateway by {cloud}")
    return known


def _plain(host: str) -> str:
    try:
        return str(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return host.lower()
