# SPDX-License-Identifier: Apache-2.0
"""The last items that a page has consumed: they say where a cut after them is."""

from collections import deque
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from openstackoid.composition.cut import Cut, Place, Position
from openstackoid.composition.order import Order
from openstackoid.composition.page import Item
from openstackoid.composition.ties import MOST, Ties

_Entry = tuple[tuple[Any, ...], str, int]
"""The values, the id and the cloud of an item."""


class Consumed:
    """The last items of a page that goes on from ``cut``."""

    def __init__(self, order: Order, cut: Cut, *, backwards: bool) -> None:
        self._order = order
        self._cut = cut
        self._backwards = backwards
        self._items: deque[_Entry] = deque(maxlen=MOST + 1)
        self._last: dict[int, _Entry] = {}
        self._count = 0

    def add(self, item: Item, number: int) -> None:
        """Take the next item, which is of the cloud with this number."""
        self.hide(item, number)
        self._items.append(self._last[number])
        self._count += 1

    def hide(self, item: Item, number: int) -> None:
        """Take an item that is not shown, as another cloud's is the same thing."""
        self._last[number] = (item.values or (), item.id, number)

    @property
    def last(self) -> str | None:
        """The id of the last item."""
        return self._items[-1][1] if self._items else None

    def position(self, places: Sequence[Place], heads: Sequence[Item | None]) -> Position | None:
        """Return the position at which the page ends: that of its last item.

        A page without an item, or with a last one that was made since and sorts before the cut, ends at the cut's own position.
        ``places``, ``heads``: of each cloud, behind the last item. None if the last item may not be between the items of each
        cloud before and after the end: then its position would place them wrongly.
        """
        if not self._items:
            return self._cut.position
        values, id_, number = last = self._items[-1]
        ends = [(cloud, heads[cloud]) for cloud, place in enumerate(places) if not (place.at_start or place.at_end)]
        if all(self._is_between(cloud, last, head) for cloud, head in ends if cloud != number):
            return Position(values, id_, number, self._backwards, self._ties(values))
        before = self._before()
        is_still = before is not None and all(self._follows(entry, before, strictly=True) for entry in self._last.values())
        return self._cut.position if is_still and all(self._is_between(cloud, before, head) for cloud, head in ends) else None

    def _is_between(self, number: int, entry: _Entry | None, head: Item | None) -> bool:
        """Return whether an entry is certainly between the items of a cloud before and after the cut."""
        before = self._last.get(number) or self._before()
        if before is None or entry is None or head is None:
            return False
        return self._follows(before, entry) and self._follows(entry, (head.values or (), head.id, number))

    def _follows(self, one: _Entry, other: _Entry, *, strictly: bool = False) -> bool:
        sign = self._order.certain(one[0], one[1], other[0], other[1])
        if sign is None or (strictly and sign == 0):
            return False
        return sign >= 0 if self._backwards else sign <= 0

    def _before(self) -> _Entry | None:
        """Return the item beside the cut that this page goes on from."""
        position = self._cut.position
        return None if position is None else (position.values, position.id, position.cloud)

    def _ties(self, values: tuple[Any, ...]) -> Ties:
        """Return the ties of the last item, which has these values."""
        if self._order.ids_decide:
            return Ties()
        same = list(takewhile(lambda entry: entry[0] == values, reversed(self._items)))
        position = self._cut.position
        if len(same) == self._count and position is not None and position.values == values:
            ties = position.ties
        else:
            ties = Ties(are_all=self._are_all(same))
        for _, id_, number in reversed(same):
            ties = ties.then(number, id_)
        return ties

    def _are_all(self, same: Sequence[_Entry]) -> bool:
        """Return whether each cloud's items before these ties certainly sort before them, so that none of them is a tie."""
        earlier = {entry[2]: entry for entry in list(self._items)[: -len(same)]}
        if self._count > len(self._items):
            within = {entry[2] for entry in same}
            if not within <= earlier.keys():
                return False
            earlier = {number: entry for number, entry in self._last.items() if number not in within} | earlier
        return all(self._is_earlier(earlier.get(number), same[0], place) for number, place in enumerate(self._cut.places))

    def _is_earlier(self, entry: _Entry | None, tie: _Entry, place: Place) -> bool:
        if entry is None and (place.at_end if self._backwards else place.at_start):
            return True
        entry = entry or self._before()
        return entry is not None and entry[0] != tie[0] and self._follows(entry, tie)
