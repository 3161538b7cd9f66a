# SPDX-License-Identifier: Apache-2.0
"""The file in which the memory of workflows outlives the process: a line each, the last one of an id counts.

Nothing waits for the disk, and what cannot be written is only lost with the process: a boot that is on its way when the
Python service is restarted must not lose its scope, but no request may fail for the sake of that.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar

from openstackoid.bridge.log import LOG
from openstackoid.bridge.shares import Owner
from openstackoid.private import replace_private
from openstackoid.routing import Workflow, may_be_remembered
from openstackoid.scope import Scope

_END_OF_TIME = 1e11
"""Seconds of the wall clock beyond which a line says none: an infinity, or an integer that is no float."""


class Journal:
    """``lines`` is how many the file has; ``SLACK`` how many more than needed it may have before it is written anew."""

    SLACK: ClassVar[int] = 1000

    def __init__(self, path: Path) -> None:
        self.lines = 0
        self._path = path
        self._broken = False
        self._cut_short = False

    def read(self) -> Iterator[tuple[Workflow, Owner, float]]:
        """Yield each workflow with its owner and the end of its time; a line that a crash cut short is passed over."""
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return
        except (OSError, UnicodeDecodeError) as error:
            self._failed("read", error)
            return
        self._cut_short = text[-1:] not in ("", "\n")
        for line in text.splitlines():
            self.lines += 1
            found = _read_line(line)
            if found is not None:
                yield found

    def write(self, workflow: Workflow, owner: Owner, until: float) -> None:
        """Add a line."""
        try:
            if self.lines == 0:
                replace_private(self._path, b"")
            with self._path.open("a", encoding="utf-8") as file:
                # Not behind the rest of a line that a crash cut short: neither of them could be read then.
                file.write(("\n" if self._cut_short else "") + _line(workflow, owner, until))
            self._cut_short = False
            self.lines += 1
        except OSError as error:
            self._failed("written", error)

    def rewrite(self, workflows: Iterable[tuple[Workflow, Owner, float]]) -> None:
        """Put these in the place of all that is there."""
        lines = [_line(workflow, owner, until) for workflow, owner, until in workflows]
        try:
            replace_private(self._path, "".join(lines).encode("utf-8"))
            self.lines, self._cut_short = len(lines), False
        except OSError as error:
            self._failed("written", error)

    def _failed(self, what: str, error: Exception) -> None:
        if not self._broken:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
            LOG.error("%s cannot be %s: %s; workflows are remembered until this process ends", self._path, what, reason)
        self._broken = True


def _line(workflow: Workflow, owner: Owner, until: float) -> str:
    return json.dumps([workflow.id, workflow.scope.wire(), round(until, 3), *owner]) + "\n"


def _read_line(line: str) -> tuple[Workflow, Owner, float] | None:
    try:
        # A gateway of an earlier version wrote no owner.
        key, wire, until, peer, user = (*json.loads(line), "", "")[:5]
        entries = tuple(json.loads(wire).items())
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
    texts = (key, peer, user, *(cloud for _, cloud in entries))
    sound = bool(entries) and all(isinstance(text, str) for text in texts) and may_be_remembered(key)
    sound = sound and isinstance(until, int | float) and 0 <= until <= _END_OF_TIME
    return (Workflow(key, Scope(entries)), Owner(peer, user), float(until)) if sound else None
