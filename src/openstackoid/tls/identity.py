# SPDX-License-Identifier: Apache-2.0
"""The certificate of a gateway and the authority of the mesh, the only one that it trusts, read as TLS reads them."""

import ssl
from pathlib import Path

from openstackoid.errors import OpenstackoidError

CERTIFICATE, AUTHORITY = "certificate.pem", "authority.pem"
"""The names of a running gateway's own copies: what the operator's files are meanwhile cannot break it."""


class TlsError(OpenstackoidError):
    """A certificate or an authority that cannot be used; the message names the file, never what is in it."""


def context_of(side: int, certificate: str, authority: str) -> ssl.SSLContext:
    """Return a context for one side that proves itself and wants proof: TLS 1.2 at least, this authority, no other.

    Raises :class:`TlsError`.
    """
    context = ssl.SSLContext(side)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    for path in (authority, certificate):
        try:
            # For its reason: what the library says of a file does not tell a missing one from a broken one.
            Path(path).open("rb").close()
        except OSError as error:
            raise TlsError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        context.load_verify_locations(authority)
    except (ssl.SSLError, ValueError):
        raise TlsError(f"{authority}: there is no certificate of an authority in PEM in it") from None
    try:
        # A key with a passphrase would be asked for at the terminal.
        context.load_cert_chain(certificate, password="")
    except (ssl.SSLError, ValueError) as error:
        if getattr(error, "reason", None) == "KEY_VALUES_MISMATCH":
            raise TlsError(f"{certificate}: the key in it is not that of the certificate") from None
        raise TlsError(
            f"{certificate}: a certificate and then its key, both in PEM and without a passphrase, are accepted"
        ) from None
    return context
