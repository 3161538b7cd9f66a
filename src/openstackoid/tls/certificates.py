# SPDX-License-Identifier: Apache-2.0
"""Certificates that users meet, and authorities of backends: read and checked before HAProxy uses them."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID

from openstackoid.tls.check import SOON, revocation_lists, text_of
from openstackoid.tls.identity import TlsError

ENDING = ".pem"
"""The end of the names of files that are read in a folder of certificates."""


@dataclass(frozen=True, slots=True)
class UserCertificate:
    """A certificate that users meet: its file, the names in it, and its end."""

    path: str
    text: str = field(repr=False)
    names: tuple[str, ...]
    ends: datetime

    def is_for(self, host: str) -> bool:
        """Return whether the certificate is valid for a host."""
        parent = f"*.{host.partition('.')[2]}"
        return host.strip("[]").lower() in self.names or parent.lower() in self.names


def files_in(paths: Sequence[str]) -> list[str]:
    """Return the files of certificates: those of a folder by their names. Raises :class:`TlsError` for an empty folder."""
    found: list[str] = []
    for path in paths:
        if not Path(path).is_dir():
            found.append(path)
            continue
        try:
            inside = sorted(str(file) for file in Path(path).iterdir() if file.name.endswith(ENDING))
        except OSError as error:
            raise TlsError(f"{path}: cannot be read: {error.strerror}") from None
        if not inside:
            raise TlsError(f"{path}: there is no file in this folder whose name ends in {ENDING}")
        found += inside
    return found


def end_of(path: str) -> datetime:
    """Return the end of the certificate in a file, or of the list of revoked ones. Raises :class:`TlsError`."""
    text = text_of(path).encode("ascii")
    try:
        if b"-----BEGIN X509 CRL-----" in text:
            ends = [crl.next_update_utc for crl in revocation_lists(text, path) if crl.next_update_utc is not None]
            return min(ends)
        return x509.load_pem_x509_certificates(text)[0].not_valid_after_utc
    except ValueError:
        raise TlsError(f"{path}: there is no PEM certificate in it") from None


def user_certificates(paths: Sequence[str], cloud: str) -> list[UserCertificate]:
    """Return the certificates in files and folders. Raises :class:`TlsError` for a file that HAProxy could not use.

    None may have the name of the cloud: by that name peers ask for the certificate of the mesh.
    """
    found = [_certificate(path) for path in files_in(paths)]
    for certificate in found:
        if cloud.lower() in certificate.names:
            raise TlsError(
                f"{certificate.path}: it names {cloud}; peers ask for the mesh's certificate by that name",
                hint=f"issue it anew for the hosts of your users alone, or take it out of clouds.{cloud}.gateway.tls.users",
            )
    return found


def certificate_for(host: str, certificates: Sequence[UserCertificate]) -> UserCertificate:
    """Return the certificate that a user meets who asks for a host: one that names it, or the first."""
    exact = [certificate for certificate in certificates if host.strip("[]").lower() in certificate.names]
    return next(iter([*exact, *(certificate for certificate in certificates if certificate.is_for(host)), *certificates]))


def warnings_about_users(certificates: Sequence[UserCertificate], hosts: Sequence[str]) -> list[str]:
    """Return warnings: a certificate that ends soon, and a host that its certificate does not name."""
    said = []
    for certificate in certificates:
        left = (certificate.ends - datetime.now(UTC)).total_seconds()
        if left < 0:
            said.append(f"{certificate.path}: the certificate for users has expired")
        elif left < SOON:
            said.append(f"{certificate.path}: the certificate for users ends in {int(left // 86400)} days")
    for host in hosts:
        met = certificate_for(host, certificates)
        if not met.is_for(host):
            said.append(f"{met.path}: it does not name {host}, and no other certificate for users does")
    return said


def checked_authority(path: str) -> str:
    """Return the text of the file of a backend's authority. Raises :class:`TlsError`."""
    text = text_of(path)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError):
        raise TlsError(f"{path}: there is no PEM certificate of an authority in it") from None
    return text


def _certificate(path: str) -> UserCertificate:
    text = text_of(path, secret=True)
    try:
        # A key with a passphrase would cause a prompt at the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(path, password="")
        leaf = x509.load_pem_x509_certificates(text.encode("ascii"))[0]
    except (ssl.SSLError, ValueError, OSError) as error:
        if getattr(error, "reason", None) == "KEY_VALUES_MISMATCH":
            raise TlsError(f"{path}: the key in it is not that of the certificate") from None
        accepted = "a certificate, those of authorities between, and the key, all in PEM and without a passphrase, are accepted"
        raise TlsError(f"{path}: {accepted}") from None
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        known = [str(name) for kind in (x509.DNSName, x509.IPAddress) for name in names.get_values_for_type(kind)]
    except x509.ExtensionNotFound:
        known = [str(part.value) for part in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return UserCertificate(path, text, tuple(name.lower() for name in known), leaf.not_valid_after_utc)
