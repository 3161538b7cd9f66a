# SPDX-License-Identifier: Apache-2.0
"""Cursors: cuts as opaque markers, sealed for one user and one list.

A cursor is ``scope1.`` and base64url of an AES-SIV ciphertext (RFC 5297), which needs no random number. The user is its
associated data. Inside are the digest of the list, the places and the position. Pure: the keys come in.
"""

import json
import struct
from collections.abc import Sequence
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from openstackoid.base64url import decoded, encoded
from openstackoid.composition.cut import Cut, Place, Position
from openstackoid.composition.errors import CompositionError
from openstackoid.composition.ties import Ties

KEY_BYTES = 64
"""AES-256-SIV: one half is for the tag, the other for the encryption."""

PREFIX = "scope1."
LONGEST = 8192
"""Characters of a cursor, at most."""

_CONTEXT = b"openstackoid cursor 2"
_HEAD = struct.Struct(">8sB")
_LENGTH = struct.Struct(">H")
_LONGEST_POSITION = 1024
_BEFORE, _AFTER, _BEFORE_UUID, _AFTER_UUID, _AT_START, _AT_END = (1 << bit for bit in range(6))


class Cursors:
    """Seals and opens cursors by keys of :data:`KEY_BYTES`; the first one seals, all open."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._ciphers = [AESSIV(key) for key in keys]

    def seal(self, cut: Cut, user: str, digest: bytes) -> str:
        """Return the cursor of a cut, for a user and the list with this digest. Raises ``ValueError`` for one too long."""
        content = _HEAD.pack(digest, len(cut.places)) + b"".join(map(_packed, cut.places)) + _packed_position(cut.position)
        text = PREFIX + encoded(self._ciphers[0].encrypt(content, _associated(user)))
        if len(text) > LONGEST:
            raise ValueError("the ids of the items are too long for a cursor")
        return text

    def open(self, text: str, user: str, digest: bytes, clouds: int) -> Cut:
        """Return the cut of a cursor. Raises :class:`CompositionError` for one that is not for this user and list."""
        content = self._content(text, user)
        found, count = _HEAD.unpack_from(content)
        if found != digest or count != clouds:
            raise refused_marker("it is of another list: the query or the scope was different")
        return _cut(content[_HEAD.size :], count)

    def _content(self, text: str, user: str) -> bytes:
        if len(text) <= LONGEST and is_cursor(text):
            for cipher in self._ciphers:
                try:
                    sealed = decoded(text.removeprefix(PREFIX))
                    if encoded(sealed) == text.removeprefix(PREFIX):
                        return cipher.decrypt(sealed, _associated(user))
                except (InvalidTag, ValueError):
                    continue
        raise refused_marker("this gateway did not give it to this user, or it was changed")


def is_cursor(marker: str) -> bool:
    """Return whether a marker has the form of a cursor; nothing is checked."""
    return marker.startswith(PREFIX)


def refused_marker(why: str) -> CompositionError:
    """Return the error for a marker, with those that are accepted."""
    return CompositionError(400, f"marker: {why}; the marker of the last page's link 'next' is accepted, or the id of an item")


def _associated(user: str) -> list[bytes]:
    return [_CONTEXT, user.encode("utf-8", "surrogatepass")]


def _packed(place: Place) -> bytes:
    flags = _AT_START * place.at_start | _AT_END * place.at_end
    ids = b""
    for given, is_there, is_uuid in ((place.before, _BEFORE, _BEFORE_UUID), (place.after, _AFTER, _AFTER_UUID)):
        if given is not None:
            packed = _uuid_bytes(given)
            flags |= is_there | (is_uuid if packed else 0)
            ids += packed or _sized(given.encode("utf-8", "surrogatepass"))
    return bytes([flags]) + ids


def _packed_position(position: Position | None) -> bytes:
    if position is None:
        return b""
    parts = [position.cloud, position.is_after, position.ties.are_all, position.id, *position.values]
    packed = json.dumps(parts, separators=(",", ":")).encode("ascii")
    return _sized(packed) + position.ties.digests if len(packed) <= _LONGEST_POSITION else b""


def _sized(data: bytes) -> bytes:
    if len(data) > 0xFFFF:
        raise ValueError("the ids of the items are too long for a cursor")
    return _LENGTH.pack(len(data)) + data


def _uuid_bytes(text: str) -> bytes | None:
    """Return the bytes of a UUID in its usual form, or None."""
    if len(text) != 36:
        return None
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found.bytes if str(found) == text else None


def _cut(data: bytes, count: int) -> Cut:
    """Return the cut that a key has vouched for."""
    places = []
    for _ in range(count):
        flags, data = data[0], data[1:]
        before, data = _unpacked(data, flags & _BEFORE, flags & _BEFORE_UUID)
        after, data = _unpacked(data, flags & _AFTER, flags & _AFTER_UUID)
        places.append(Place(before, after, bool(flags & _AT_START), bool(flags & _AT_END)))
    position = None
    if data:
        end = _LENGTH.size + _LENGTH.unpack_from(data)[0]
        cloud, is_after, are_all, id_, *values = json.loads(data[_LENGTH.size : end])
        position = Position(tuple(values), id_, cloud, is_after, Ties(data[end:], are_all))
    return Cut(tuple(places), position)


def _unpacked(data: bytes, is_there: int, is_uuid: int) -> tuple[str | None, bytes]:
    if not is_there:
        return None, data
    if is_uuid:
        return str(UUID(bytes=data[:16])), data[16:]
    (length,) = _LENGTH.unpack_from(data)
    end = _LENGTH.size + length
    return data[_LENGTH.size : end].decode("utf-8", "surrogatepass"), data[end:]
