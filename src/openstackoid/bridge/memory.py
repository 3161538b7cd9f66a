# SPDX-License-Identifier: Apache-2.0
"""The gateway's memory of workflows, scopes by request id: in the store, and those in use cached here."""

import json
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from openstackoid.mesh import Memory
from openstackoid.routing import Workflow
from openstackoid.scope import Scope
from openstackoid.store import Bounds, Store, WorkflowRow

CACHED = 10_000
"""Workflows that are cached; the one used longest ago goes first."""


class _Cached(NamedTuple):
    """A scope, and until when the store keeps it."""

    scope: Scope
    until: float


class Workflows:
    """Scopes by request id. ``clock`` returns seconds of the wall clock.

    A workflow's time begins anew with each of its requests, but is written only when half of it is over: that a hop then
    needs no write costs at most half of the time.
    """

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock
        self._cached: OrderedDict[str, _Cached] = OrderedDict()

    def __len__(self) -> int:
        return len(self._cached)

    def __repr__(self) -> str:
        return f"<Workflows {len(self)} cached>"

    async def works(self) -> bool:
        """Return whether the store can be written."""
        return await self._store.works()

    async def remember(self, workflow: Workflow, limits: Memory) -> bool:
        """Return when the workflow is in the store, and whether it was not cached here.

        Raises :class:`~openstackoid.store.StoreUnavailableError`.
        """
        now = self._clock()
        found = self._cached.get(workflow.id)
        if found is None or found.scope != workflow.scope or _is_half_over(found.until, now, limits):
            await self._store.put(self._row(workflow, now, limits))
            new = workflow.id not in self._cached
            self._cache(workflow, now + limits.seconds)
            return new
        return False

    async def find(self, request_id: str, limits: Memory) -> Scope | None:
        """Return the scope of a workflow, or None. Raises :class:`~openstackoid.store.StoreUnavailableError`."""
        scope = self.cached(request_id, limits)
        if scope is not None:
            return scope
        row = await self._store.find(request_id)
        scope = None if row is None or row.expires <= self._clock() else scope_of(row.scope)
        if row is not None and scope is not None:
            self._cache(Workflow(request_id, scope), row.expires)
            self._renew(Workflow(request_id, scope), row.expires, limits)
        return scope

    def cached(self, request_id: str, limits: Memory) -> Scope | None:
        """Return the scope of a workflow where it is cached, or None."""
        found = self._cached.get(request_id)
        if found is None or found.until <= self._clock():
            return None
        self._cached.move_to_end(request_id)
        self._renew(Workflow(request_id, found.scope), found.until, limits)
        return found.scope

    def forget(self, workflow: Workflow) -> None:
        """Forget a workflow that has come to nothing."""
        self._cached.pop(workflow.id, None)
        self._store.remove_later(workflow.id)

    def _renew(self, workflow: Workflow, until: float, limits: Memory) -> None:
        now = self._clock()
        if _is_half_over(until, now, limits):
            self._store.put_later(self._row(workflow, now, limits))
            self._cache(workflow, now + limits.seconds)

    def _row(self, workflow: Workflow, now: float, limits: Memory) -> WorkflowRow:
        self._store.bounds = Bounds(limits.workflows, limits.seconds)
        return WorkflowRow(workflow.id, workflow.scope.wire(), now, now + limits.seconds)

    def _cache(self, workflow: Workflow, until: float) -> None:
        self._cached[workflow.id] = _Cached(workflow.scope, until)
        self._cached.move_to_end(workflow.id)
        while len(self._cached) > CACHED:
            self._cached.popitem(last=False)


def _is_half_over(until: float, now: float, limits: Memory) -> bool:
    return until < now + limits.seconds / 2


def scope_of(text: str) -> Scope | None:
    """Return the scope in a row, or None where another hand than a gateway's has written it."""
    try:
        entries = tuple(json.loads(text).items())
    except (ValueError, AttributeError, RecursionError):
        return None
    return Scope(entries) if entries and all(isinstance(cloud, str) for _, cloud in entries) else None
