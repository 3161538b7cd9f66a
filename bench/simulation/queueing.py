# SPDX-License-Identifier: Apache-2.0
"""How long a request is with a busy process: a queue of exponential arrivals and service times, served in order (M/M/c)."""

import heapq
from random import Random


def sojourns(mean: float, load: float, count: int, rng: Random, servers: int = 1) -> list[float]:
    """Return for how long each of ``count`` requests is there, waiting included, in the unit of ``mean``.

    ``mean`` is the service time, ``load`` what each server is busy with, below 1. It begins empty; the first tenth is left out.
    """
    free = [0.0] * servers
    arrival, warming = 0.0, count // 10
    found = []
    for number in range(count + warming):
        arrival += rng.expovariate(load * servers / mean)
        end = max(arrival, free[0]) + rng.expovariate(1 / mean)
        heapq.heapreplace(free, end)
        if number >= warming:
            found.append(end - arrival)
    return found
