# SPDX-License-Identifier: Apache-2.0
"""The list of a cloud from its start, to find a cut in it by the order once the items beside the cut are gone."""

from typing import Self

from openstackoid.composition.cut import Position
from openstackoid.composition.page import Item
from openstackoid.composition.query import ListQuery
from openstackoid.composition.ties import Side, TieWalk


class Replay:
    """Says of each item, in turn, the side of the cut on which it is.

    All that comes before the cut comes first. So an item in doubt is before the cut if a later one certainly is.
    """

    def __init__(self, query: ListQuery, position: Position, number: int) -> None:
        self._order, self._backwards, self._number = query.order, query.backwards, number
        self._position = position
        self._ties = TieWalk(position.ties, number)
        self._has_doubt = False

    @classmethod
    def of(cls, query: ListQuery, position: Position | None, number: int) -> Self | None:
        """Return the replay of the cloud with this number; None if no order is known at the cut."""
        if position is None or not query.order.key(position.values, position.id):
            return None
        return cls(query, position, number)

    def side(self, item: Item) -> Side:
        """Return the side of the next item; ``BEFORE`` if it is in doubt."""
        sign = self._order.certain(item.values or (), item.id, self._position.values, self._position.id)
        if sign is None:
            self._has_doubt = True
            return Side.BEFORE
        if sign == 0 and not self._order.ids_decide:
            side = self._ties.side(item.id)
            is_certain = self._ties.knows(item.id)
        else:
            side = self._side(sign or self._number - self._position.cloud)
            is_certain = side is Side.BEFORE
        if is_certain:
            self._has_doubt = False
        return side

    def _side(self, sign: int) -> Side:
        if sign == 0:
            # The item beside the cut: the walk has passed it if that is on the side from which it comes.
            return Side.BEFORE if self._position.is_after == self._backwards else Side.AFTER
        return Side.BEFORE if (sign > 0) == self._backwards else Side.AFTER

    def is_tie(self, item: Item) -> bool:
        """Return whether an item sorts as the one beside the cut, in an order of the service's own."""
        values = self._position.values
        return not self._order.ids_decide and self._order.certain(item.values or (), item.id, values, self._position.id) == 0

    def knows(self, item: Item) -> bool:
        """Return whether a tie is known to be before the cut."""
        return self._ties.knows(item.id)

    @property
    def is_lost(self) -> bool:
        """Whether nothing tells which of the items by now are before the cut."""
        return self._has_doubt or self._ties.is_lost
