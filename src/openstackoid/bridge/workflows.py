# SPDX-License-Identifier: Apache-2.0
"""Workflows: scopes by request id, in the store, with a cache.

Each workflow has an owner, the user who began it. :mod:`openstackoid.store.shares` decides which owner makes room.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import NamedTuple

from openstackoid.mesh import Memory
from openstackoid.routing import Workflow
from openstackoid.scope import Scope, read_header
from openstackoid.store import Bounds, Owner, Store, WorkflowRow

CACHED = 10_000
"""The most cached workflows; the least recently used is removed first."""
RENEWED = 60.0
"""Seconds, or half of its time, after which a request of a workflow restarts its time in the store."""


class _Cached(NamedTuple):
    """A scope, its owner, and the end of its row."""

    scope: Scope
    owner: Owner
    until: float


class Workflows:
    """Scopes by request id. ``clock`` returns seconds since 1970.

    Each request of a workflow restarts its time, but at most once a minute in the store: most hops need no write.
    """

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self.store = store
        self._clock = clock
        self._cached: OrderedDict[str, _Cached] = OrderedDict()
        store.removed.append(self._drop)

    def __len__(self) -> int:
        return len(self._cached)

    def __repr__(self) -> str:
        return f"<Workflows {len(self)} cached>"

    async def works(self) -> bool:
        """Return whether the store can be written."""
        return await self.store.works()

    async def remember(self, workflow: Workflow, owner: Owner, limits: Memory) -> bool:
        """Store a workflow of ``owner``, and return whether it is new.

        An existing one keeps its owner and scope. Raises :class:`~openstackoid.store.StoreUnavailableError`.
        """
        if self.cached(workflow.id, limits) is not None:
            return False
        row = self._row(workflow, owner, limits)
        there = await self.store.put(row)
        scope = scope_of(there.scope)
        if scope is not None:
            self._cache(workflow.id, _Cached(scope, there.owner, there.expires))
        return there == row

    async def find(self, request_id: str, limits: Memory) -> Scope | None:
        """Return the scope of a workflow, or None. Raises :class:`~openstackoid.store.StoreUnavailableError`."""
        scope = self.cached(request_id, limits)
        if scope is not None:
            return scope
        row = await self.store.find(request_id)
        scope = None if row is None or row.expires <= self._clock() else scope_of(row.scope)
        if row is not None and scope is not None:
            self._cache(request_id, _Cached(scope, row.owner, row.expires))
            self._renew(request_id, limits)
        return scope

    def cached(self, request_id: str, limits: Memory) -> Scope | None:
        """Return the scope of a workflow if it is cached, or None."""
        found = self._cached.get(request_id)
        if found is None or found.until <= self._clock():
            return None
        self._cached.move_to_end(request_id)
        self._renew(request_id, limits)
        return found.scope

    def forget(self, workflow: Workflow) -> None:
        """Remove a workflow of a failed request."""
        self._drop([workflow.id])
        self.store.remove_later(workflow.id)

    def _renew(self, request_id: str, limits: Memory) -> None:
        found = self._cached[request_id]
        if found.until < self._clock() + limits.seconds - min(RENEWED, limits.seconds / 2):
            row = self._row(Workflow(request_id, found.scope), found.owner, limits)
            self.store.put_later(row)
            self._cache(request_id, found._replace(until=row.expires))

    def _row(self, workflow: Workflow, owner: Owner, limits: Memory) -> WorkflowRow:
        self.store.bounds = Bounds(limits.workflows, limits.seconds, limits.of_user, limits.of_peer)
        now = self._clock()
        return WorkflowRow(workflow.id, workflow.scope.to_header(), owner, now, now + limits.seconds)

    def _cache(self, request_id: str, found: _Cached) -> None:
        self._cached[request_id] = found
        self._cached.move_to_end(request_id)
        while len(self._cached) > CACHED:
            self._cached.popitem(last=False)

    def _drop(self, ids: Sequence[str]) -> None:
        for each in ids:
            self._cached.pop(each, None)


def scope_of(text: str) -> Scope | None:
    """Return the scope in a row, or None for a row that no gateway has written."""
    try:
        return read_header(text)
    except (ValueError, RecursionError):
        return None
