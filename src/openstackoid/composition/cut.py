# SPDX-License-Identifier: Apache-2.0
"""A cut through a merged list: the place in each cloud's list at which one page ends and the next one begins."""

from dataclasses import dataclass, field
from typing import Any

from openstackoid.composition.ties import Ties


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the list of a cloud: the ids before and after it, where they are known.

    ``at_start``: nothing is before it, ``at_end``: nothing is after it.
    """

    before: str | None = None
    after: str | None = None
    at_start: bool = False
    at_end: bool = False


START = Place(at_start=True)
END = Place(at_end=True)


@dataclass(frozen=True, slots=True)
class Position:
    """An item beside a cut, by its values in the list's order, its id and the number of its cloud.

    ``is_after``: the item is after the cut, not before it. ``ties``: it and others before the cut that sort alike.
    """

    values: tuple[Any, ...]
    id: str
    cloud: int
    is_after: bool = False
    ties: Ties = field(default=Ties(), repr=False)


@dataclass(frozen=True, slots=True)
class Cut:
    """A place for each cloud, in the order of the scope's expression. ``position``: where an order is known."""

    places: tuple[Place, ...]
    position: Position | None = None

    @classmethod
    def at_start(cls, clouds: int) -> "Cut":
        """Return the cut before everything."""
        return cls((START,) * clouds)

    @classmethod
    def at_end(cls, clouds: int) -> "Cut":
        """Return the cut after everything."""
        return cls((END,) * clouds)
