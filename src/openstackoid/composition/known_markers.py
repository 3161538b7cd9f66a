# SPDX-License-Identifier: Apache-2.0
"""The cuts behind plain ids that clients are likely to send as markers: the last ids of pages."""

import sys
from dataclasses import replace

from openstackoid.composition.bounded_memory import BoundedMemory
from openstackoid.composition.cut import Cut
from openstackoid.composition.shown_things import ShownThings

ALL_BYTES, USER_BYTES = 32 * 2**20, 4 * 2**20
"""Bytes of the markers of all users, and of one."""

_LONGEST_VALUES = 1024
"""Characters of the values of a position: by longer ones, a place is not found again once the items around it are gone."""

_CUT, _PLACE = 512, 160
"""Bytes of a cut with its position, and of each place, beside the texts."""


class KnownMarkers:
    """Cuts by user, list and last id. The oldest are forgotten: a merge then looks for the id from the start of the list.

    ``shown``: the things before markers of both kinds.
    """

    def __init__(self, most: int = ALL_BYTES, share: int = USER_BYTES) -> None:
        self.shown = ShownThings(most, share)
        self._cuts: BoundedMemory[Cut] = BoundedMemory(most, share)

    def remember(self, user: str, digest: bytes, last: str, cut: Cut) -> None:
        """Remember the cut at which a page with this last item ended."""
        if cut.position is not None and len(repr(cut.position.values)) > _LONGEST_VALUES:
            cut = replace(cut, position=None)
        self._cuts.put(user, (digest, last), cut, _size(cut))

    def find(self, user: str, digest: bytes, marker: str) -> Cut | None:
        """Return the cut after the item with this id, or None."""
        return self._cuts.get(user, (digest, marker))


def _size(cut: Cut) -> int:
    texts: list[object] = [text for place in cut.places for text in (place.before, place.after)]
    if cut.position is not None:
        texts += [cut.position.id, cut.position.ties.digests, *cut.position.values]
    return _CUT + _PLACE * len(cut.places) + sum(map(sys.getsizeof, texts))
