# SPDX-License-Identifier: Apache-2.0
"""An introduction: a cloud's frontends for the operator of another cloud, signed with the gateway's own key.

A JSON Web Signature (RFC 7515) with the gateway's certificate in it (``x5c``). The reader believes it because the authority
of the mesh, which both have already, signs for that certificate.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from openstackoid.discovery.catalog import Row
from openstackoid.errors import OpenstackoidError
from openstackoid.mesh import Cloud
from openstackoid.routing.wire_version import SPOKEN

TYPE = "openstackoid-peer+jwt"
_LARGEST = 1 << 20
_EARLY = 300
"""Seconds by which the clock of the one who signed may be ahead."""
_KEY = re.compile(rb"-----BEGIN ([A-Z ]*)PRIVATE KEY-----.*?-----END \1PRIVATE KEY-----", re.DOTALL)
_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}


class PeeringError(OpenstackoidError):
    """An introduction that cannot be made or believed; the message says why."""


@dataclass(frozen=True, slots=True)
class Introduction:
    """The claims of a cloud: its frontends, and the wire version of its gateway.

    ``made``: when it was signed. ``fingerprint``: SHA-256 of the certificate of the gateway, in hexadecimal.
    """

    cloud: str
    region: str
    wire: int
    rows: tuple[Row, ...]
    made: datetime
    fingerprint: str


def rows_of(cloud: Cloud) -> list[Row]:
    """Return the frontends that peers can use as rows of a catalog: with TLS, those of https."""
    return [
        Row(endpoint.catalog_type, interface, f"{endpoint.frontend.root()}{endpoint.frontend.suffix}", "", endpoint.name)
        for endpoint in cloud.endpoints
        for interface in endpoint.interfaces
        if endpoint.frontend.scheme == "https"
    ]


def signed(cloud: Cloud, certificate: bytes, now: float) -> str:
    """Return the introduction of ``cloud``: its frontends, signed with the key in the PEM file ``certificate``.

    Raises :class:`PeeringError` for a cloud without a frontend that a peer can use.
    """
    rows = rows_of(cloud)
    if not rows:
        raise PeeringError(f"{cloud.name} has no https frontend, and peers send tokens over https alone")
    chain, found = _certificates(certificate), _KEY.search(certificate)
    if not chain or found is None:
        raise PeeringError("a certificate and then its key, both in PEM, are accepted")
    key: Any = serialization.load_pem_private_key(found.group(), None)
    claims = {
        "iss": cloud.name,
        "iat": int(now),
        "wire": SPOKEN,
        "region": cloud.region,
        "endpoints": [{"type": row.service_type, "name": row.name, "interface": row.interface, "url": row.url} for row in rows],
    }
    encoded = [base64.b64encode(one.public_bytes(serialization.Encoding.DER)).decode("ascii") for one in chain]
    return jwt.encode(claims, key, _algorithm(key.public_key()), headers={"typ": TYPE, "x5c": encoded})


def verified(text: str, authorities: bytes, revoked: Sequence[x509.CertificateRevocationList], now: float) -> Introduction:
    """Return an introduction after a check of its signature, and of the signer's certificate by an authority in PEM.

    ``revoked``: the lists of revoked certificates. Raises :class:`PeeringError`.
    """
    chain = _chain_in(text.strip())
    leaf = chain[0]
    _check_chain(chain, authorities, revoked, datetime.fromtimestamp(now, UTC))
    key: Any = leaf.public_key()
    try:
        claims = jwt.decode(
            text.strip(), key, [_algorithm(key)], options={"verify_iat": False, "verify_exp": False, "require": ["iss", "iat"]}
        )
    except jwt.InvalidSignatureError:
        raise PeeringError("it was changed after it was signed") from None
    except jwt.PyJWTError as error:
        raise PeeringError(f"it is not an introduction: {error}") from None
    names = [str(name.value) for name in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if names != [claims["iss"]]:
        raise PeeringError(f"it introduces {claims['iss']!r}, but the certificate is of {', '.join(names) or 'no cloud'}")
    introduction = _read(claims, leaf)
    if introduction.made.timestamp() > now + _EARLY:
        raise PeeringError(f"it was signed at {introduction.made:%Y-%m-%d %H:%M} UTC, which is yet to come; compare the clocks")
    return introduction


def _chain_in(text: str) -> list[x509.Certificate]:
    if len(text) > _LARGEST:
        raise PeeringError(f"it is larger than {_LARGEST >> 20} MiB")
    try:
        header = jwt.get_unverified_header(text)
        encoded = header["x5c"] if header.get("typ") == TYPE else []
        chain = [x509.load_der_x509_certificate(base64.b64decode(one, validate=True)) for one in encoded]
    except (jwt.PyJWTError, KeyError, TypeError, ValueError, binascii.Error):
        chain = []
    if not chain:
        raise PeeringError("it is not an introduction", hint="the peer's operator makes one: openstackoid peer export")
    return chain


def _check_chain(
    chain: Sequence[x509.Certificate], authorities: bytes, revoked: Sequence[x509.CertificateRevocationList], now: datetime
) -> None:
    trusted = _certificates(authorities)
    if not trusted:
        raise PeeringError("the authority of this gateway has no PEM certificate")
    verifier = PolicyBuilder().store(Store(trusted)).time(now).build_client_verifier()
    try:
        verifier.verify(chain[0], list(chain[1:]))
    except VerificationError as error:
        raise PeeringError(f"the authority of this gateway does not stand for its certificate: {error}") from None
    for crl in revoked:
        for one in chain:
            if crl.issuer == one.issuer and crl.get_revoked_certificate_by_serial_number(one.serial_number) is not None:
                raise PeeringError("its certificate has been revoked")


def _read(claims: Any, leaf: x509.Certificate) -> Introduction:
    try:
        rows = tuple(
            Row(str(one["type"]), str(one["interface"]), str(one["url"]), "", None if one["name"] is None else str(one["name"]))
            for one in claims["endpoints"]
        )
        made = datetime.fromtimestamp(int(claims["iat"]), UTC)
        wire, region = int(claims["wire"]), str(claims["region"] or "")
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        raise PeeringError("it must have endpoints, region, wire version and time") from None
    return Introduction(claims["iss"], region, wire, rows, made, leaf.fingerprint(hashes.SHA256()).hex())


def _algorithm(key: object) -> str:
    """Return the algorithm of RFC 7518 or 8037 for a key; the file's own word for it is not asked."""
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    if isinstance(key, rsa.RSAPublicKey):
        return "PS256"
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "EdDSA"
    raise PeeringError("the certificate has a key of a kind that is not accepted; P-256, P-384, P-521, RSA and Ed25519 are")


def _certificates(pem: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError:
        return []
