# SPDX-License-Identifier: Apache-2.0
"""Read audit logs of several gateways, also rotated and compressed ones; filter and sort their lines."""

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
    """The filter: lines that match all values that are not None. ``user``: a name or an id; ``since``: a timestamp."""

    request_id: str | None = None
    user: str | None = None
    home: str | None = None
    since: str | None = None

    def fits(self, line: Line) -> bool:
        """Return whether a line matches."""
        user = line.get("user") or {}
        return (
            self.request_id in (None, line.get("request_id"))
            and self.home in (None, line["home"])
            and (self.user is None or self.user in (user.get("id"), user.get("name")))
            and (self.since is None or line["time"] >= self.since)
        )


@dataclass(slots=True)
class Found:
    """The matching lines, those of one request next to each other, and the number of unreadable ones."""

    lines: list[Line] = field(default_factory=list)
    skipped: int = 0

    @property
    def remark(self) -> str:
        """Return a sentence with the number of unreadable lines, empty without one."""
        return f"skipped, as they are not complete audit lines: {self.skipped}" if self.skipped else ""


def read_logs(paths: Iterable[Path], wanted: Wanted) -> Found:
    """Return the matching lines of several files. Raises :class:`OpenstackoidError` for an unreadable one."""
    found = Found()
    for path in paths:
        for data in raw_lines(path):
            line = read_line(data.decode("ascii", "replace"))
            if line is None:
                found.skipped += 1
            elif wanted.fits(line):
                found.lines.append(line)
    found.lines = _in_order(found.lines)
    return found


def read_line(text: str) -> Line | None:
    """Return a line of an audit log, or None. One after a truncated line, which a crash left, is found."""
    line = _loaded(text)
    if line is None:
        # No value holds these bytes: quotation marks are escaped there.
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
    sound = sound and type(line.get("count", 1)) is int
    return line if sound else None


def raw_lines(path: Path) -> Iterator[bytes]:
    """Yield the raw lines of a file. Raises :class:`OpenstackoidError` if it is unreadable."""
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            while data := file.readline(_LONGEST):
                yield data
    except (OSError, EOFError, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "the gzip file is incomplete"
        raise OpenstackoidError(f"cannot read {path}: {reason}") from None


def _in_order(lines: list[Line]) -> list[Line]:
    """Sort by time; later lines with the id of an earlier one follow it: one request, seen by each of its clouds."""
    lines = sorted(lines, key=lambda line: str(line["time"]))
    requests: dict[object, list[Line]] = {}
    for number, line in enumerate(lines):
        requests.setdefault(line.get("request_id") or number, []).append(line)
    return [line for group in requests.values() for line in group]
