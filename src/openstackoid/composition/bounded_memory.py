# SPDX-License-Identifier: Apache-2.0
"""A memory by user and key that is bounded in bytes."""

import hashlib
from collections import OrderedDict
from typing import Generic, TypeVar

ENTRY = 640
"""Bytes of an entry beside its value: keys, and their places in dictionaries."""

Value = TypeVar("Value")


class BoundedMemory(Generic[Value]):
    """Values of at most ``most`` bytes, those of one user of at most ``share``. The oldest goes first."""

    def __init__(self, most: int, share: int) -> None:
        self._most, self._share = most, share
        self._users: dict[bytes, OrderedDict[bytes, tuple[Value, int]]] = {}
        self._spent: dict[bytes, int] = {}
        self._order: OrderedDict[tuple[bytes, bytes], None] = OrderedDict()
        self.size = 0

    def put(self, user: str, key: object, value: Value, size: int) -> None:
        """Remember a value of so many bytes. One larger than a share is not kept."""
        of, at = _short(user), _short(key)
        self._forget(of, at)
        size += ENTRY
        if size > min(self._share, self._most):
            return
        self._users.setdefault(of, OrderedDict())[at] = (value, size)
        self._order[of, at] = None
        self._spent[of] = self._spent.get(of, 0) + size
        self.size += size
        while self._spent[of] > self._share:
            self._forget(of, next(iter(self._users[of])))
        while self.size > self._most:
            self._forget(*next(iter(self._order)))

    def get(self, user: str, key: object) -> Value | None:
        """Return a value, or None."""
        entries = self._users.get(_short(user))
        found = entries.get(_short(key)) if entries is not None else None
        return None if found is None else found[0]

    def forget(self, user: str, key: object) -> None:
        """Give a value's bytes back."""
        self._forget(_short(user), _short(key))

    def _forget(self, user: bytes, key: bytes) -> None:
        entries = self._users.get(user)
        found = entries.pop(key, None) if entries is not None else None
        if found is None:
            return
        del self._order[user, key]
        self.size -= found[1]
        self._spent[user] -= found[1]
        if not entries:
            del self._users[user], self._spent[user]


def _short(key: object) -> bytes:
    return hashlib.blake2b(repr(key).encode("utf-8", "surrogatepass"), digest_size=16).digest()
