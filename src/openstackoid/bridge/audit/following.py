# SPDX-License-Identifier: Apache-2.0
"""The lines of an audit log in their order, from a number on, as they are written: over rotated files, and over restarts."""

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from openstackoid.bridge.audit.chain import read_link

AT_ONCE = 256 * 1024
"""Bytes that are read at once."""


class Follower:
    """Reads the log ``path`` behind the line of the number ``last``. Lines without a number are passed over."""

    def __init__(self, path: Path, last: int) -> None:
        self.last = last
        self._path = path
        self._file: BinaryIO | None = None

    def read(self) -> tuple[list[bytes], int]:
        """Return the next lines that are there, and how many are missing before them. Raises ``OSError``.

        After a restart, it first reads all of a file up to the last line.
        """
        found, missing = list[bytes](), 0
        while not found and (lines := self._next()):
            for line in lines:
                link = read_link(line)
                if link is None or link[0].number <= self.last:
                    continue
                missing += link[0].number - self.last - 1
                self.last = link[0].number
                found.append(line)
        return found, missing

    def _next(self) -> list[bytes]:
        """Return the next lines of the file that is read, or the first of the next file."""
        lines = self._lines()
        if not lines and not self._is_log():
            later, begun = self._files()
            following = (begun or later) if self._file is None else later
            # A line may have been on its way to the file that was moved.
            lines = self._lines()
            if not lines and following is not None:
                self.close()
                self._file = following.open("rb")
                lines = self._lines()
        return lines

    def close(self) -> None:
        """Close the file that is read."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _lines(self) -> list[bytes]:
        if self._file is None:
            return []
        lines = self._file.readlines(AT_ONCE)
        if lines and not lines[-1].endswith(b"\n"):
            # The rest of it is on its way.
            self._file.seek(-len(lines.pop()), 1)
        return lines

    def _is_log(self) -> bool:
        """Return whether the file that is read is the log, to which lines may still be added."""
        try:
            return self._file is not None and self._path.samefile(f"/proc/self/fd/{self._file.fileno()}")
        except FileNotFoundError:
            return False

    def _files(self) -> tuple[Path | None, Path | None]:
        """Return the first file that begins behind the last line, and the one that holds that line."""
        later = None
        for path in self._newest_first():
            first = _first_number(path)
            if first is not None and first <= self.last:
                return later, path
            if first is not None:
                later = path
        return later, None

    def _newest_first(self) -> Iterator[Path]:
        yield self._path
        rotated = re.compile(rf"{re.escape(self._path.name)}\.([0-9]+)")
        numbered = [(int(found[1]), path) for path in self._path.parent.iterdir() if (found := rotated.fullmatch(path.name))]
        yield from (path for _, path in sorted(numbered))


def _first_number(path: Path) -> int | None:
    with suppress(OSError), path.open("rb") as file:
        for line in file:
            link = read_link(line)
            if link is not None:
                return link[0].number
    return None
