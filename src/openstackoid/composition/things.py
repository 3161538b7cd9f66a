# SPDX-License-Identifier: Apache-2.0
"""A compact set of things, each with the number of its cloud."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

THING = 15
"""Bytes of the digest of a thing; one more says its cloud."""

_RECORD = THING + 1
_FEW = 256
"""Things of a bucket, at most on average: a search reads them all."""


@dataclass(frozen=True, slots=True)
class Things:
    """Digests of things, joined in buckets: an object for each would take several times the memory.

    Python hashes bytes with a secret of the process, so no cloud can make items that all fall into one bucket.
    """

    _buckets: tuple[bytes, ...] = field(default=(b"",), repr=False)

    @classmethod
    def of(cls, things: Mapping[bytes, int]) -> "Things":
        """Return the set of these things."""
        return cls().plus(things)

    def get(self, thing: bytes) -> int | None:
        """Return the number of a thing's cloud, or None."""
        bucket = self._buckets[hash(thing) % len(self._buckets)]
        at = bucket.find(thing)
        while at >= 0 and at % _RECORD:
            # It is a part of two others.
            at = bucket.find(thing, at + 1)
        return None if at < 0 else bucket[at + THING]

    def plus(self, things: Mapping[bytes, int]) -> "Things":
        """Return the set with other things, none of which it has."""
        wanted, count = sum(map(len, self._buckets)) // _RECORD + len(things), len(self._buckets)
        while wanted > count * _FEW:
            count *= 2
        records: list[bytes] = [thing + bytes((number,)) for thing, number in things.items()]
        if count == len(self._buckets):
            return Things(tuple(map(b"".join, zip(self._buckets, _split(records, count), strict=True))))
        return Things(tuple(_split([*self._records(), *records], count)))

    @property
    def size(self) -> int:
        """Its bytes."""
        return sys.getsizeof(self._buckets) + sum(map(sys.getsizeof, self._buckets))

    def _records(self) -> Iterable[bytes]:
        return (bucket[at : at + _RECORD] for bucket in self._buckets for at in range(0, len(bucket), _RECORD))


def _split(records: Iterable[bytes], count: int) -> list[bytes]:
    found: list[list[bytes]] = [[] for _ in range(count)]
    for record in records:
        found[hash(record[:THING]) % count].append(record)
    return list(map(b"".join, found))
