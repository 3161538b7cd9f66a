# SPDX-License-Identifier: Apache-2.0
"""The private authority: a key that signs only the certificates of a mesh's gateways."""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from openstackoid.certs.errors import CertsError
from openstackoid.private import replace_private

AUTHORITY = "authority"
"""The name of the authority's two files, which no cloud can have."""

SLACK = timedelta(hours=1)
"""A certificate is valid from this time before its making: another machine's clock may be late."""

_DAYS = 3650
_HOST = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\Z")
_EVERY_ADDRESS = ("0.0.0.0/0", "::/0")


@dataclass(frozen=True, slots=True)
class Authority:
    """A private authority in memory."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)


def make_authority(directory: Path, days: int = _DAYS, *, only: Sequence[str] = (), renew: bool = False) -> Path:
    """Make ``authority.pem`` and ``authority.key`` in a folder, and return the certificate's path.

    ``only``: the cloud names, domains and addresses that it may sign for, a protection of all others. ``renew``: a new
    certificate for the existing key, so that issued certificates stay valid. Raises :class:`CertsError` for an existing
    authority, a missing one to renew, or an invalid name.
    """
    certificate, key_file = directory / f"{AUTHORITY}.pem", directory / f"{AUTHORITY}.key"
    constraints = _constraints(only)
    if renew:
        key = load_authority(directory).key
    else:
        for path in (certificate, key_file):
            if path.exists():
                hint = "--renew makes a new certificate for the key that is there; for a new key, take another --directory"
                raise CertsError(f"{path} exists already and is not overwritten", hint=hint)
        key = ec.generate_private_key(ec.SECP256R1())
    # The end of the name distinguishes two authorities of a mesh: chains are looked up by name.
    digest = x509.SubjectKeyIdentifier.from_public_key(key.public_key()).digest.hex()[:8]
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"OpenStackoid authority {digest}")])
    builder = _signed_builder(name, key, datetime.now(UTC), days).subject_name(name).public_key(key.public_key())
    builder = (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if constraints is not None:
        builder = builder.add_extension(constraints, critical=True)
    directory_of(directory)
    if not renew:
        write(key_file, key_bytes(key))
    # Public: services and users trust it.
    write(certificate, builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM), mode=0o644)
    return certificate


def load_authority(directory: Path) -> Authority:
    """Return the authority in a folder. Raises :class:`CertsError`."""
    certificate, key_file = directory / f"{AUTHORITY}.pem", directory / f"{AUTHORITY}.key"
    try:
        loaded = x509.load_pem_x509_certificate(certificate.read_bytes())
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
    except FileNotFoundError as error:
        raise CertsError(
            f"{error.filename}: there is no authority here", hint=f"openstackoid certs authority --directory {directory}"
        ) from None
    except OSError as error:
        raise CertsError(f"{error.filename}: cannot be read: {error.strerror}") from None
    except (ValueError, TypeError):
        raise CertsError(f"{directory}: {certificate.name} and {key_file.name} are not a certificate and a key in PEM") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != loaded.public_key():
        raise CertsError(f"{key_file}: it is not the key of {certificate}")
    return Authority(loaded, key)


def signed_by(authority: Authority, begins: datetime, days: int) -> x509.CertificateBuilder:
    """Return the beginning of a certificate of the authority. Raises :class:`CertsError` if it would outlive the authority."""
    left = (authority.certificate.not_valid_after_utc - begins).days
    if days > left:
        raise CertsError(f"the authority ends in {left} days; a certificate of {left} days at most is accepted")
    return _signed_builder(authority.certificate.subject, authority.key, begins, days)


def general_name(name: str) -> x509.DNSName | x509.IPAddress:
    """Return a host's name or address in a certificate's form. Raises :class:`CertsError`."""
    try:
        return x509.IPAddress(ipaddress.ip_address(name.strip("[]")))
    except ValueError:
        if _HOST.match(name) is None:
            raise CertsError(f"'{name}' is neither a host name nor an address; gw.one and 10.0.1.10 would be accepted") from None
        return x509.DNSName(name)


def key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    """Return the permitted uses of a key: to sign certificates, or to authenticate in a handshake."""
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def key_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a private key in PEM."""
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def directory_of(directory: Path) -> None:
    """Make the folder, owner-only, if missing. Raises :class:`CertsError`."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CertsError(f"{directory}: the folder cannot be made: {error.strerror}") from None


def write(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file in one step, owner-only unless ``mode`` differs. Raises :class:`CertsError`."""
    try:
        replace_private(path, content)
        path.chmod(mode)
    except OSError as error:
        raise CertsError(f"{path}: cannot be written: {error.strerror}") from None


def _constraints(only: Sequence[str]) -> x509.NameConstraints | None:
    """Return the name constraints; no address is permitted unless one is named."""
    if not only:
        return None
    permitted: list[x509.GeneralName] = []
    for name in only:
        try:
            permitted.append(x509.IPAddress(ipaddress.ip_network(name.strip("[]"))))
        except ValueError:
            permitted.append(general_name(name))
    if not any(isinstance(name, x509.DNSName) for name in permitted):
        raise CertsError("the names that the authority may sign for have none of a cloud among them; its name is needed")
    if any(isinstance(name, x509.IPAddress) for name in permitted):
        return x509.NameConstraints(permitted, None)
    return x509.NameConstraints(permitted, [x509.IPAddress(ipaddress.ip_network(network)) for network in _EVERY_ADDRESS])


def _signed_builder(issuer: x509.Name, key: ec.EllipticCurvePrivateKey, begins: datetime, days: int) -> x509.CertificateBuilder:
    if days < 1:
        raise CertsError(f"{days} days: 1 day or more is accepted")
    try:
        end = begins + timedelta(days=days)
    except OverflowError:
        raise CertsError(f"{days} days: a certificate cannot be that long") from None
    return (
        x509.CertificateBuilder()
        .issuer_name(issuer)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins - SLACK)
        .not_valid_after(end)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    )
