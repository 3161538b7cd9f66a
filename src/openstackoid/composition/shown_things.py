# SPDX-License-Identifier: Apache-2.0
"""The things that the pages of a list have shown, where equal things of several clouds are shown once."""

import hashlib
from dataclasses import dataclass, field

from openstackoid.composition.bounded_memory import BoundedMemory
from openstackoid.composition.cut import Cut
from openstackoid.composition.things import Things

ALL_BYTES, USER_BYTES = 32 * 2**20, 4 * 2**20
"""Bytes of all users' lists, and of one user's."""


@dataclass(frozen=True, slots=True)
class _Pages:
    """The things of all pages before a cut. ``last``: the cut before the last of them."""

    things: Things = field(repr=False)
    last: bytes = field(repr=False)


class ShownThings:
    """Things by user, list and the cut at which the next page begins.

    Those of the last two pages are kept, so that a page can be repeated. The oldest are forgotten: a merge then reads the list of
    each cloud from its start, and takes all before the cut for shown.
    """

    def __init__(self, most: int = ALL_BYTES, share: int = USER_BYTES) -> None:
        self._lists: BoundedMemory[_Pages] = BoundedMemory(most, share)

    def remember(self, user: str, digest: bytes, page: tuple[Cut, Cut], things: Things) -> None:
        """Remember all things by now, at the end of a page from cut to cut."""
        begin, end = (_key(digest, cut) for cut in page)
        before = self._lists.get(user, begin)
        if before is not None:
            self._lists.forget(user, before.last)
        self._lists.put(user, end, _Pages(things, begin), things.size)

    def find(self, user: str, digest: bytes, cut: Cut) -> Things | None:
        """Return the things that were shown before the cut, or None."""
        found = self._lists.get(user, _key(digest, cut))
        return None if found is None else found.things


def _key(digest: bytes, cut: Cut) -> bytes:
    return hashlib.blake2b(digest + repr(cut.places).encode("utf-8", "surrogatepass"), digest_size=16).digest()
