# SPDX-License-Identifier: Apache-2.0
"""The last items that a page has consumed: they say where a cut after them is."""

from collections import deque
from itertools import takewhile
from typing import Any

from openstackoid.composition.cut import Cut, Position
from openstackoid.composition.order import Key, Order
from openstackoid.composition.page import Item
from openstackoid.composition.ties import MOST, Ties


class Consumed:
    """The last items of a page that goes on from ``cut``."""

    def __init__(self, order: Order, cut: Cut, *, backwards: bool) -> None:
        self._order = order
        self._cut = cut
        self._backwards = backwards
        self._items: deque[tuple[tuple[Any, ...], str, int]] = deque(maxlen=MOST + 1)

    def add(self, item: Item, number: int) -> None:
        """Take the next item, which is of the cloud with this number."""
        self._items.append((item.values or (), item.id, number))

    @property
    def last(self) -> str | None:
        """The id of the last item."""
        return self._items[-1][1] if self._items else None

    def position(self) -> Position | None:
        """Return the position of the last item; before the first one, that of the cut."""
        if not self._items:
            return self._cut.position
        values, id_, number = self._items[-1]
        return Position(values, id_, number, self._backwards, self._ties(self._order.alike(values)))

    def _ties(self, alike: Key) -> Ties:
        """Return the ties of the last item, which has this key."""
        if not alike:
            return Ties()
        same = list(takewhile(lambda entry: self._order.alike(entry[0]) == alike, reversed(self._items)))
        ties = Ties(are_all=True) if len(same) < len(self._items) else self._before(alike)
        for _, id_, number in reversed(same):
            ties = ties.then(number, id_)
        return ties

    def _before(self, alike: Key) -> Ties:
        """Return the ties before the first item that is held."""
        position = self._cut.position
        if position is None:
            return Ties(are_all=all(place.at_start for place in self._cut.places))
        return position.ties if self._order.alike(position.values) == alike else Ties(are_all=True)
