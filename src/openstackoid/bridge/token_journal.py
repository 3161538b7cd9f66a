# SPDX-License-Identifier: Apache-2.0
"""The file in which the record of tokens' claims outlives the process: services, too, keep what they were told over a restart.

A line each, the last one of a token counts. There are two files, and the older one goes when the time of all in it is over: so
nothing is ever written again. Nothing waits for the disk.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from openstackoid.bridge.log import LOG
from openstackoid.policy import Claims


@dataclass(frozen=True, slots=True)
class Row:
    """The claims of a token of ``issuer``, by its digest, and the end of their time by the wall clock."""

    issuer: str
    digest: bytes
    claims: Claims
    until: float


class TokenJournal:
    """``path`` is the file that is written; the older one has ``.old`` behind its name.

    ``FEWEST``: so many lines a file has before the next one begins.
    """

    FEWEST: ClassVar[int] = 1000

    def __init__(self, path: Path) -> None:
        self._path = path
        self._old = path.with_name(f"{path.name}.old")
        self._descriptor = -1
        self._lines = 0
        self._until = self._old_until = 0.0
        self._cut_short = self._broken = False

    def read(self) -> Iterator[Row]:
        """Yield what was written, the oldest first; a line that a crash cut short is passed over."""
        for path in (self._old, self._path):
            self._old_until, self._until, self._lines = self._until, 0.0, 0
            try:
                text = path.read_text(encoding="ascii")
            except FileNotFoundError:
                continue
            except (OSError, UnicodeDecodeError) as error:
                self._failed("read", error)
                continue
            self._cut_short = text[-1:] not in ("", "\n")
            for line in text.splitlines():
                self._lines += 1
                row = _read_line(line)
                if row is not None:
                    self._until = max(self._until, row.until)
                    yield row

    def write(self, row: Row, now: float) -> None:
        """Add a row; ``now`` is by the wall clock."""
        line = json.dumps([row.issuer, row.digest.hex(), row.claims.digests.hex(), row.claims.rule, round(row.until, 3)]) + "\n"
        data = ("\n" if self._cut_short else "").encode() + line.encode("ascii")
        try:
            if self._lines >= self.FEWEST and self._old_until <= now:
                self._path.replace(self._old)
                self.close()
                self._old_until, self._until, self._lines = self._until, 0.0, 0
            if self._descriptor < 0:
                flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
                self._descriptor = os.open(self._path, flags, 0o600)
            self._cut_short = os.write(self._descriptor, data) < len(data)
        except OSError as error:
            self._failed("written", error)
        self._lines += 1
        self._until = max(self._until, row.until)

    def close(self) -> None:
        """Close the file. A row that is written later opens it again."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _failed(self, what: str, error: Exception) -> None:
        if not self._broken:
            reason = error.strerror if isinstance(error, OSError) else "not ASCII text"
            LOG.error("%s cannot be %s: %s; the claims of tokens are recorded until this process ends", self._path, what, reason)
        self._broken = True


def _read_line(line: str) -> Row | None:
    try:
        issuer, digest, digests, rule, until = json.loads(line)
        row = Row(issuer, bytes.fromhex(digest), Claims(bytes.fromhex(digests), rule), float(until))
    except (ValueError, TypeError, RecursionError, OverflowError):
        return None
    sound = isinstance(issuer, str) and isinstance(rule, str) and row.claims.sound and row.until < float("inf")
    return row if sound else None
