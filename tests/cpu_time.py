# SPDX-License-Identifier: Apache-2.0
"""The CPU time of a piece of work, measured so that other programs on the machine do not decide it."""

import json
import math
import time
from collections.abc import Callable

TRIES = 50
_DOCUMENT = json.dumps({f"name {number}": ["a", number, {"of": "CloudOne"}] for number in range(40)})
_USUAL = 0.00045
"""Seconds of CPU that the yardstick takes on the machine for which the bounds of tests are meant."""


def least_cpu_time(work: Callable[[], object], enough: float) -> float:
    """Return the seconds of CPU that this thread needs for the work: the least of several tries.

    Another program on the same processor makes a try longer, never shorter. So the first try below ``enough`` is the answer.
    A try counts for as much less as a yardstick beside it takes longer than on the usual machine: its caches may be others'.
    """
    least = math.inf
    for attempt in range(TRIES):
        slowness = min(3.0, max(1.0, min(_taken(_yardstick), _taken(_yardstick)) / _USUAL))
        least = min(least, _taken(work) / slowness)
        if least < enough:
            break
        time.sleep(attempt / 1000)
    return least


def _taken(work: Callable[[], object]) -> float:
    started = time.thread_time()
    work()
    return time.thread_time() - started


def _yardstick() -> None:
    for _ in range(3):
        found = json.loads(_DOCUMENT)
        sorted(f"{key}:{value[1]}".lower() for key, value in found.items())
        json.dumps(found, indent=1)
