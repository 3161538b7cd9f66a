# SPDX-License-Identifier: Apache-2.0
"""The items that a merge has seen: their clouds, and the things that they are."""

from collections.abc import Sequence

from openstackoid.composition.claims import Claims
from openstackoid.composition.page import Item
from openstackoid.composition.things import Things


class SeenItems:
    """The items of these clouds by now. ``shown``: the things of the pages before.

    Branches report to it, and not to the merge that holds them: in a cycle, the items of a page would outlive it.
    """

    def __init__(self, clouds: Sequence[str], shown: Things) -> None:
        self.claims = Claims()
        self._clouds = clouds
        self._before = shown
        self._new: dict[bytes, int] = {}

    def claim(self, item: Item, number: int) -> None:
        """Note the cloud of an item, by its number in the scope's expression."""
        self.claims.note(item.id, self._clouds[number])

    def remember(self, item: Item, number: int) -> None:
        """Note an item that is shown, or was."""
        self.claim(item, number)
        if item.equal is not None and self._before.get(item.equal) is None:
            self._new.setdefault(item.equal, number)

    def is_repeated(self, item: Item, number: int) -> bool:
        """Return whether another cloud's item that came before is the same thing."""
        if item.equal is None:
            return False
        first = self._new.get(item.equal)
        if first is None:
            first = self._before.get(item.equal)
        return first is not None and first != number

    @property
    def shown(self) -> Things:
        """The things of the pages before and of this one."""
        return self._before.plus(self._new)
