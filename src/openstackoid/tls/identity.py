# SPDX-License-Identifier: Apache-2.0
"""The certificate of a gateway and the authority of the mesh, the only one that it trusts, read as TLS reads them."""

import re
import ssl
from pathlib import Path

from openstackoid.errors import OpenstackoidError

CERTIFICATE, AUTHORITY, REVOKED = "certificate.pem", "authority.pem", "revoked.pem"
"""A running gateway's own copies, safe from later changes of the operator's files."""


class TlsError(OpenstackoidError):
    """An unusable certificate or authority; the message names the file, never its content."""


def context_of(side: int, certificate: str, authority: str, revoked: str | None = None) -> ssl.SSLContext:
    """Return a context for mutual TLS: 1.2 or later, with this authority alone. Raises :class:`TlsError`.

    ``revoked``: a file of lists of revoked certificates, one of each authority of a chain.
    """
    context = ssl.SSLContext(side)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    for path in (authority, certificate, *([revoked] if revoked else [])):
        try:
            # For its reason: the library does not tell a missing file from a broken one.
            Path(path).open("rb").close()
        except OSError as error:
            raise TlsError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        context.load_verify_locations(authority)
    except (ssl.SSLError, ValueError):
        raise TlsError(f"{authority}: there is no PEM certificate of an authority in it") from None
    if revoked is not None:
        if any(kind != b"X509 CRL" for kind in re.findall(rb"-----BEGIN ([^-]*)-----", Path(revoked).read_bytes())):
            # OpenSSL would believe each certificate in it as an authority, and the file may come from a public server.
            raise TlsError(f"{revoked}: only PEM lists of revoked certificates are accepted")
        try:
            context.load_verify_locations(revoked)
        except (ssl.SSLError, ValueError):
            raise TlsError(f"{revoked}: there is no PEM list of revoked certificates in it") from None
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN
    try:
        # A key with a passphrase would cause a prompt at the terminal.
        context.load_cert_chain(certificate, password="")
    except (ssl.SSLError, ValueError) as error:
        if getattr(error, "reason", None) == "KEY_VALUES_MISMATCH":
            raise TlsError(f"{certificate}: the key in it is not that of the certificate") from None
        raise TlsError(
            f"{certificate}: a certificate and then its key, both in PEM and without a passphrase, are accepted"
        ) from None
    return context
