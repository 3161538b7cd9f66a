# SPDX-License-Identifier: Apache-2.0
"""Which core does what: the gateway has one to itself, and what sends and answers its requests has the others."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Cores:
    """The cores of what is measured, and of the load; the same where this machine has only one."""

    gateway: frozenset[int]
    load: frozenset[int]

    @property
    def apart(self) -> bool:
        """Whether what is measured has a core to itself."""
        return not self.gateway & self.load

    def __str__(self) -> str:
        if not self.apart:
            return "one core for all, so rates say little"
        return f"the gateway on core {min(self.gateway)}, load and backends on {', '.join(map(str, sorted(self.load)))}"


def share_cores() -> Cores:
    """Return how the cores of this process are shared out: the last is the gateway's, for most interrupts are the first's."""
    mine = sorted(os.sched_getaffinity(0))
    return Cores(frozenset(mine[-1:]), frozenset(mine[:-1] or mine))


@contextmanager
def on(cores: frozenset[int]) -> Iterator[None]:
    """Run this thread, and what it starts meanwhile, on ``cores``: a child begins with its parent's."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
