# SPDX-License-Identifier: Apache-2.0
"""The CPU time of a piece of work, measured so that other programs on the machine do not decide it."""

import math
import time
from collections.abc import Callable

TRIES = 50


def least_cpu_time(work: Callable[[], object], enough: float) -> float:
    """Return the seconds of CPU that this thread needs for the work: the least of several tries.

    Another program on the same processor makes a try longer, never shorter. So the first try below ``enough`` is the answer.
    """
    least = math.inf
    for attempt in range(TRIES):
        started = time.thread_time()
        work()
        least = min(least, time.thread_time() - started)
        if least < enough:
            break
        time.sleep(attempt / 1000)
    return least
