# SPDX-License-Identifier: Apache-2.0
"""The keys of a cloud's gateways, in a folder as Keystone has its Fernet keys.

The file ``0`` is staged: it opens, and is to seal next. The one with the highest number is primary: it seals. The others are
secondary: they open. Each file has the key, and the time at which it was staged, or became primary.
"""

import base64
import hashlib
import re
import secrets
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from openstackoid.errors import OpenstackoidError

KEY_BYTES = 64
"""AES-256-SIV: one half is for the tag, the other for the encryption."""
NAME_BYTES = 2

_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")
_LONGEST_FILE = 1024


class KeysError(OpenstackoidError):
    """A folder of keys that cannot be used. No message quotes a key."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key. ``name``: the first bytes of a digest, by which a bound token says under which key it was sealed.

    ``fingerprint``: the next bytes of the digest, by which gateways and their parts tell keys apart.
    """

    number: int
    since: int
    name: bytes
    fingerprint: str
    cipher: AESSIV = field(repr=False)
    secret: bytes = field(repr=False)

    @classmethod
    def of(cls, number: int, since: int, secret: bytes) -> "Key":
        """Return the key with a secret of :data:`KEY_BYTES`."""
        digest = hashlib.sha256(b"openstackoid name of a key" + secret).digest()
        return cls(number, since, digest[:NAME_BYTES], digest[NAME_BYTES:10].hex(), AESSIV(secret), secret)

    def derive(self, purpose: bytes, length: int) -> bytes:
        """Return a key for another purpose (HKDF, RFC 5869), which tells nothing of this one."""
        return HKDF(SHA256(), length, salt=None, info=purpose).derive(self.secret)


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of a folder, by their numbers; one at least is not staged."""

    keys: tuple[Key, ...] = field(repr=False)

    @property
    def primary(self) -> Key:
        """Return the key that seals."""
        return self.keys[-1]

    @property
    def opening(self) -> Sequence[Key]:
        """Return all keys, the primary one first; a gateway that has rotated seals with the one that is staged here."""
        return self.keys[::-1]

    def named(self, name: bytes) -> Sequence[Key]:
        """Return the keys of a name; seldom more than one."""
        return [key for key in self.keys if key.name == name]

    def role(self, key: Key) -> str:
        """Return ``staged``, ``primary`` or ``secondary``."""
        return "staged" if key.number == 0 else "primary" if key is self.primary else "secondary"

    @classmethod
    def fresh(cls, now: int = 0) -> "Keys":
        """Return one key that is in no folder."""
        return cls((Key.of(1, now, secrets.token_bytes(KEY_BYTES)),))


def new_secret() -> bytes:
    """Return the secret of a new key."""
    return secrets.token_bytes(KEY_BYTES)


def file_content(secret: bytes, since: int) -> bytes:
    """Return the content of the file of a key."""
    return base64.urlsafe_b64encode(secret) + f"\n{since}\n".encode()


def load_keys(folder: Path) -> Keys:
    """Return the keys in a folder. Raises :class:`KeysError`, also where others than the owner can read it."""
    try:
        _check_private(folder)
        numbers = sorted(int(file.name) for file in folder.iterdir() if _NUMBER.fullmatch(file.name))
        keys = tuple(_load(folder / str(number), number) for number in numbers)
    except OSError as error:
        raise KeysError(f"the keys in {folder} cannot be read: {error.strerror}", hint=_SETUP.format(folder)) from None
    if not keys or keys[-1].number == 0:
        raise KeysError(f"{folder} has no primary key: a file with a number above 0", hint=_SETUP.format(folder))
    return Keys(keys)


_SETUP = "openstackoid keys setup --directory {}"


def _load(file: Path, number: int) -> Key:
    _check_private(file)
    with file.open("rb") as opened:
        content = opened.read(_LONGEST_FILE)
    try:
        encoded, since = content.split()
        secret = base64.b64decode(encoded, altchars=b"-_", validate=True)
        if len(secret) != KEY_BYTES:
            raise ValueError
        return Key.of(number, int(since), secret)
    except ValueError:
        raise KeysError(f"{file} is not the file of a key: two lines, {KEY_BYTES} bytes in base64url and a time") from None


def _check_private(path: Path) -> None:
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise KeysError(f"{path} can be read by others than its owner; take their rights away", hint=f"chmod go= {path}")
