# SPDX-License-Identifier: Apache-2.0
"""The gateway's memory of workflows: which scope belongs to which request id, for a bounded time and number.

Each workflow has an owner, the user who began it. Which owner makes room for another is decided in
:mod:`openstackoid.bridge.shares`.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from openstackoid.bridge.journal import Journal
from openstackoid.bridge.shares import Owner, Shares
from openstackoid.mesh import Memory
from openstackoid.routing import Workflow
from openstackoid.scope import Scope


class _Remembered(NamedTuple):
    """A scope, the owner, the end of its time, and the end that the journal knows."""

    scope: Scope
    owner: Owner
    until: float
    written: float


class Workflows:
    """Scopes by request id. Of those that compete for room, the one that was used longest ago goes, and none outlives its time.

    ``journal`` keeps them over a restart of the process; without it they end with it. ``clock`` returns wall clock seconds.
    """

    def __init__(self, journal: Journal | None = None, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._journal = journal
        self._known: OrderedDict[str, _Remembered] = OrderedDict()
        self._owned: dict[Owner, OrderedDict[str, None]] = {}
        self._shares = Shares()
        now = clock()
        for workflow, owner, until in journal.read() if journal is not None else ():
            # The last line of an id counts, also for its place in the order.
            self._drop(workflow.id)
            if until > now:
                self._put(workflow.id, _Remembered(workflow.scope, owner, until, until))

    def __len__(self) -> int:
        return len(self._known)

    def __repr__(self) -> str:
        return f"<Workflows {len(self)}>"

    def remember(self, workflow: Workflow, owner: Owner, limits: Memory) -> None:
        """Remember a workflow of ``owner``; one that is known already keeps its owner and scope, and has its whole time anew."""
        now = self._clock()
        until = now + limits.seconds
        if self.known(workflow.id) is None:
            self._drop(workflow.id)
        before = self._known.get(workflow.id)
        if before is not None:
            workflow, owner = Workflow(workflow.id, before.scope), before.owner
        # Each hop is not worth a line: what a restart then forgets is at most half of the time that a hop adds.
        write = before is None or before.written < now + limits.seconds / 2
        written = until if before is None or write else before.written
        self._put(workflow.id, _Remembered(workflow.scope, owner, until, written))
        while next(iter(self._known.values())).until <= now:
            self._drop(next(iter(self._known)))
        while (loser := self._shares.loser(owner, limits)) is not None:
            self._drop(next(iter(self._owned[loser])))
        if self._journal is not None and write:
            self._journal.write(workflow, owner, until)
            if self._journal.lines > 2 * len(self._known) + Journal.SLACK:
                self._journal.rewrite(
                    (Workflow(key, found.scope), found.owner, found.written) for key, found in self._known.items()
                )

    def forget(self, workflow: Workflow) -> None:
        """Forget a workflow that has come to nothing."""
        found = self._drop(workflow.id)
        if found is not None and self._journal is not None:
            self._journal.write(workflow, found.owner, 0.0)

    def recall(self, request_id: str, limits: Memory) -> Scope | None:
        """Return the scope of a workflow, which is then remembered for the whole time anew, or None where it is not known."""
        scope = self.known(request_id)
        if scope is not None:
            self.remember(Workflow(request_id, scope), self._known[request_id].owner, limits)
        return scope

    def known(self, request_id: str) -> Scope | None:
        """Return the scope of a workflow without taking that for a use of it."""
        found = self._known.get(request_id)
        return None if found is None or found.until <= self._clock() else found.scope

    def _put(self, request_id: str, found: _Remembered) -> None:
        """Put a workflow behind all others, and behind all others of its owner."""
        if request_id in self._known:
            self._shares.use(found.owner)
        else:
            self._shares.add(found.owner)
        self._known[request_id] = found
        self._known.move_to_end(request_id)
        owned = self._owned.setdefault(found.owner, OrderedDict())
        owned[request_id] = None
        owned.move_to_end(request_id)

    def _drop(self, request_id: str) -> _Remembered | None:
        found = self._known.pop(request_id, None)
        if found is not None:
            self._shares.remove(found.owner)
            owned = self._owned[found.owner]
            del owned[request_id]
            if not owned:
                del self._owned[found.owner]
        return found
