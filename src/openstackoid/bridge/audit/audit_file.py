# SPDX-License-Identifier: Apache-2.0
"""The audit log: a line of JSON for each use of one cloud by another's user, in an owner-only file.

A line is one ``write`` to a descriptor that appends, by the process that holds the end of the chain, so the gateway's two
processes share the file. Written lines outlive the process; without ``fsync``, which would cost each request milliseconds, a
power cut may lose the last seconds.
"""

import errno
import logging
import os
import re
import stat
import time
from collections.abc import Callable, Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path

from openstackoid.bridge.audit.audit_log import LOST, AuditLine, lost_line
from openstackoid.bridge.audit.chain import ChainEnd, ChainFile
from openstackoid.bridge.audit.refusals import FIRST, Refusals, lines_of
from openstackoid.bridge.audit.reserve import Reserve
from openstackoid.errors import OpenstackoidError
from openstackoid.telemetry import count_use

_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


class AuditError(OpenstackoidError):
    """A line could not be written. Its request must not go on."""


class Audit:
    """The file, to which several processes may append. It is made owner-only; an existing one keeps its mode.

    Without a path no line is written. A moved or removed file (``logrotate``) is left, and made or opened again. ``clock``
    returns seconds since 1970.
    """

    def __init__(self, path: Path | None, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self._descriptor = -1
        self._file = (0, 0)
        self._cut_short = False
        self._refusals = Refusals(clock)
        beside = path or Path("audit.log")
        self._chain = ChainFile(beside.with_name(f"{beside.name}.chain"))
        self.reserve = Reserve(beside.with_name(f"{beside.name}.reserve"))

    def write(self, *lines: AuditLine) -> None:
        """Append lines, all at once; further refused requests of a source are summed.

        Raises :class:`AuditError`; the requests of the lines must not go on then.
        """
        if self.path is not None:
            self.flush()
            self._append(self.path, self._refusals.sift(lines, FIRST if self.reserve.kept else 0))
        self.count(lines)

    def count(self, lines: Sequence[AuditLine]) -> None:
        """Count written lines for the metrics."""
        for line in lines:
            if line.outcome != LOST:
                count_use(line.direction, line.peer, line.outcome, line.count)

    def flush(self, *, all_sums: bool = False) -> None:
        """Append the sums of refused requests after their minute, or all. Raises :class:`AuditError`, and keeps the sums then."""
        if self.path is None:
            return
        sums = self._refusals.take(all_sums=all_sums)
        try:
            self._append(self.path, lines_of(sums))
        except AuditError:
            self._refusals.put_back(sums)
            raise

    def check(self) -> None:
        """Raise :class:`AuditError` if the file cannot be opened, before an audited action."""
        if self.path is None:
            return
        try:
            self._follow(self.path)
        except OSError as error:
            raise _unwritable(self.path, error) from None

    def rotate(self, size: int, keep: int) -> bool:
        """Rename a file of ``size`` bytes or more to the name with ``.1``; of such files, keep ``keep``.

        Return whether it was renamed. Raises :class:`AuditError`.
        """
        if self.path is None:
            return False
        try:
            if not self.path.exists() or self.path.stat().st_size < size:
                return False
            with self._chain.hold():
                if self.path.stat().st_size < size:
                    return False
                RotatingFileHandler(self.path, backupCount=keep, delay=True).doRollover()
                # Of a time when more were kept.
                for file in self.path.parent.iterdir():
                    number = file.name.removeprefix(f"{self.path.name}.")
                    if number != file.name and _NUMBER.fullmatch(number) and int(number) > keep:
                        file.unlink()
                return True
        except OSError as error:
            raise _unwritable(self.path, error) from None

    def close(self) -> None:
        """Close the files. A later line opens them again."""
        self._close_log()
        self._chain.close()

    def _append(self, path: Path, lines: Sequence[AuditLine]) -> None:
        if not lines:
            return
        # Before the chain is held: the other process waits for it.
        encoded = [line.encoded() for line in lines]
        try:
            with self._chain.hold() as end:
                self._follow(path)
                end.meet(self._descriptor)
                self._write(path, encoded, end)
        except OSError as error:
            raise _unwritable(path, error) from None

    def _write(self, path: Path, lines: Sequence[bytes], end: ChainEnd) -> None:
        link, parts = end.link, []
        for line in lines:
            part, link = link.follow(line)
            parts.append(part)
        # Not after a part of a line: neither could be read.
        data = (b"\n" if self._cut_short else b"") + b"".join(parts)
        before = os.fstat(self._descriptor)
        if not self._whole(data, before.st_size) and not (self.reserve.release() and self._whole(data, before.st_size)):
            raise AuditError(f"{path}: the audit line cannot be written: no space for the whole of it")
        self._cut_short = False
        end.link, end.inode, end.size = link, before.st_ino, before.st_size + len(data)

    def _whole(self, data: bytes, size: int) -> bool:
        """Append all of ``data`` to the file of ``size`` bytes, or none of it; return whether there was space."""
        try:
            written = os.write(self._descriptor, data)
        except OSError as error:
            if error.errno not in _NO_SPACE:
                raise
            return False
        if written < len(data):
            os.ftruncate(self._descriptor, size)
        return written == len(data)

    def _follow(self, path: Path) -> None:
        """Have the descriptor follow the path: one system call, if unchanged."""
        if self._descriptor >= 0:
            try:
                there = path.stat(follow_symlinks=False)
            except FileNotFoundError:
                there = None
            if there is not None and (there.st_dev, there.st_ino) == self._file:
                return
        self._close_log()
        # To read the last byte, it is opened for both, without waiting for a pipe.
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = os.open(path, flags, 0o600)
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            os.close(descriptor)
            raise OSError(0, "it is not a regular file")
        self._descriptor, self._file = descriptor, (found.st_dev, found.st_ino)
        self._cut_short = found.st_size > 0 and os.pread(descriptor, 1, found.st_size - 1) != b"\n"

    def _close_log(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class UncountedAudit(Audit):
    """An audit log whose lines are counted elsewhere, with their requests."""

    def count(self, lines: Sequence[AuditLine]) -> None:
        """Count nothing."""


class LateAudit:
    """Audits past actions: a failure is logged and counted by ``lost``.

    The audit log gets a line about it once it can be written again. ``at``: the gateway's cloud.
    """

    def __init__(self, audit: Audit, log: logging.Logger, at: str, lost: Callable[[int], None]) -> None:
        self._audit = audit
        self._log = log
        self._at = at
        self._count = lost
        self._lost = 0

    def write(self, *lines: AuditLine) -> bool:
        """Append lines, or lose them. Return whether they were written."""
        if not lines:
            return True
        missing = [lost_line(self._at, time.time(), self._lost, "lines could not be written")] if self._lost else []
        try:
            self._audit.write(*missing, *lines)
        except AuditError as error:
            self.lose(len(lines), str(error))
            return False
        if self._lost:
            self._log.error("audit: %d lines about requests that were served were lost; they are written again", self._lost)
            self._lost = 0
        return True

    def lose(self, number: int, why: str) -> None:
        """Count lost lines, and log the reason once."""
        if not self._lost:
            self._log.error("audit: requests that were served are not written down: %s", why)
        self._lost += number
        self._count(number)


def _unwritable(path: Path, error: OSError) -> AuditError:
    return AuditError(f"{path}: the audit line cannot be written: {error.strerror}")
