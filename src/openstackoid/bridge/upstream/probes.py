# SPDX-License-Identifier: Apache-2.0
"""Probe peers' gateways for the round-trip time: ask for their health, which their HAProxy answers; on demand and bounded."""

import asyncio
import time
from collections.abc import Callable, Collection
from dataclasses import replace

from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.upstream.target import Target, gateway_targets
from openstackoid.bridge.upstream.upstream import Upstream, UpstreamRequest, first_reached
from openstackoid.mesh import Mesh, Timeouts
from openstackoid.routing.pages import HEALTH

AT_ONCE, AT_MOST = 32, 128
"""Probes at the same time, and for one request: any client may cause them."""

FRESH = 60.0
"""Seconds for which a time, or a failure, is taken as it is."""

SOCKETS = 2
"""The most sockets of a peer's gateway that are tried, one after the other, for one that accepts a connection."""

_LIMIT = 4096
_HEADERS = (("Accept-Encoding", "identity"),)


class Probes:
    """Measures the times to peers that other requests have not measured lately. ``clock`` returns seconds.

    ``slots``: bounds the questions at a time.
    """

    def __init__(self, upstream: Upstream, clock: Callable[[], float] = time.monotonic) -> None:
        self._upstream = upstream
        self._clock = clock
        self.slots = asyncio.Semaphore(AT_ONCE)
        self._failed: dict[str, float] = {}
        self._under_way: dict[str, asyncio.Task[None]] = {}

    async def measure(self, mesh: Mesh, peers: Collection[str], seconds: float) -> bool:
        """Probe the peers without a recent time, those first of which none is known; wait some seconds for those.

        Return whether no answer is missing.
        """
        trips, never = self._upstream.peers.round_trips, float("-inf")
        trips.keep(peers)
        self._failed = {name: since for name, since in self._failed.items() if name in peers}
        old = self._clock() - FRESH
        tried = ((max(trips.since(name), self._failed.get(name, never)), name) for name in peers if name not in self._under_way)
        due = sorted(each for each in tried if each[0] < old)
        for _, name in due[: max(0, AT_MOST - len(self._under_way))]:
            self._under_way[name] = asyncio.create_task(self._probe(mesh, name))
        unknown = [task for name, task in self._under_way.items() if trips.since(name) == never]
        if unknown:
            await asyncio.wait(unknown, timeout=seconds)
        return not self._under_way and len(due) <= AT_MOST

    async def _probe(self, mesh: Mesh, name: str) -> None:
        trips, connect = self._upstream.peers.round_trips, mesh.clouds[self._upstream.at].timeouts.connect
        waits = Timeouts(connect=connect, server=connect)
        # No connection is kept for the sake of a probe.
        targets = [replace(target, gateway="") for target in gateway_targets(mesh, self._upstream.at, mesh.clouds[name], HEALTH)]

        async def ask(target: Target) -> float:
            began = time.perf_counter()
            request, until = UpstreamRequest("GET", None, _HEADERS), asyncio.get_running_loop().time() + 2 * connect
            await self._upstream.send_buffered(target, request, timeouts=waits, until=until, limit=_LIMIT)
            return time.perf_counter() - began

        nowhere = AnswerError(503, f"{name} has no gateway in the mesh")
        try:
            async with self.slots:
                await first_reached(targets[:SOCKETS], ask, nowhere)
                if trips.since(name) < self._clock() - FRESH:
                    # Before 2.8, HAProxy does not tell the time. The second request needs no new connection.
                    trips.note(name, await first_reached(targets[:SOCKETS], ask, nowhere) * 1000)
        except AnswerError:
            self._failed[name] = self._clock()
        finally:
            del self._under_way[name]
