# SPDX-License-Identifier: Apache-2.0
"""Seal an opened token, so that HAProxy can keep it: AES-256-GCM under a key that HAProxy makes for each request.

:mod:`openstackoid.haproxy.delegated_downloads` opens it.
"""

import binascii
import re
from base64 import b64decode, b64encode
from secrets import token_bytes

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

LONGEST = 2048
"""Characters of a token that is sealed: HAProxy's buffer is bounded."""

_KEY, _NONCE, _TAG = 32, 12, 16
_PART = ":"
_PLAIN = re.compile(r"[A-Za-z0-9._=-]+")


def sealed(token: str, key: str) -> str | None:
    """Return nonce, sealed token and tag, each in base64, behind each other.

    ``key``: in base64, as HAProxy tells it. None for another key than of 32 bytes, and for a token that is too long, or has other
    characters than Keystone's.
    """
    try:
        secret = b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(secret) != _KEY or len(token) > LONGEST or _PLAIN.fullmatch(token) is None:
        return None
    nonce = token_bytes(_NONCE)
    content = AESGCM(secret).encrypt(nonce, token.encode("ascii"), None)
    return _PART.join(b64encode(part).decode("ascii") for part in (nonce, content[:-_TAG], content[-_TAG:]))
