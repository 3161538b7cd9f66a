# SPDX-License-Identifier: Apache-2.0
"""A gateway's certificate and authority, tried with Python's TLS library before HAProxy uses them."""

from openstackoid.tls.certificates import (
    UserCertificate,
    certificate_for,
    checked_authority,
    end_of,
    files_in,
    user_certificates,
    warnings_about_users,
)
from openstackoid.tls.check import SOON, checked_files, revocation_lists, warnings_about
from openstackoid.tls.identity import AUTHORITY, CERTIFICATE, REVOKED, TlsError, context_of
from openstackoid.tls.words import what_was_wrong

__all__ = [
    "AUTHORITY",
    "CERTIFICATE",
    "REVOKED",
    "SOON",
    "TlsError",
    "UserCertificate",
    "certificate_for",
    "checked_authority",
    "checked_files",
    "context_of",
    "end_of",
    "files_in",
    "revocation_lists",
    "user_certificates",
    "warnings_about",
    "warnings_about_users",
    "what_was_wrong",
]
