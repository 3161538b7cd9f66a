# SPDX-License-Identifier: Apache-2.0
"""Sum refused requests: the first few of a source in a minute have a line each, all further ones a common line.

A refusal costs a client little; without a limit their lines would fill the disk.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from openstackoid.bridge.audit.audit_log import REFUSED, AuditLine

FIRST = 10
"""Refused requests of one source that have a line each in a minute."""
WINDOW = 60.0
MOST_SOURCES = 100
"""Sources that are distinguished in a minute; further ones are summed as one."""

_OTHERS = "further sources"
_COMMON: dict[str, Any] = {
    **dict.fromkeys(("home", "service", "interface", "method"), "-"),
    **dict.fromkeys(("cloud", "sender", "source")),
    "status": 0,
}
"""The values of a sum that all its requests share, and their replacements."""


@dataclass(slots=True)
class _Sum:
    """The refused requests of one source since ``began``. ``line``: their common values."""

    began: float
    taken: int = 0
    summed: int = 0
    line: AuditLine | None = None

    def add(self, line: AuditLine) -> None:
        self.summed += 1
        before = self.line or line
        self.line = replace(
            line, **{name: none for name, none in _COMMON.items() if getattr(before, name) != getattr(line, name)}
        )


class Refusals:
    """Sums refused requests. ``clock`` returns seconds of the wall clock."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._sums: dict[str, _Sum] = {}

    def sift(self, lines: Iterable[AuditLine], first: int = FIRST) -> list[AuditLine]:
        """Return the lines to write now, with sums of earlier minutes; count the rest."""
        now = self._clock()
        kept = self.due(now)
        for line in lines:
            if line.outcome != REFUSED:
                kept.append(line)
                continue
            source = source_of(line)
            if source not in self._sums and len(self._sums) >= MOST_SOURCES:
                source = _OTHERS
            sums = self._sums.setdefault(source, _Sum(now))
            if sums.taken < first and source != _OTHERS:
                sums.taken += 1
                kept.append(line)
            else:
                sums.add(line)
        return kept

    def due(self, now: float | None = None) -> list[AuditLine]:
        """Return the sums of past minutes, and restart them."""
        ended = self._clock() if now is None else now
        return self._end(source for source, sums in list(self._sums.items()) if not 0 <= ended - sums.began < WINDOW)

    def all(self) -> list[AuditLine]:
        """Return all sums, and restart them."""
        return self._end(list(self._sums))

    def _end(self, sources: Iterable[str]) -> list[AuditLine]:
        ended = [(source, self._sums.pop(source)) for source in sources]
        return [_line(source, sums.line, sums) for source, sums in ended if sums.line is not None]


def source_of(line: AuditLine) -> str:
    """Return the source of a request: the peer in its certificate, or else the client's address, or the frontend."""
    return f"{line.direction} {line.sender or line.source or f'{line.service}.{line.interface}'}"


def _line(source: str, common: AuditLine, sums: _Sum) -> AuditLine:
    """Return the line for a sum, with the common values of its requests."""
    return replace(
        common,
        time=sums.began,
        user=None,
        project=None,
        roles=(),
        path="...",
        rule=None,
        reason=f"the sum of {sums.summed} refused requests of {source.partition(' ')[2] if source != _OTHERS else source}",
        request_id=None,
        count=sums.summed,
    )
