# SPDX-License-Identifier: Apache-2.0
"""The gateway's memory of workflows: which scope belongs to which request id, for a bounded time and number."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from openstackoid.bridge.journal import Journal
from openstackoid.mesh import Memory
from openstackoid.routing import Workflow
from openstackoid.scope import Scope


class _Remembered(NamedTuple):
    scope: Scope
    until: float


class Workflows:
    """Scopes by request id. The one that was used longest ago goes first, and none outlives its time.

    ``journal`` keeps them over a restart of the process; without it they end with it. ``clock`` returns wall clock seconds.
    """

    def __init__(self, journal: Journal | None = None, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._journal = journal
        self._known: OrderedDict[str, _Remembered] = OrderedDict()
        now = clock()
        for workflow, until in journal.read() if journal is not None else ():
            if until > now:
                self._known[workflow.id] = _Remembered(workflow.scope, until)

    def __len__(self) -> int:
        return len(self._known)

    def __repr__(self) -> str:
        return f"<Workflows {len(self)}>"

    def remember(self, workflow: Workflow, limits: Memory) -> None:
        """Remember a workflow, for the whole time anew if it is known already."""
        now = self._clock()
        before = self._known.get(workflow.id)
        self._known[workflow.id] = _Remembered(workflow.scope, now + limits.seconds)
        self._known.move_to_end(workflow.id)
        while len(self._known) > limits.workflows or next(iter(self._known.values())).until <= now:
            self._known.popitem(last=False)
        # A hop of a workflow that was written down a moment ago need not be: what is lost is a part of its extra time.
        if self._journal is not None and (before is None or before.until < now + limits.seconds / 2):
            self._journal.write(workflow, now + limits.seconds)
            if self._journal.lines > 2 * len(self._known) + Journal.SLACK:
                self._journal.rewrite((Workflow(key, found.scope), found.until) for key, found in self._known.items())

    def recall(self, request_id: str) -> Scope | None:
        """Return the scope of a workflow, or None where it is not known, or not any more."""
        found = self._known.get(request_id)
        return found.scope if found is not None and found.until > self._clock() else None
