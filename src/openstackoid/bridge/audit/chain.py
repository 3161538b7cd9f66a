# SPDX-License-Identifier: Apache-2.0
"""The chain of an audit log: each line has a number, and a digest of the previous digest and the line.

The chain goes on over rotated files and restarts. A file of its own has its end, for one writer at a time.
"""

import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

NO_DIGEST = "0" * 64
"""The digest before the first line."""

_LINE = re.compile(rb'(\{.*, "number": ([1-9][0-9]{0,14})), "digest": "([0-9a-f]{64})"\}\n?', re.DOTALL)
_STATE = re.compile(rb"([0-9]{15}) ([0-9a-f]{64}) ([0-9]{20}) ([0-9]{20})\n")
_TAIL = 65536
"""The last bytes of a file that are searched for its last line: no line is as long."""


@dataclass(frozen=True, slots=True)
class Link:
    """The place of a line in the chain."""

    number: int = 0
    digest: str = NO_DIGEST

    def follow(self, line: bytes) -> tuple[bytes, "Link"]:
        """Return a line of JSON with the next number and its digest, and its link."""
        text = line.removesuffix(b"}\n") + b', "number": %d' % (self.number + 1)
        link = Link(self.number + 1, digest(self.digest, text))
        return b'%s, "digest": "%s"}\n' % (text, link.digest.encode("ascii")), link


def digest(before: str, text: bytes) -> str:
    """Return the digest of a line; ``text``: the line up to its number, ``before``: the previous digest."""
    return hashlib.sha256(before.encode("ascii") + text).hexdigest()


def read_link(line: bytes) -> tuple[Link, bytes] | None:
    """Return the link of a line and the digested text; None for a line outside a chain."""
    found = _LINE.fullmatch(line)
    return None if found is None else (Link(int(found[2]), found[3].decode("ascii")), found[1])


def last_link(descriptor: int, size: int) -> Link | None:
    """Return the link of the last whole line in a file of ``size`` bytes, or None."""
    begin = max(0, size - _TAIL)
    for line in reversed(os.pread(descriptor, _TAIL, begin).splitlines(keepends=True)):
        found = read_link(line)
        if found is not None:
            return found[0]
    return None


@dataclass(slots=True)
class ChainEnd:
    """The end of the chain, held by one writer. ``link``: of the last line."""

    link: Link
    inode: int
    size: int

    def meet(self, descriptor: int) -> None:
        """Go on after the last line of the log, if a writer was killed before it could note it here."""
        found = os.fstat(descriptor)
        if (found.st_ino, found.st_size) != (self.inode, self.size):
            link = last_link(descriptor, found.st_size)
            if link is not None and link.number > self.link.number:
                self.link = link


class ChainFile:
    """The file with the end of the chain; several processes may hold it, one at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1

    @contextmanager
    def hold(self) -> Iterator[ChainEnd]:
        """Hold the end of the chain alone, and write its new value. Raises ``OSError``."""
        if self._descriptor < 0:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        try:
            state = os.pread(self._descriptor, 256, 0)
            found = _STATE.fullmatch(state)
            end = ChainEnd(Link(), 0, -1)
            if found is not None:
                end = ChainEnd(Link(int(found[1]), found[2].decode("ascii")), int(found[3]), int(found[4]))
            yield end
            noted = b"%015d %s %020d %020d\n" % (end.link.number, end.link.digest.encode("ascii"), end.inode, max(end.size, 0))
            if noted != state:
                os.pwrite(self._descriptor, noted, 0)
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the file; it is opened again on demand."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
