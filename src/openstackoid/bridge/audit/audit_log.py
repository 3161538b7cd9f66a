# SPDX-License-Identifier: Apache-2.0
"""The audit log: a line of JSON for each use of one cloud by another's user, in a file that only its owner can read.

A line is one ``write`` to a descriptor that appends, so the gateway's two processes share the file. It is the system's then and
outlives the process; it is not forced to the disk (``fsync``), which would cost each request milliseconds, so a machine that
loses its power may lose the last seconds. What is cut and escaped here comes from clients and from the Keystones of peers.
"""

import json
import logging
import os
import stat
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from openstackoid.errors import OpenstackoidError

IN, OUT = "in", "out"
"""The directions: a peer's user came in to this cloud; a request left this cloud for a peer."""

ALLOWED, REFUSED, FAILED = "allowed", "refused", "failed"
"""The outcomes. ``failed``, of requests that left alone: it is not known whether the request was allowed."""

LONGEST_NAME = 255
"""Characters of an id or a name; Keystone's own limit for a name is 255 for users, and less for the rest."""
LONGEST_TEXT = 1024
"""Characters of a path or a reason."""
MOST_ROLES = 64


class AuditError(OpenstackoidError):
    """A line could not be written. The request that it is about may not go on as if it had been."""


@dataclass(frozen=True, slots=True)
class Party:
    """A user or a project as its own cloud's Keystone names it; ``domain`` is the domain's name, or else its id."""

    id: str | None = None
    name: str | None = None
    domain: str | None = None

    @classmethod
    def of(cls, entry: object) -> "Party | None":
        """Return the ``user`` or ``project`` of a token document, or None where it is none; a peer's word may have any shape."""
        if not isinstance(entry, Mapping):
            return None
        domain = entry.get("domain")
        at = (domain.get("name") or domain.get("id")) if isinstance(domain, Mapping) else None
        return cls(*(value if isinstance(value, str) else None for value in (entry.get("id"), entry.get("name"), at)))


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """One use of a cloud by a user of another, at one gateway.

    ``time``: seconds of the wall clock. ``gateway``: the cloud whose gateway writes. ``home``: the cloud that issued the user's
    token. ``cloud``: the one whose service was asked for, the gateway's own where it is not said. ``user`` and ``project``: as
    the home says; ``roles``: as this cloud has granted them. ``sender``: the cloud whose gateway brought the request, where that
    is proved. ``source``: the client's address. ``path``: as :func:`~openstackoid.bridge.log.shown_path` shows it. ``rule``:
    which entry of the policy decided. ``status``: what the client got, 0 where it has left.
    """

    time: float
    gateway: str
    direction: str
    home: str
    cloud: str | None = None
    user: Party | None = None
    project: Party | None = None
    roles: tuple[str, ...] = ()
    sender: str | None = None
    source: str | None = None
    service: str
    interface: str
    method: str
    path: str
    rule: str | None = None
    outcome: str
    status: int
    reason: str | None = None
    request_id: str | None = None

    def document(self) -> dict[str, Any]:
        """Return the line for JSON: what is not known is null, and nothing is longer than it may be."""
        document = {name: _bounded(value) for name, value in asdict(self).items()}
        document["time"] = timestamp(self.time)
        document["cloud"] = self.cloud or self.gateway
        for name in ("path", "reason"):
            document[name] = _cut(getattr(self, name), LONGEST_TEXT)
        return document

    def encoded(self) -> bytes:
        """Return the line as it stands in the file. It is ASCII, so no character of a name can break it or turn the screen."""
        return json.dumps(self.document()).encode("ascii") + b"\n"


class Audit:
    """The file, which several processes may append to. It is made owner-only; one that is there keeps its mode.

    Without a path nothing is written. A file that was moved or removed (``logrotate``) is left, and made or opened anew.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._descriptor = -1
        self._file = (0, 0)
        self._cut_short = False

    def write(self, *lines: AuditLine) -> None:
        """Append lines, all at once. Raises :class:`AuditError`, and then nothing may be done that they are about."""
        if self._path is None:
            return
        data = b"".join(line.encoded() for line in lines)
        try:
            self._follow(self._path)
            if self._cut_short:
                # Not behind a part of a line: neither of them could be read then.
                data = b"\n" + data
            written = os.write(self._descriptor, data)
        except OSError as error:
            raise AuditError(f"{self._path}: the audit line cannot be written: {error.strerror}") from None
        self._cut_short = written < len(data)
        if self._cut_short:
            raise AuditError(f"{self._path}: the audit line cannot be written: no space for the whole of it")

    def check(self) -> None:
        """Raise :class:`AuditError` where the file cannot be opened: before something is done that is to be written down."""
        if self._path is None:
            return
        try:
            self._follow(self._path)
        except OSError as error:
            raise AuditError(f"{self._path}: the audit line cannot be written: {error.strerror}") from None

    def close(self) -> None:
        """Close the file. A line that is written later opens it again."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _follow(self, path: Path) -> None:
        """Have the descriptor be of the file that stands at the path: one system call, where it is."""
        if self._descriptor >= 0:
            try:
                there = path.stat(follow_symlinks=False)
            except FileNotFoundError:
                there = None
            if there is not None and (there.st_dev, there.st_ino) == self._file:
                return
        self.close()
        # To read the last byte, it is opened for both; a pipe that stands there is not waited for.
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = os.open(path, flags, 0o600)
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            os.close(descriptor)
            raise OSError(0, "it is no regular file")
        self._descriptor, self._file = descriptor, (found.st_dev, found.st_ino)
        self._cut_short = found.st_size > 0 and os.pread(descriptor, 1, found.st_size - 1) != b"\n"


class LateAudit:
    """Writes down what has happened already, which nothing can hold up any more: a failure is said in ``log``, and counted."""

    def __init__(self, audit: Audit, log: logging.Logger) -> None:
        self._audit = audit
        self._log = log
        self._lost = 0

    def write(self, *lines: AuditLine) -> None:
        """Append lines, or lose them."""
        if not lines:
            return
        try:
            self._audit.write(*lines)
        except AuditError as error:
            self.lose(len(lines), str(error))
            return
        if self._lost:
            self._log.error("audit: %d lines about requests that were served were lost; they are written again", self._lost)
            self._lost = 0

    def lose(self, number: int, why: str) -> None:
        """Count lines that are lost, and say why: once, not for each of what may be thousands."""
        if not self._lost:
            self._log.error("audit: requests that were served are not written down: %s", why)
        self._lost += number


def timestamp(seconds: float) -> str:
    """Return a time of the wall clock in ISO 8601: UTC, with milliseconds, so that the lines of all clouds sort as text."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _bounded(value: Any) -> Any:
    if isinstance(value, str):
        return _cut(value, LONGEST_NAME)
    if isinstance(value, dict):
        return {name: _bounded(item) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return [_bounded(item) for item in value[:MOST_ROLES]]
    return value


def _cut(text: str | None, longest: int) -> str | None:
    return text if text is None or len(text) <= longest else f"{text[: longest - 1]}…"
