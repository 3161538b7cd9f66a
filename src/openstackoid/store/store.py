# SPDX-License-Identifier: Apache-2.0
"""The asynchronous store: one thread holds the connection, and does all waiting jobs in one transaction.

An awaited write returns after its commit.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Any

from openstackoid.store.binding_keys import KeyUse, share
from openstackoid.store.database import PATIENCE, Database
from openstackoid.store.errors import StoreUnavailableError
from openstackoid.store.lane import Job, Statement
from openstackoid.store.resources import Learnt, ResourceRow, ResourceTable
from openstackoid.store.shares import Bounds
from openstackoid.store.tokens import Found, NoRoom, Offer, TokenTable
from openstackoid.store.worker import Tables, Worker
from openstackoid.store.workflows import WorkflowRow, WorkflowTable

_FRESH = 1.0
_START = 30.0
"""Seconds for the start, unless the database fails before."""


class Store:
    """The store in ``database``. ``bounds`` may be replaced at any time.

    ``removed`` gets the ids of workflows that are expired or removed to make room. ``clock``: seconds since 1970. ``patience``:
    seconds for a connection, a lock or a statement; a caller waits twice as long. Every waiting method raises
    :class:`StoreUnavailableError` if the database does not answer in time.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.time, patience: float = PATIENCE) -> None:
        self.database = database
        self.bounds = Bounds(100_000, 21_600.0, 25_000, 50_000)
        self.removed: list[Callable[[Sequence[str]], None]] = []
        self._workflows = WorkflowTable()
        self._tokens = TokenTable()
        self._resources = ResourceTable()
        self._clock = clock
        self._patience = patience
        self._worker: Worker | None = None
        self._state: tuple[float, bool] = (0.0, False)

    async def open(self) -> None:
        """Begin. A database that does not answer is tried again later.

        Raises :class:`StoreError` for a newer schema or a missing driver.
        """
        tables = Tables(self._workflows, self._tokens, self._resources)
        self._worker = Worker(self.database, tables, self._tell, clock=self._clock, patience=self._patience)
        self._worker.start()
        # The tables may have to be made first.
        with contextlib.suppress(StoreUnavailableError):
            await self._done(self._workflows.probe, None, deadline=_START)
        wrong = self._worker.schema_error
        if wrong is not None:
            await self.close()
            raise wrong

    async def close(self) -> None:
        """Do the waiting jobs, and end."""
        worker, self._worker = self._worker, None
        if worker is not None:
            await asyncio.to_thread(worker.stop)

    async def works(self) -> bool:
        """Return whether the store can be written; the answer may be a second old."""
        until, works = self._state
        if time.monotonic() >= until:
            try:
                await self._done(self._workflows.probe, None)
                works = True
            except StoreUnavailableError:
                works = False
            self._state = (time.monotonic() + _FRESH, works)
        return works

    async def find(self, request_id: str) -> WorkflowRow | None:
        """Return the row of a workflow, perhaps an expired one, or None."""
        found: WorkflowRow | None = await self._done(self._workflows.find, request_id, reads=True)
        return found

    async def put(self, row: WorkflowRow) -> WorkflowRow:
        """Write a row, and return the committed one: its scope and owner may be of an earlier write."""
        found: WorkflowRow = await self._written(self._workflows.put, row)
        return found

    async def record(self, offer: Offer) -> Found | NoRoom:
        """Record the claims of a token unless it has some; return the committed ones."""
        found: Found | NoRoom = await self._written(self._tokens.record, offer)
        return found

    async def find_resource(self, id_: str) -> ResourceRow | None:
        """Return the row of a resource, perhaps an expired one, or None."""
        found: ResourceRow | None = await self._done(self._resources.find, id_, reads=True)
        return found

    async def learn(self, learnt: Learnt) -> None:
        """Write and remove rows of resources."""
        await self._written(self._resources.learn, learnt)

    async def share_key(self, fingerprint: str, now: float, since: float) -> tuple[str, ...]:
        """Write that this gateway binds tokens with a key, and return the keys that gateways have bound with after ``since``."""
        found: tuple[str, ...] = await self._done(share, KeyUse(fingerprint, now, since))
        return found

    def put_later(self, row: WorkflowRow) -> None:
        """Have a row written; a failure loses it."""
        self._submit(Job(self._workflows.put, row))

    def remove_later(self, request_id: str) -> None:
        """Have a row removed; a failure keeps it."""
        self._submit(Job(self._workflows.remove, request_id))

    async def _written(self, statement: Statement, item: Any) -> Any:
        try:
            return await self._done(statement, item)
        except StoreUnavailableError:
            self._state = (0.0, False)
            raise

    def _tell(self, ids: Sequence[str]) -> None:
        for each in self.removed:
            each(ids)

    async def _done(self, statement: Statement, item: Any, *, reads: bool = False, deadline: float | None = None) -> Any:
        deadline = 2 * self._patience if deadline is None else deadline
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        why = self._submit(Job(statement, item, done), reads=reads)
        if why is not None:
            raise StoreUnavailableError(why)
        try:
            async with asyncio.timeout(deadline):
                return await done
        except TimeoutError:
            raise StoreUnavailableError(f"the database does not answer within {deadline:g} s") from None

    def _submit(self, job: Job, *, reads: bool = False) -> str | None:
        """Queue a job; return the reason of a refusal, or None."""
        return "the store is closed" if self._worker is None else self._worker.submit(job, self.bounds, reads=reads)
