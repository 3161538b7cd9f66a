# SPDX-License-Identifier: Apache-2.0
"""The certificate of a cloud's gateway, as server and as client, for users and peers."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from openstackoid.certs.authority import AUTHORITY, general_name, key_bytes, key_usage, load_authority, signed_by, write
from openstackoid.certs.errors import CertsError
from openstackoid.certs.revocation import REVOKED, record_issued
from openstackoid.scope.parser import CLOUD_NAME

_DAYS = 365


def issue(
    directory: Path,
    cloud: str,
    hosts: Sequence[str] = (),
    days: int = _DAYS,
    *,
    renew: bool = False,
    begins: datetime | None = None,
) -> Path:
    """Make ``<cloud>.pem`` with the authority in ``directory`` and return its path: certificate and key, owner-only.

    The common name is the cloud's, by which peers know the gateway; further names are it again and ``hosts``, for users.
    ``begins``: now by default. Raises :class:`CertsError` without an authority, for an existing file without ``renew``, or for
    an invalid name.
    """
    if CLOUD_NAME.match(cloud) is None or cloud in (AUTHORITY, REVOKED):
        raise CertsError(
            f"'{cloud}' cannot be the name of a cloud with a certificate; letters, digits, '.', '_' and '-' are accepted"
        )
    own = general_name(cloud)
    if not isinstance(own, x509.DNSName):
        raise CertsError(f"'{cloud}' is an address, which cannot be the name of a cloud with a certificate")
    names = dict.fromkeys([own, *map(general_name, hosts)])
    authority = load_authority(directory)
    path = directory / f"{cloud}.pem"
    if path.exists() and not renew:
        raise CertsError(f"{path} exists already and is not overwritten", hint="--renew replaces certificate and key")
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        signed_by(authority, begins or datetime.now(UTC), days)
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, cloud)]))
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(list(names)), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    record_issued(directory, cloud, certificate)
    write(path, certificate.public_bytes(serialization.Encoding.PEM) + key_bytes(key))
    return path
