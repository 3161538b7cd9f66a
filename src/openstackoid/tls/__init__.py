# SPDX-License-Identifier: Apache-2.0
"""TLS between gateways, with Python's own library."""

from openstackoid.tls.check import checked_files, warnings_about
from openstackoid.tls.identity import AUTHORITY, CERTIFICATE, REVOKED, Identity, TlsError
from openstackoid.tls.words import fault_of, what_was_wrong

__all__ = [
    "AUTHORITY",
    "CERTIFICATE",
    "REVOKED",
    "Identity",
    "TlsError",
    "checked_files",
    "fault_of",
    "warnings_about",
    "what_was_wrong",
]
