# SPDX-License-Identifier: Apache-2.0
"""The list of revoked certificates (CRL) of a private authority, and the record of the certificates that it has issued."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from openstackoid.certs.authority import SLACK, Authority, load_authority, write
from openstackoid.certs.errors import CertsError

REVOKED = "revoked"
"""The name of the list's file, which no cloud can have."""

DAYS = 365
"""Days of validity of a list, by default."""

T = TypeVar("T")
_ISSUED = "issued.txt"
_NOTED = re.compile(r"([0-9a-f]{1,40}) (\S+) [0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class RevocationList:
    """The content of a list: authority, start, end, and each certificate's serial number and time."""

    issuer: str
    made: datetime
    ends: datetime | None
    revoked: tuple[tuple[int, datetime], ...]


def record_issued(directory: Path, cloud: str, certificate: x509.Certificate) -> None:
    """Note the serial number of a certificate, so that it can be revoked when its file is gone. Raises :class:`CertsError`."""
    path = directory / _ISSUED
    before = path.read_bytes() if path.exists() else b""
    write(path, before + f"{certificate.serial_number:x} {cloud} {certificate.not_valid_after_utc:%Y-%m-%d}\n".encode("ascii"))


def revoke(directory: Path, cloud: str | None = None, files: Sequence[Path] = (), days: int = DAYS) -> tuple[Path, int]:
    """Revoke certificates with the authority in ``directory``; return the list's path, and the number of new ones.

    Without ``files``, revoke all that the authority has issued for ``cloud``. Without a cloud, renew the list for ``days`` days.
    Raises :class:`CertsError` without the authority or the certificate.
    """
    authority = load_authority(directory)
    now = datetime.now(UTC)
    ends = _end(now, days)
    path = directory / f"{REVOKED}.pem"
    revoked = dict(_entries(path, authority)) if path.exists() else {}
    added = 0
    for serial in _serials(directory, authority, cloud, files):
        if serial not in revoked:
            revoked[serial] = now
            added += 1
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(now - SLACK)
        .next_update(ends)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False)
        .add_extension(x509.CRLNumber(int(now.timestamp() * 1000)), critical=False)
    )
    for serial, when in revoked.items():
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(when)
        builder = builder.add_revoked_certificate(entry.build())
    write(path, builder.sign(authority.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM), mode=0o644)
    return path, added


def read_list(path: Path) -> RevocationList:
    """Return the content of a list. Raises :class:`CertsError` if it is unreadable."""
    found = _list(path)
    revoked = tuple((entry.serial_number, entry.revocation_date_utc) for entry in found)
    return RevocationList(found.issuer.rfc4514_string(), found.last_update_utc, found.next_update_utc, revoked)


def is_list(path: Path) -> bool:
    """Return whether a file holds a list and no certificate."""
    return path.is_file() and b"-----BEGIN X509 CRL-----" in path.read_bytes()


def _end(now: datetime, days: int) -> datetime:
    if days < 1:
        raise CertsError(f"{days} days: 1 day or more is accepted")
    try:
        return now + timedelta(days=days)
    except OverflowError:
        raise CertsError(f"{days} days: a list cannot be valid for as long") from None


def _serials(directory: Path, authority: Authority, cloud: str | None, files: Sequence[Path]) -> Iterable[int]:
    if cloud is None:
        if files:
            raise CertsError(f"{files[0]}: the cloud of the certificate is needed, too", hint="--cloud NAME")
        return []
    named = [_certificate(path) for path in files]
    if not files:
        own = directory / f"{cloud}.pem"
        named = [_certificate(own)] if own.exists() else []
    for path, certificate in zip(files or [directory / f"{cloud}.pem"], named, strict=False):
        if certificate.issuer != authority.certificate.subject:
            raise CertsError(f"{path}: the authority in {directory} has not issued it")
        common = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        if [name.value for name in common] != [cloud]:
            raise CertsError(f"{path}: it is not a certificate of {cloud}")
    serials = [certificate.serial_number for certificate in named]
    if not files:
        serials += _issued(directory / _ISSUED, cloud)
    if not serials:
        raise CertsError(f"{directory}: no certificate was issued for {cloud} here", hint="--file names a certificate")
    return serials


def _issued(path: Path, cloud: str) -> Iterable[int]:
    """Return the serial numbers of the certificates that were issued for a cloud, as :func:`record_issued` has noted them."""
    if not path.exists():
        return
    for number, line in enumerate(path.read_text(encoding="ascii", errors="replace").splitlines(), start=1):
        found = _NOTED.fullmatch(line)
        if found is None:
            raise CertsError(f"{path}, line {number}: a serial number in hexadecimal, a cloud and a date are accepted")
        if found[2] == cloud:
            yield int(found[1], 16)


def _certificate(path: Path) -> x509.Certificate:
    return _loaded(path, x509.load_pem_x509_certificate, "certificate")


def _list(path: Path) -> x509.CertificateRevocationList:
    return _loaded(path, x509.load_pem_x509_crl, "list of revoked certificates")


def _loaded(path: Path, load: Callable[[bytes], T], what: str) -> T:
    try:
        return load(path.read_bytes())
    except OSError as error:
        raise CertsError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError:
        raise CertsError(f"{path}: there is no PEM {what} in it") from None


def _entries(path: Path, authority: Authority) -> Iterable[tuple[int, datetime]]:
    found = _list(path)
    if not found.is_signature_valid(authority.key.public_key()):
        raise CertsError(f"{path}: it is not a list of this authority")
    return [(entry.serial_number, entry.revocation_date_utc) for entry in found]
