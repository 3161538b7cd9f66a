# SPDX-License-Identifier: Apache-2.0
"""Sum refused requests: the first few of a source in a minute have a line each, all further ones a common line.

A refusal costs a client little; without a limit their lines would fill the disk.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv6Address, IPv6Network
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
    **dict.fromkeys(("cloud", "sender", "source", "user", "project", "rule")),
    "status": 0,
}
"""The values of a sum that all its requests share, and their replacements."""


@dataclass(slots=True)
class Sum:
    """The refused requests of one source since ``began``. ``line``: their common values."""

    began: float
    taken: int = 0
    summed: int = 0
    line: AuditLine | None = None

    def add(self, line: AuditLine) -> None:
        """Count a request, and keep the values that it shares with the others."""
        self.summed += 1
        before = self.line or line
        self.line = replace(
            line, **{name: none for name, none in _COMMON.items() if getattr(before, name) != getattr(line, name)}
        )


class Refusals:
    """Sums refused requests. ``clock`` returns seconds of the wall clock."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._sums: dict[str, Sum] = {}

    def sift(self, lines: Iterable[AuditLine], first: int = FIRST) -> list[AuditLine]:
        """Return the lines to write now; count the rest."""
        now, kept = self._clock(), list[AuditLine]()
        for line in lines:
            if line.outcome != REFUSED:
                kept.append(line)
                continue
            source = source_of(line)
            if source not in self._sums and len(self._sums) >= MOST_SOURCES:
                source = _OTHERS
            sums = self._sums.setdefault(source, Sum(now))
            if sums.taken < first and source != _OTHERS:
                sums.taken += 1
                kept.append(line)
            else:
                sums.add(line)
        return kept

    def take(self, *, all_sums: bool = False) -> dict[str, Sum]:
        """Take the sums of past minutes out, or all of them."""
        now = self._clock()
        ended = [source for source, sums in self._sums.items() if all_sums or not 0 <= now - sums.began < WINDOW]
        return {source: self._sums.pop(source) for source in ended}

    def put_back(self, sums: dict[str, Sum]) -> None:
        """Put sums back that could not be written."""
        self._sums |= sums


def lines_of(sums: Mapping[str, Sum]) -> list[AuditLine]:
    """Return the lines for sums."""
    return [_line(source, found.line, found) for source, found in sums.items() if found.line is not None]


def source_of(line: AuditLine) -> str:
    """Return the source of a request: the peer in its certificate, or else the client's address, or the frontend.

    Requests of users that a Keystone has named are apart, so that made-up tokens hide none of them.
    """
    source = line.sender or _network(line.source) or f"{line.service}.{line.interface}"
    return f"{line.direction} {source} {'unknown' if line.user is None else 'known'}"


def _network(source: str | None) -> str | None:
    """Return an address, or of IPv6 its network of 64 bits, whose addresses are all of one client."""
    if source is None or ":" not in source:
        return source
    try:
        address = IPv6Address(source)
    except ValueError:
        return source
    return str(address.ipv4_mapped or IPv6Network((address, 64), strict=False))


def _line(source: str, common: AuditLine, sums: Sum) -> AuditLine:
    """Return the line for a sum, with the common values of its requests."""
    return replace(
        common,
        time=sums.began,
        roles=(),
        path="...",
        reason=f"the sum of {sums.summed} refused requests of {source if source == _OTHERS else source.split(' ')[1]}",
        request_id=None,
        count=sums.summed,
    )
