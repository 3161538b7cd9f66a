# SPDX-License-Identifier: Apache-2.0
"""Base64url without padding (RFC 4648, section 5), which needs no escape in headers, URLs and maps."""

import base64


def encoded(data: bytes) -> str:
    """Return the text for ``data``."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decoded(text: str) -> bytes:
    """Return the bytes of ``text``; its last, unused bits have no meaning. Raises ``ValueError`` for any other text."""
    return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
