# SPDX-License-Identifier: Apache-2.0
"""The jobs that wait for the database, of one kind: those that read, or those that write."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

MOST = 500
"""Jobs that are done together."""

WAITING = 10_000
"""Jobs that may wait; more are refused."""

PAUSE = 1.0
"""Seconds for which no other job is tried after the database has failed."""

Statement = Callable[[Connection, Sequence[Any]], Sequence[Any]]
"""Works on many items at once, and returns a result for each."""


@dataclass(frozen=True, slots=True)
class Job:
    """One item of work. ``done``: the future that waits for the result, or None where no caller waits."""

    statement: Statement
    item: Any
    done: "asyncio.Future[Any] | None" = None

    @property
    def wanted(self) -> bool:
        """Whether the job is still to be done: its caller waits for the result, or none ever did."""
        return self.done is None or not self.done.done()


class Lane:
    """A queue of jobs, and whether the database has failed for them.

    A failure closes the lane: jobs are refused at once, but for one from time to time, which finds out. ``done``: the word for
    what the jobs do, as in "the store cannot be read".
    """

    def __init__(self, done: str) -> None:
        self.done = done
        self.jobs: deque[Job] = deque()
        self.busy = False
        self.failed: str | None = None
        self._closed_until = 0.0

    def refusal(self, now: float) -> str | None:
        """Return why no job is taken now, or None."""
        if self.failed is not None and (self.jobs or self.busy or now < self._closed_until):
            return self.failed
        return f"more than {WAITING} requests wait for the database" if len(self.jobs) >= WAITING else None

    def take(self) -> list[Job]:
        """Take the next jobs, without those that are given up."""
        taken = [self.jobs.popleft() for _ in range(min(MOST, len(self.jobs)))]
        wanted = [job for job in taken if job.wanted]
        self.busy = bool(wanted)
        return wanted

    def fail(self, now: float, why: str) -> list[Job]:
        """Close the lane; return the jobs that wait in it, which fail too."""
        waiting = [*self.jobs]
        self.jobs.clear()
        self.busy = False
        self.failed, self._closed_until = why, now + PAUSE
        return waiting
