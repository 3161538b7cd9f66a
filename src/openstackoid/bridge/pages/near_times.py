# SPDX-License-Identifier: Apache-2.0
"""Find out the round-trip times around a cloud: measured here, or as its gateway tells them; cached and bounded."""

import asyncio
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.trace.peer_records import ask_gateway
from openstackoid.bridge.upstream.probes import FRESH, Probes
from openstackoid.bridge.upstream.upstream import Upstream, UpstreamRequest
from openstackoid.mesh import Mesh, Timeouts
from openstackoid.routing import read_times, times_from
from openstackoid.routing.pages import ROUND_TRIPS
from openstackoid.scope import Times

FRESH_OF_PEER = 15.0
"""Seconds for which the times that a peer tells are used as they are."""

KEPT = 3600.0
"""Seconds for which the time of a peer is known that cannot be measured again: a cloud that is down stays where it is."""

PATIENCE = 1.0
"""Seconds that a request waits for probes. Later answers count the next time."""

MOST_CENTERS, MOST_IDS = 256, 4096
"""The most clouds around which times are cached, and request ids whose times are."""

_LIMIT = 64 * 1024
_HEADERS = (("Accept", "application/json"), ("Accept-Encoding", "identity"))


class _Table(NamedTuple):
    """The times around a cloud, good until then."""

    times: Mapping[str, float]
    until: float


class NearTimes:
    """The times around clouds, for the gateway of the cloud ``upstream.at``. ``clock`` returns seconds."""

    def __init__(self, upstream: Upstream, clock: Callable[[], float] = time.monotonic) -> None:
        self.upstream = upstream
        self._clock = clock
        self._mesh: Mesh | None = None
        self._tables: OrderedDict[str, _Table] = OrderedDict()
        self._of_ids: OrderedDict[str, Times] = OrderedDict()
        self._making: dict[str, asyncio.Task[Mapping[str, float]]] = {}
        self._probes = Probes(upstream, clock)

    async def around(self, mesh: Mesh, centers: Iterable[str], request_id: str = "") -> Times:
        """Return the times around the clouds; the same for all requests with one id, so that a workflow has one resolution."""
        known = dict(self._of_ids.get(request_id, {})) if request_id else {}
        missing = [center for center in centers if center not in known]
        known.update(zip(missing, await asyncio.gather(*(self.table(mesh, center) for center in missing)), strict=True))
        if request_id:
            _keep(self._of_ids, request_id, known, MOST_IDS)
        return known

    async def table(self, mesh: Mesh, center: str) -> Mapping[str, float]:
        """Return the times around one cloud of the mesh, as far as they are known in a moment."""
        if mesh is not self._mesh:
            self._mesh = mesh
            self._tables.clear()
        held = self._tables.get(center)
        if held is not None and self._clock() < held.until:
            return held.times
        if center not in self._making:
            self._making[center] = asyncio.create_task(self._make(mesh, center))
        making = self._making[center]
        await asyncio.wait([making], timeout=3 * PATIENCE)
        return making.result() if making.done() else times_from(mesh, center, {})

    async def _make(self, mesh: Mesh, center: str) -> Mapping[str, float]:
        try:
            fresh, measured = await (self._measured(mesh) if center == self.upstream.at else self._told(mesh, center))
            times = times_from(mesh, center, measured)
            if mesh is self._mesh:
                _keep(self._tables, center, _Table(times, self._clock() + fresh), MOST_CENTERS)
            return times
        finally:
            del self._making[center]

    async def page(self, mesh: Mesh, center: str) -> dict[str, Any]:
        """Return the page about the times around a cloud, the nearest first."""
        rows = [{"name": name, "milliseconds": round(time, 3)} for name, time in (await self.table(mesh, center)).items()]
        return {"gateway": self.upstream.at, "from": center, "clouds": rows}

    async def _told(self, mesh: Mesh, center: str) -> tuple[float, dict[str, float]]:
        """Return the times that a peer's gateway tells, and the seconds for which they are fresh.

        The one between the peer and this cloud is measured here, where HAProxy tells it.
        """
        at, times = self.upstream.at, dict[str, float]()
        connect = mesh.clouds[at].timeouts.connect
        waits = Timeouts(connect=connect, server=2 * PATIENCE)
        request = UpstreamRequest("GET", None, _HEADERS)
        try:
            async with self._probes.slots:
                content = await ask_gateway(self.upstream, mesh, center, request, ROUND_TRIPS, timeouts=waits, limit=_LIMIT)
            times = read_page(content)
        except AnswerError:
            pass
        own = self.upstream.peers.round_trips.times(KEPT).get(center)
        return FRESH_OF_PEER, times if own is None else {**times, at: own}

    async def _measured(self, mesh: Mesh) -> tuple[float, dict[str, float]]:
        """Return the times that are measured here, and the seconds for which they are fresh."""
        at = self.upstream.at
        complete = await self._probes.measure(mesh, mesh.clouds.keys() - {at} - mesh.written_times.get(at, {}).keys(), PATIENCE)
        # While an answer is missing, the next request has another look.
        return (FRESH if complete else PATIENCE), self.upstream.peers.round_trips.times(KEPT)


def read_page(content: bytes | None) -> dict[str, float]:
    """Return the times in the page of a peer's gateway; none of one that is not such a page."""
    try:
        document = json.loads(content or b"")
    except (ValueError, RecursionError):
        return {}
    return read_times(document.get("clouds")) if isinstance(document, dict) else {}


def _keep(kept: "OrderedDict[str, Any]", key: str, value: object, most: int) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > most:
        kept.popitem(last=False)
