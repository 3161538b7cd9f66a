# SPDX-License-Identifier: Apache-2.0
"""Verify the chain of an audit log: no line between its first and its last is missing, added or changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from openstackoid.bridge.audit.chain import NO_DIGEST, Link, digest, read_link
from openstackoid.bridge.audit.reading import raw_lines
from openstackoid.errors import OpenstackoidError

_NOT_OF_CHAIN = "the line is not of the chain: it was added, changed, or cut"


@dataclass(frozen=True, slots=True)
class Verified:
    """A whole chain. ``first``: the number of its first line; ``last``: the link of its last.

    ``lines``: the number of lines. ``before``: lines of an earlier release, without a number, before the first of all.
    """

    first: int
    last: Link
    lines: int
    before: int


class BrokenChainError(OpenstackoidError):
    """The chain is broken; the message names file and line of the first break."""


def verify(paths: Iterable[Path], known: Link | None = None) -> Verified:
    """Verify the files of one gateway's log, in any order.

    ``known``: a link noted elsewhere: the line of its number must be there, with its digest. Raises :class:`BrokenChainError`,
    and :class:`OpenstackoidError` for an unreadable file.
    """
    chain = _Chain(known)
    for path in sorted(paths, key=_first_number):
        for number, line in enumerate(raw_lines(path), start=1):
            chain.add(line, f"{path}, line {number}")
    return chain.end()


def _first_number(path: Path) -> int:
    return next((found[0].number for line in raw_lines(path) if (found := read_link(line)) is not None), 0)


class _Chain:
    def __init__(self, known: Link | None) -> None:
        self._known = known
        self._first = 0
        self._last: Link | None = None
        self._before = 0
        self._began = ""
        self._met = known is None

    def add(self, line: bytes, at: str) -> None:
        found, last = read_link(line), self._last
        if found is None:
            if last is not None:
                raise BrokenChainError(f"{at}: {_NOT_OF_CHAIN}")
            self._before += 1
            self._began = self._began or at
            return
        link, text = found
        if last is None:
            if self._before and link.number > 1:
                raise BrokenChainError(f"{self._began}: {_NOT_OF_CHAIN}")
            self._first = link.number
            begins = NO_DIGEST if link.number == 1 else None
        elif link.number > last.number + 1:
            first, end = last.number + 1, link.number - 1
            missing = f"line {first} is" if first == end else f"lines {first} to {end} are"
            raise BrokenChainError(f"{at}: {missing} missing before it")
        elif link.number <= last.number:
            raise BrokenChainError(f"{at}: its number is {link.number}, which is not behind {last.number}: a line was added")
        else:
            begins = last.digest
        if begins is not None and digest(begins, text) != link.digest:
            raise BrokenChainError(f"{at}: line {link.number} of the chain was changed, or the one before it")
        if self._known is not None and link.number == self._known.number:
            if link.digest != self._known.digest:
                raise BrokenChainError(f"{at}: line {link.number} has another digest than was noted: the log was written anew")
            self._met = True
        self._last = link

    def end(self) -> Verified:
        last = self._last
        if last is None:
            raise BrokenChainError("there is no line of a chain in these files")
        if not self._met and self._known is not None:
            where = "at the end" if self._known.number > last.number else "at the beginning"
            raise BrokenChainError(
                f"lines are missing {where}: {self._known.number} was noted, {self._first} to {last.number} are there"
            )
        return Verified(self._first, last, last.number - self._first + 1, self._before)
