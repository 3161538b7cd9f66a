# SPDX-License-Identifier: Apache-2.0
"""Pages of a long list. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")

SIZE = 50
"""The rows of a page."""


@dataclass(frozen=True, slots=True)
class Paged(Generic[Row]):
    """One page of a list: its rows, its number from one on, the number of pages, and of all rows."""

    rows: Sequence[Row]
    number: int
    pages: int
    total: int

    @property
    def first(self) -> int:
        """Return the position of the first row of the page in the list, from one on; 0 without rows."""
        return (self.number - 1) * SIZE + 1 if self.rows else 0

    @property
    def last(self) -> int:
        """Return the position of the last row."""
        return self.first + len(self.rows) - 1 if self.rows else 0


def paged(rows: Sequence[Row], asked: str) -> Paged[Row]:
    """Return the page that the text ``asked`` names, the nearest one if there is no such page."""
    pages = max(1, -(-len(rows) // SIZE))
    number = min(max(int(asked), 1), pages) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 1
    return Paged(rows[(number - 1) * SIZE : number * SIZE], number, pages, len(rows))
