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
    """A scope, the end of its time, and the end that the journal knows."""

    scope: Scope
    until: float
    written: float


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
            # The last line of an id counts, also for its place in the order.
            self._known.pop(workflow.id, None)
            if until > now:
                self._known[workflow.id] = _Remembered(workflow.scope, until, until)

    def __len__(self) -> int:
        return len(self._known)

    def __repr__(self) -> str:
        return f"<Workflows {len(self)}>"

    def remember(self, workflow: Workflow, limits: Memory) -> None:
        """Remember a workflow, for the whole time anew if it is known already."""
        now = self._clock()
        until = now + limits.seconds
        before = self._known.get(workflow.id)
        # Each hop is not worth a line: what a restart then forgets is at most half of the time that a hop adds.
        write = before is None or before.written < now + limits.seconds / 2
        self._known[workflow.id] = _Remembered(workflow.scope, until, until if before is None or write else before.written)
        self._known.move_to_end(workflow.id)
        while len(self._known) > limits.workflows or next(iter(self._known.values())).until <= now:
            self._known.popitem(last=False)
        if self._journal is not None and write:
            self._journal.write(workflow, until)
            if self._journal.lines > 2 * len(self._known) + Journal.SLACK:
                self._journal.rewrite((Workflow(key, found.scope), found.written) for key, found in self._known.items())

    def forget(self, workflow: Workflow) -> None:
        """Forget a workflow that has come to nothing."""
        if self._known.pop(workflow.id, None) is not None and self._journal is not None:
            self._journal.write(workflow, 0.0)

    def recall(self, request_id: str, limits: Memory) -> Scope | None:
        """Return the scope of a workflow, which is then remembered for the whole time anew, or None where it is not known."""
        scope = self.known(request_id)
        if scope is not None:
            self.remember(Workflow(request_id, scope), limits)
        return scope

    def known(self, request_id: str) -> Scope | None:
        """Return the scope of a workflow without taking that for a use of it."""
        found = self._known.get(request_id)
        return None if found is None or found.until <= self._clock() else found.scope
