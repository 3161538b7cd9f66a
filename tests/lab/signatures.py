# SPDX-License-Identifier: Apache-2.0
"""Signatures and codes for log-ins at Keystone: requests of OAuth1, signatures of EC2, one-time codes."""

import base64
import hashlib
import hmac
import struct
import time
from urllib.parse import quote
from uuid import uuid4

Pair = tuple[str, str]
"""A name, and its secret."""
_SEED = b"of the lab's one-time codes!"


def oauth1(url: str, consumer: Pair, token: Pair = ("", ""), **fields: str) -> str:
    """Return the header ``Authorization`` of a POST that is signed as OAuth1 has it (RFC 5849)."""
    fields |= {"oauth_consumer_key": consumer[0], "oauth_nonce": uuid4().hex, "oauth_signature_method": "HMAC-SHA1"}
    fields |= {"oauth_timestamp": str(int(time.time())), "oauth_version": "1.0"}
    if token[0]:
        fields["oauth_token"] = token[0]
    listed = "&".join(f"{quoted(key)}={quoted(value)}" for key, value in sorted(fields.items()))
    text = "&".join(map(quoted, ("POST", url, listed)))
    fields["oauth_signature"] = signature(f"{quoted(consumer[1])}&{quoted(token[1])}", text)
    return "OAuth " + ", ".join(f'{key}="{quoted(value)}"' for key, value in fields.items())


def quoted(text: str) -> str:
    """Return the text as OAuth1 quotes it."""
    return quote(text, safe="~-._")


def signature(key: str, text: str) -> str:
    """Return the signature of a text, as OAuth1 and EC2 make it."""
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha1).digest()).decode()


def one_time_code() -> str:
    """Return the code of this half minute (RFC 6238)."""
    digest = hmac.new(_SEED, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4]) & 0x7FFFFFFF) % 10**6:06d}"


def seed() -> str:
    """Return the seed of the codes, as Keystone keeps it."""
    return base64.b32encode(_SEED).decode().rstrip("=")
