# SPDX-License-Identifier: Apache-2.0
"""Known names, and suggestions for an unknown one.

A gateway answers every misspelt name, so it looks up neighbours in a sorted list. ``difflib``, which takes 60 ms for one name
among 500, is for the client.
"""

from bisect import bisect
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from functools import cached_property

LISTED = 12
"""The most names in an error."""
_COMPARED = 500


class KnownNames(Collection[str]):
    """A view of a collection of names that is sorted once, at the first suggestion."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = names

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return f"<KnownNames: {len(self)}>"

    @cached_property
    def ordered(self) -> tuple[str, ...]:
        """The names in alphabetical order."""
        return tuple(sorted(self._names))


def suggestion(name: str, known: Collection[str]) -> str:
    """Name the accepted values in place of ``name``: all of a few, else similar ones.

    Similar are neighbours in the alphabet if ``known`` is a :class:`KnownNames`, else close spellings.
    """
    if len(known) <= LISTED:
        return "known: " + ", ".join(sorted(known))
    ordered = known.ordered if isinstance(known, KnownNames) else tuple(sorted(known))
    first = min(max(0, bisect(ordered, name) - LISTED // 2), len(ordered) - LISTED)
    near: Collection[str] = ordered[first : first + LISTED]
    if not isinstance(known, KnownNames) and len(known) <= _COMPARED:
        near = get_close_matches(name, ordered, n=LISTED, cutoff=0.5) or near
    return f"{len(known)} are known, among them: " + ", ".join(near)
