# SPDX-License-Identifier: Apache-2.0
"""The form of an audience-bound token: ``bound1.`` and base64url of its key's name and the sealed content.

Sealed with AES-SIV (RFC 5297), which needs no random number: the same token for the same audience, scope and end has the same
form, so that services of the peer can cache its validation. Inside are, in this order: a byte with the kind and the form
of the token, the end, digests of the audience and of the completed scope, and the token. Pure: keys and time come in.
"""

import hashlib
import struct
from dataclasses import dataclass, field
from enum import IntEnum

from cryptography.exceptions import InvalidTag

from openstackoid.base64url import decoded, encoded
from openstackoid.binding.keys import NAME_BYTES, Keys
from openstackoid.scope import BOUND

LONGER = 100
"""A bound token is at most so many characters longer than its token, if that is one of Keystone's: Fernet, JWS or UUID."""

WINDOW = 3600
"""Seconds for which the same token has the same bound token."""

_CONTEXT = b"openstackoid bound token 1"
_HEAD = struct.Struct(">BI8s16s")
_PART = struct.Struct(">H")
_MOST_PARTS, _LONGEST_PART = 15, 0xFFFF
_ANY_SCOPE = bytes(16)
_LAST = 0xFFFFFFFF


class Kind(IntEnum):
    """The kinds of bound tokens. ``ISSUED``: a user's token that a Keystone has issued by way of the audience, under no scope."""

    USER = 0
    SERVICE = 1
    ISSUED = 2


@dataclass(frozen=True, slots=True)
class BoundToken:
    """The content of a bound token. ``ends``: seconds since 1970. ``scope``: the digest of the completed scope."""

    kind: Kind
    audience: bytes
    ends: int
    scope: bytes
    token: str = field(repr=False)

    def holds_for(self, scope: str) -> bool:
        """Return whether the token is bound to a completed scope, given in its header form, or to none.

        One that is bound to none (``ISSUED``) gives its audience nothing by a scope: the audience writes it.
        """
        return self.kind is Kind.ISSUED or self.scope == scope_digest(scope)


class BoundTokenError(Exception):
    """A bound token that is not opened; the message says why, and quotes nothing."""


def is_bound(token: str) -> bool:
    """Return whether a token says that it is bound; nothing is checked."""
    return token.startswith(BOUND)


def audience_digest(cloud: str) -> bytes:
    """Return the digest of the cloud whose gateway may use a token."""
    return hashlib.sha256(cloud.encode()).digest()[:8]


def scope_digest(scope: str | None) -> bytes:
    """Return the digest of a completed scope in its header form; of None, that of a token under no scope."""
    return _ANY_SCOPE if scope is None else hashlib.sha256(scope.encode()).digest()[:16]


def ends_at(now: float, seconds: float) -> int:
    """Return the end of a token that is bound now for at least ``seconds``: the same end within a window."""
    return min(_LAST, (int(now) // WINDOW + 1) * WINDOW + int(seconds))


def seal_token(keys: Keys, bound: BoundToken) -> str:
    """Return the form in which a token leaves for its audience."""
    parts = _parts(bound.token)
    form = int(bound.kind) | len(parts) << 4
    content = b"".join(_PART.pack(len(part)) + part for part in parts[:-1]) + parts[-1] if parts else bound.token.encode()
    head = _HEAD.pack(form, bound.ends, bound.audience, bound.scope)
    key = keys.primary
    return BOUND + encoded(key.name + key.cipher.encrypt(head + content, [_CONTEXT]))


def open_token(keys: Keys, text: str, audience: str | None, now: float) -> BoundToken:
    """Return the content of a bound token that the gateway of the cloud ``audience`` has sent, by its certificate.

    Raises :class:`BoundTokenError`.
    """
    if audience is None:
        raise BoundTokenError("the token is bound to a gateway, and no gateway has sent it")
    sealed = _decode(text.removeprefix(BOUND))
    if sealed is None or len(sealed) <= NAME_BYTES or not is_bound(text):
        raise BoundTokenError("the token is not of the form of a bound token")
    found = keys.named(sealed[:NAME_BYTES])
    if not found:
        name = sealed[:NAME_BYTES].hex()
        raise BoundTokenError(f"the token is bound by the key {name}, which this gateway does not have")
    for key in found:
        try:
            bound = _read(key.cipher.decrypt(sealed[NAME_BYTES:], [_CONTEXT]))
        except (InvalidTag, ValueError):
            continue
        if bound.audience != audience_digest(audience):
            raise BoundTokenError(f"the token is bound to another gateway than that of {audience}")
        if now >= bound.ends:
            raise BoundTokenError("the time of the bound token is over")
        return bound
    raise BoundTokenError("the bound token was changed, or is bound by the key of another cloud")


def _read(content: bytes) -> BoundToken:
    """Return the content that a key has vouched for."""
    form, ends, audience, scope = _HEAD.unpack_from(content)
    rest, count, parts = content[_HEAD.size :], form >> 4, []
    for _ in range(count - 1):
        (length,) = _PART.unpack_from(rest)
        parts.append(rest[_PART.size : _PART.size + length])
        rest = rest[_PART.size + length :]
    token = ".".join(map(encoded, (*parts, rest))) if count else rest.decode()
    return BoundToken(Kind(form & 0xF), audience, ends, scope, token)


def _parts(token: str) -> list[bytes]:
    """Return the bytes of a token that is made of base64url without padding, as Keystone's are; an empty list for any other."""
    parts = [_decode(part) for part in token.split(".")]
    if len(parts) > _MOST_PARTS or any(part is None or len(part) > _LONGEST_PART for part in parts):
        return []
    return [part for part in parts if part is not None]


def _decode(text: str) -> bytes | None:
    """Return the bytes that :func:`encoded` makes ``text`` of, or None where there are none."""
    try:
        data = decoded(text)
    except ValueError:
        return None
    return data if encoded(data) == text else None
