# SPDX-License-Identifier: Apache-2.0
"""Refused requests are summed: the first few of a source in a minute have a line each, all further ones one line together.

Refusals cost a client nothing, and without a bound their lines would fill the disk.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from openstackoid.bridge.audit.audit_log import REFUSED, AuditLine

FIRST = 10
"""Refused requests of one source that have a line each in a minute."""
WINDOW = 60.0
MOST_SOURCES = 100
"""Sources that are told apart in a minute; all further ones are summed as one."""

_OTHERS = "further sources"
_NONE = "-"


@dataclass(slots=True)
class _Sum:
    """The refused requests of one source since ``began``. ``line`` has the values that the summed ones have in common."""

    began: float
    taken: int = 0
    summed: int = 0
    line: AuditLine | None = None

    def add(self, line: AuditLine) -> None:
        self.summed += 1
        before = self.line or line
        same = {name: getattr(line, name) for name in ("home", "cloud", "sender") if getattr(before, name) == getattr(line, name)}
        texts = {
            name: getattr(line, name)
            for name in ("service", "interface", "method")
            if getattr(before, name) == getattr(line, name)
        }
        self.line = replace(
            line,
            **{"home": _NONE, "cloud": None, "sender": None, **same},
            **{"service": _NONE, "interface": _NONE, "method": _NONE, **texts},
            status=line.status if before.status == line.status else 0,
        )


class Refusals:
    """Sums refused requests. ``clock`` returns seconds of the wall clock."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._sums: dict[str, _Sum] = {}

    def sift(self, lines: Iterable[AuditLine], first: int = FIRST) -> list[AuditLine]:
        """Return the lines that are to be written now, sums of earlier minutes among them; the rest is counted."""
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
        """Return the sums whose minute is over, and begin anew with their sources."""
        ended = self._clock() if now is None else now
        return self._end(source for source, sums in list(self._sums.items()) if not 0 <= ended - sums.began < WINDOW)

    def all(self) -> list[AuditLine]:
        """Return all sums, and begin anew."""
        return self._end(list(self._sums))

    def _end(self, sources: Iterable[str]) -> list[AuditLine]:
        ended = [(source, self._sums.pop(source)) for source in sources]
        return [_line(source, sums.line, sums) for source, sums in ended if sums.line is not None]


def source_of(line: AuditLine) -> str:
    """Return the source of a request: the peer that its certificate proves, or else the frontend that was asked."""
    return f"{line.direction} {line.sender or f'{line.service}.{line.interface}'}"


def _line(source: str, common: AuditLine, sums: _Sum) -> AuditLine:
    """Return the line for a sum. Its values are those that the requests had in common."""
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
