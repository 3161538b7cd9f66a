# SPDX-License-Identifier: Apache-2.0
"""The cuts behind plain ids that clients are likely to send as markers: the last ids of pages."""

from collections import OrderedDict
from dataclasses import replace

from openstackoid.composition.cut import Cut

MOST = 10_000
_LONGEST_VALUES = 1024
"""Characters of the values of a position: by longer ones, a place is not found again once the items around it are gone."""


class KnownMarkers:
    """Cuts by user, list and last id. The oldest are forgotten: a merge then looks for the id from the start of the list."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._cuts: OrderedDict[tuple[str, bytes, str], Cut] = OrderedDict()

    def remember(self, user: str, digest: bytes, last: str, cut: Cut) -> None:
        """Remember the cut at which a page with this last item ended."""
        if cut.position is not None and len(repr(cut.position.values)) > _LONGEST_VALUES:
            cut = replace(cut, position=None)
        key = (user, digest, last)
        self._cuts[key] = cut
        self._cuts.move_to_end(key)
        if len(self._cuts) > self._most:
            self._cuts.popitem(last=False)

    def find(self, user: str, digest: bytes, marker: str) -> Cut | None:
        """Return the cut after the item with this id, or None."""
        return self._cuts.get((user, digest, marker))
