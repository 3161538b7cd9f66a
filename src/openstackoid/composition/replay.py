# SPDX-License-Identifier: Apache-2.0
"""The list of a cloud from its start, to find a cut in it by the order once the items beside the cut are gone."""

from typing import Self

from openstackoid.composition.cut import Position
from openstackoid.composition.order import Key
from openstackoid.composition.page import Item
from openstackoid.composition.query import ListQuery
from openstackoid.composition.ties import Side, TieWalk


class Replay:
    """Says of each item, in turn, the side of the cut on which it is."""

    def __init__(self, query: ListQuery, position: Position, number: int) -> None:
        self._order, self._backwards, self._number = query.order, query.backwards, number
        self._position = position
        self._key = (query.order.key(position.values, position.id), position.cloud)
        self._alike = query.order.alike(position.values)
        self._ties = TieWalk(position.ties, number)

    @classmethod
    def of(cls, query: ListQuery, position: Position | None, number: int) -> Self | None:
        """Return the replay of the cloud with this number; None if no order is known at the cut."""
        if position is None or not query.order.key(position.values, position.id):
            return None
        return cls(query, position, number)

    def side(self, item: Item) -> Side:
        """Return the side of the next item."""
        if not self._alike:
            return self._side((item.key, self._number), self._key)
        alike = self._order.alike(item.values or ())
        return self._ties.side(item.id) if alike == self._alike else self._side(alike, self._alike)

    def _side(self, mine: Key, cut: Key) -> Side:
        # The walk has passed the item beside the cut if that is on the side from which it comes.
        has_passed = mine == cut and self._position.is_after == self._backwards
        is_before = has_passed or (mine > cut if self._backwards else mine < cut)
        return Side.BEFORE if is_before else Side.AFTER

    @property
    def is_lost(self) -> bool:
        """Whether nothing tells which of the items by now are before the cut."""
        return self._ties.is_lost
