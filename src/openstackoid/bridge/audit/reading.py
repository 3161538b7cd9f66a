# SPDX-License-Identifier: Apache-2.0
"""Audit logs read: of several gateways, rotated and compressed ones among them, filtered and put in order."""

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openstackoid.bridge.audit.audit_log import IN, OUT
from openstackoid.errors import OpenstackoidError

Line = dict[str, Any]

_BEGINNING = '{"time": '
_LONGEST = 1 << 20
_TEXTS = ("time", "gateway", "home", "service", "method", "path", "outcome")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines are wanted: those that fulfil all that is not None. ``user`` is a name or an id, ``since`` a timestamp."""

    request_id: str | None = None
    user: str | None = None
    home: str | None = None
    since: str | None = None

    def fits(self, line: Line) -> bool:
        """Return whether a line is wanted."""
        user = line.get("user") or {}
        return (
            self.request_id in (None, line.get("request_id"))
            and self.home in (None, line["home"])
            and (self.user is None or self.user in (user.get("id"), user.get("name")))
            and (self.since is None or line["time"] >= self.since)
        )


@dataclass(slots=True)
class Found:
    """The lines that are wanted, those of one request next to each other, and how many could not be read."""

    lines: list[Line] = field(default_factory=list)
    skipped: int = 0


def read_logs(paths: Iterable[Path], wanted: Wanted) -> Found:
    """Return what is wanted of several files. Raises :class:`OpenstackoidError` for one that cannot be read."""
    found = Found()
    for path in paths:
        for text in _texts(path):
            line = read_line(text)
            if line is None:
                found.skipped += 1
            elif wanted.fits(line):
                found.lines.append(line)
    found.lines = _in_order(found.lines)
    return found


def read_line(text: str) -> Line | None:
    """Return a line of an audit log, or None where it is none. One behind a part of another, which a crash left, is found."""
    line = _loaded(text)
    if line is None:
        # No value holds these bytes: in one, the quotation marks would be escaped.
        at = text.rfind(_BEGINNING)
        line = _loaded(text[at:]) if at > 0 else None
    return line


def _loaded(text: str) -> Line | None:
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(line, dict) or line.get("direction") not in (IN, OUT):
        return None
    sound = all(isinstance(line.get(name), str) for name in _TEXTS) and type(line.get("status")) is int
    sound = sound and all(isinstance(line.get(name), dict | None) for name in ("user", "project"))
    sound = sound and all(isinstance(line.get(name), str | None) for name in ("request_id", "rule", "reason", "cloud", "source"))
    return line if sound else None


def _texts(path: Path) -> Iterator[str]:
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            while data := file.readline(_LONGEST):
                yield data.decode("ascii", "replace")
    except (OSError, EOFError, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is no whole gzip file"
        raise OpenstackoidError(f"cannot read {path}: {reason}") from None


def _in_order(lines: list[Line]) -> list[Line]:
    """Sort by time; but what has the id of an earlier line stands behind that: one request, as each of its clouds saw it."""
    lines = sorted(lines, key=lambda line: str(line["time"]))
    requests: dict[object, list[Line]] = {}
    for number, line in enumerate(lines):
        requests.setdefault(line.get("request_id") or number, []).append(line)
    return [line for group in requests.values() for line in group]
