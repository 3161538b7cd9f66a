# SPDX-License-Identifier: Apache-2.0
"""The gateway's memory of workflows: which scope belongs to which request id, for a bounded time and number."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from openstackoid.mesh import Memory
from openstackoid.routing import Workflow
from openstackoid.scope import Scope


class _Remembered(NamedTuple):
    scope: Scope
    until: float


class Workflows:
    """Scopes by request id. The one that was used longest ago goes first, and none outlives its time.

    ``clock`` returns seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: OrderedDict[str, _Remembered] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def __repr__(self) -> str:
        return f"<Workflows {len(self)}>"

    def remember(self, workflow: Workflow, limits: Memory) -> None:
        """Remember a workflow, for the whole time anew if it is known already."""
        now = self._clock()
        self._known[workflow.id] = _Remembered(workflow.scope, now + limits.seconds)
        self._known.move_to_end(workflow.id)
        while len(self._known) > limits.workflows or next(iter(self._known.values())).until <= now:
            self._known.popitem(last=False)

    def recall(self, request_id: str, limits: Memory) -> Scope | None:
        """Return the scope of a workflow, which is then remembered for the whole time anew, or None where it is not known."""
        found = self._known.get(request_id)
        if found is None or found.until <= self._clock():
            return None
        self.remember(Workflow(request_id, found.scope), limits)
        return found.scope
