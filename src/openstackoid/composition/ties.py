# SPDX-License-Identifier: Apache-2.0
"""Items that sort alike. A service has them in an order of its own, often by numbers that no answer shows.

So a cut remembers which of them came before it. Nothing else tells where it is once the items beside it are gone.
"""

import hashlib
from dataclasses import dataclass
from enum import Enum, auto

MOST = 128
"""Ties that a cut remembers, of all clouds together: a cursor is a part of a URL."""
_BYTES = 5


@dataclass(frozen=True, slots=True)
class Ties:
    """The last items before a cut that sort alike, by digests. ``are_all``: there were no more of them."""

    digests: bytes = b""
    are_all: bool = False

    def then(self, cloud: int, id_: str) -> "Ties":
        """Return the ties with one more: an item of the cloud with this number."""
        digests = self.digests + _digest(cloud, id_)
        return Ties(digests[-MOST * _BYTES :], self.are_all and len(digests) <= MOST * _BYTES)


class Side(Enum):
    """The side of a cut on which an item is. ``AMONG``: it comes after the cut, and may sort as items before it do."""

    BEFORE = auto()
    AMONG = auto()
    AFTER = auto()


class TieWalk:
    """A walk through the ties of one cloud from the first one on."""

    def __init__(self, ties: Ties, cloud: int) -> None:
        digests, self._cloud = ties.digests, cloud
        self._known = {digests[at : at + _BYTES] for at in range(0, len(digests), _BYTES)}
        self._is_found = ties.are_all
        self._has_unknown = False

    def side(self, id_: str) -> Side:
        """Return the side of the next tie. Of many, the forgotten ones come before those that are remembered."""
        if self.knows(id_):
            self._is_found = True
            return Side.BEFORE
        self._has_unknown = True
        return Side.AMONG if self._is_found else Side.BEFORE

    def knows(self, id_: str) -> bool:
        """Return whether an item of the cloud is one of the ties that are remembered."""
        return _digest(self._cloud, id_) in self._known

    @property
    def is_lost(self) -> bool:
        """Whether the ties by now may be before the cut or after it."""
        return self._has_unknown and not self._is_found


def _digest(cloud: int, id_: str) -> bytes:
    return hashlib.blake2b(f"{cloud} {id_}".encode(), digest_size=_BYTES).digest()
