# SPDX-License-Identifier: Apache-2.0
"""The thread with the connection to the database: it does all waiting jobs in one transaction."""

import asyncio
import contextlib
import itertools
import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection

from openstackoid.store.database import Database, reason
from openstackoid.store.errors import SchemaError, StoreUnavailableError
from openstackoid.store.lane import Job, Lane
from openstackoid.store.owned_rows import BATCH
from openstackoid.store.resources import BOUNDS, ResourceTable
from openstackoid.store.shares import Bounds
from openstackoid.store.tokens import TokenTable
from openstackoid.store.workflows import WorkflowTable

LOG = logging.getLogger("openstackoid.store")

_PAUSES = (0.0, 0.02, 0.1, 0.3, 0.5)
"""Seconds before the next try: Galera refuses conflicting transactions. The last pause repeats."""
_TRIM_EVERY = 60.0
_STOP_PATIENCE = 1.0


class Tables(NamedTuple):
    """The tables of a store."""

    workflows: WorkflowTable
    tokens: TokenTable
    resources: ResourceTable


class Worker:
    """Does jobs in a thread. Reads come first, and apart: they go on where the database is read-only.

    ``removed`` is called in the event loop with the ids of removed workflows. All statements may be repeated, so a failed
    transaction is tried again on a new connection. No failure ends the thread.
    """

    def __init__(
        self,
        database: Database,
        tables: Tables,
        removed: Callable[[Sequence[str]], None],
        *,
        clock: Callable[[], float],
        patience: float,
    ) -> None:
        self.schema_error: SchemaError | None = None
        self._tables = tables
        self._removed = removed
        self._database = database
        self._engine = database.engine(patience)
        self._clock = clock
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._reads, self._writes = Lane("read"), Lane("written")
        self._bounds: Bounds | None = None
        self._next_trim = time.monotonic() + _TRIM_EVERY
        self._connection: Connection | None = None
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Do the waiting jobs, and end, without waiting for a silent database."""
        self._stopping.set()
        with self._changed:
            self._changed.notify()
        self._thread.join(_STOP_PATIENCE)

    def submit(self, job: Job, bounds: Bounds, *, reads: bool) -> str | None:
        """Queue a job; return the reason of a refusal, or None."""
        lane = self._reads if reads else self._writes
        with self._changed:
            why = lane.refusal(time.monotonic())
            if why is None:
                self._bounds = bounds
                lane.jobs.append(job)
                self._changed.notify()
            return why

    def _run(self) -> None:
        while self._wait():
            for lane in (self._reads, self._writes):
                self._serve(lane)
            self._trim()
        self._disconnect()

    def _wait(self) -> bool:
        """Wait for jobs, or for the time to trim; return False at the end."""
        with self._changed:
            while not self._reads.jobs and not self._writes.jobs:
                pause = self._next_trim - time.monotonic()
                if self._stopping.is_set():
                    return False
                if pause <= 0:
                    break
                self._changed.wait(pause)
        return True

    def _serve(self, lane: Lane) -> None:
        with self._changed:
            jobs = lane.take()
        until = time.monotonic() + self._patience
        for pause in itertools.chain(_PAUSES, itertools.repeat(_PAUSES[-1])):
            if not jobs:
                break
            try:
                results = self._attempt(jobs)
            except Exception as error:
                self._recover(error)
                late = time.monotonic() + pause > until
                if late or lane.failed or isinstance(error, SchemaError) or self._stopping.wait(pause):
                    self._give_up(lane, jobs, error)
                    return
            else:
                self._succeed(lane, jobs, results)
                return

    def _attempt(self, jobs: Sequence[Job]) -> list[Any]:
        results: list[Any] = []
        with self._connected().begin():
            for statement, group in itertools.groupby(jobs, key=attrgetter("statement")):
                results += statement(self._connected(), [job.item for job in group])
        return results

    def _succeed(self, lane: Lane, jobs: Sequence[Job], results: Sequence[Any]) -> None:
        with self._changed:
            again, lane.failed, lane.busy = lane.failed is not None, None, False
        if again:
            LOG.info("the store (%s) can be %s again", self._database, lane.done)
        if lane is self._writes and self._bounds is not None and self._tables.workflows.is_full(self._bounds):
            self._make_room(self._tables.workflows.trim, self._bounds)
        if lane is self._writes and self._tables.resources.is_full(BOUNDS):
            self._remove(partial(self._tables.resources.trim, bounds=BOUNDS))
        self._tell(jobs, results)

    def _give_up(self, lane: Lane, jobs: Sequence[Job], error: Exception) -> None:
        why = reason(error)
        with self._changed:
            first = lane.failed is None
            waiting = lane.fail(time.monotonic(), why)
        if isinstance(error, SchemaError):
            self.schema_error = error
        if first:
            LOG.error("the store (%s) cannot be %s: %s", self._database, lane.done, why)
        failed = [*jobs, *waiting]
        self._tell(failed, [StoreUnavailableError(why) for _ in failed])

    def _tell(self, jobs: Sequence[Job], results: Sequence[Any]) -> None:
        told = [(job.done, result) for job, result in zip(jobs, results, strict=True) if job.done is not None]
        if told:
            self._call(_settle, told)

    def _call(self, function: Callable[[Any], None], argument: object) -> None:
        # A closed loop waits for no result.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function, argument)

    def _trim(self) -> None:
        bounds, now = self._bounds, time.monotonic()
        if bounds is not None and now >= self._next_trim:
            self._next_trim = now + _TRIM_EVERY
            for statement in (self._tables.workflows.expire, self._tables.workflows.trim):
                self._make_room(statement, bounds)
            self._remove(self._tables.tokens.expire)
            for statement in (self._tables.resources.expire, self._tables.resources.trim):
                self._remove(partial(statement, bounds=BOUNDS))

    def _make_room(self, statement: Callable[[Connection, float, Bounds], Sequence[str]], bounds: Bounds) -> None:
        gone = self._remove(lambda connection, now: statement(connection, now, bounds))
        if gone:
            self._call(self._removed, gone)

    def _remove(self, statement: Callable[[Connection, float], Sequence[str]]) -> Sequence[str]:
        """Remove rows, and return their ids; a full batch is followed by another at once."""
        gone: Sequence[str] = ()
        if self._writes.failed is None:
            try:
                with self._connected().begin():
                    gone = statement(self._connected(), self._clock())
            except Exception as error:
                self._recover(error)
        if len(gone) >= BATCH:
            self._next_trim = time.monotonic()
        return gone

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._database.connect(self._engine)
        return self._connection

    def _recover(self, error: Exception) -> None:
        for table in self._tables:
            table.recount()
        self._disconnect()
        with contextlib.suppress(OSError):
            kept = self._database.set_aside(error)
            if kept is not None:
                LOG.error("the store (%s) was damaged and is empty now; the damaged file is %s", self._database, kept)

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                connection.invalidate()
                connection.close()


def _settle(told: Sequence[tuple["asyncio.Future[Any]", Any]]) -> None:
    for done, result in told:
        if done.done():
            continue
        if isinstance(result, Exception):
            done.set_exception(result)
        else:
            done.set_result(result)
