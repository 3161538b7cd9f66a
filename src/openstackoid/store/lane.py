# SPDX-License-Identifier: Apache-2.0
"""The waiting jobs of one kind: reads or writes."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

MOST = 500
"""Jobs of one transaction."""

WAITING = 10_000
"""Jobs that may wait; more are refused."""

PAUSE = 1.0
"""Seconds without a new try after the database has failed."""

Statement = Callable[[Connection, Sequence[Any]], Sequence[Any]]
"""Works on many items at once, and returns a result for each."""


@dataclass(frozen=True, slots=True)
class Job:
    """One item of work. ``done``: the future of the result, or None without a waiting caller."""

    statement: Statement
    item: Any
    done: "asyncio.Future[Any] | None" = None

    @property
    def wanted(self) -> bool:
        """Whether a caller still waits for the result, or none ever did."""
        return self.done is None or not self.done.done()


class Lane:
    """A queue of jobs, and the state of the database for them.

    A failure closes the lane: jobs are refused at once, but for one from time to time as a probe. ``done``: the participle for
    an error, as in "the store cannot be read".
    """

    def __init__(self, done: str) -> None:
        self.done = done
        self.jobs: deque[Job] = deque()
        self.busy = False
        self.failed: str | None = None
        self._closed_until = 0.0

    def refusal(self, now: float) -> str | None:
        """Return the reason of a refusal, or None."""
        if self.failed is not None and (self.jobs or self.busy or now < self._closed_until):
            return self.failed
        return f"more than {WAITING} requests wait for the database" if len(self.jobs) >= WAITING else None

    def take(self) -> list[Job]:
        """Take the next jobs, without abandoned ones."""
        taken = [self.jobs.popleft() for _ in range(min(MOST, len(self.jobs)))]
        wanted = [job for job in taken if job.wanted]
        self.busy = bool(wanted)
        return wanted

    def fail(self, now: float, why: str) -> list[Job]:
        """Close the lane; return the waiting jobs, which fail too."""
        waiting = [*self.jobs]
        self.jobs.clear()
        self.busy = False
        self.failed, self._closed_until = why, now + PAUSE
        return waiting
