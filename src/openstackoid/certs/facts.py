# SPDX-License-Identifier: Apache-2.0
"""The content of a certificate, for a person."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from openstackoid.certs.errors import CertsError


@dataclass(frozen=True, slots=True)
class Facts:
    """Subject, names, validity, issuer and serial number of a certificate."""

    subject: str
    names: tuple[str, ...]
    begins: datetime
    ends: datetime
    issuer: str
    signs: bool
    serial: int


def read_facts(path: Path) -> list[Facts]:
    """Return the facts of each certificate in a file, in order. Raises :class:`CertsError` if there is none."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CertsError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        return [_facts(certificate) for certificate in x509.load_pem_x509_certificates(content)]
    except ValueError:
        raise CertsError(f"{path}: there is no PEM certificate in it") from None


def _facts(certificate: x509.Certificate) -> Facts:
    names: list[str] = []
    signs = False
    for extension in certificate.extensions:
        if isinstance(extension.value, x509.SubjectAlternativeName):
            names = [str(name.value) for name in extension.value]
        elif isinstance(extension.value, x509.BasicConstraints):
            signs = extension.value.ca
    return Facts(
        certificate.subject.rfc4514_string(),
        tuple(names),
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
        certificate.issuer.rfc4514_string(),
        signs,
        certificate.serial_number,
    )
