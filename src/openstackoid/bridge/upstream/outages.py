# SPDX-License-Identifier: Apache-2.0
"""The places that do not answer, for requests that have another place to go to.

Probes in the background find out whether a failed place is down, and when it is back: no request waits for it once more.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

from openstackoid.bridge.log import LOG
from openstackoid.bridge.upstream.target import place_of
from openstackoid.mesh import Endpoint, Mesh
from openstackoid.redaction.logs import where

PROBE_WAIT = 2.0
"""Seconds in which a place answers a probe, at most."""

SLOWEST = 4
"""The longest pause between two probes of a place, in first ones: each is twice as long as the one before."""

AT_ONCE = 32
"""Probes at the same time."""

MOST = 1000
"""Places that are probed; the one that failed first is forgotten beyond that."""

QUICK = 0.25
"""Seconds in which a failure costs a request little, so that the place may be asked in vain."""

Probe = Callable[[], Awaitable[bool]]
"""Returns whether a place answers; within :data:`PROBE_WAIT`."""


@dataclass(frozen=True, slots=True)
class Outage:
    """The failure of a place. ``status``: of the error, or of the place's own answer if it ``answered``. ``text`` names it.

    ``seconds``: that the last request or probe took to fail.
    """

    status: int
    text: str
    seconds: float
    answered: bool = False

    @property
    def is_quick(self) -> bool:
        """Return whether another request would fail at once."""
        return self.seconds < QUICK


@dataclass(slots=True)
class _Followed:
    """A failed place and the task that probes it. ``judged`` is set once it is known whether the place is down."""

    endpoint: Endpoint
    outage: Outage
    judged: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[None] | None" = None


class Outages:
    """The failed places, each with its outage, as long as no probe or request has an answer."""

    def __init__(self) -> None:
        self._failed: dict[str, _Followed] = {}
        self._probed: dict[str, float] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._mesh: Mesh | None = None
        self._closed = False

    def known(self, place: str) -> Outage | None:
        """Return the outage of a place that is down, or None for one to ask."""
        found = self._failed.get(place)
        return found.outage if found is not None and found.judged.is_set() else None

    async def settled(self, place: str) -> Outage | None:
        """Return the same; of a place that has just failed, once the first probe tells."""
        found = self._failed.get(place)
        if found is not None and not found.judged.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(found.judged.wait(), PROBE_WAIT)
        return self.known(place)

    def note(self, endpoint: Endpoint, outage: Outage, probe: Probe, *, pause: float, certain: bool) -> None:
        """Note a failure. ``certain``: the place is down; otherwise a probe finds out, as one request may be at fault.

        ``pause``: seconds between the first probes. Within them, the failure of a request brings no further probe, and a failure
        of an endpoint that is not in the mesh brings none at all.
        """
        place = place_of(endpoint)
        found = self._failed.get(place)
        if found is None:
            if self._closed or not self._is_served(endpoint):
                return
            if not certain and asyncio.get_running_loop().time() - self._probed.get(place, float("-inf")) < pause:
                return
            if len(self._failed) >= MOST:
                self.forget(next(iter(self._failed)))
            found = self._failed[place] = _Followed(endpoint, outage)
            found.task = asyncio.create_task(self._follow(place, found, probe, pause, at_once=not certain))
        found.outage = outage
        if certain:
            found.judged.set()

    @contextmanager
    def watched(self, endpoint: Endpoint, outage: Outage, probe: Probe, *, pause: float, seconds: float) -> Iterator[None]:
        """Probe the place after some seconds in the block: when a silent place's time is over, it is known to be down."""
        handle = asyncio.get_running_loop().call_later(
            seconds, lambda: self.note(endpoint, outage, probe, pause=pause, certain=False)
        )
        try:
            yield
        finally:
            handle.cancel()

    def forget(self, place: str) -> None:
        """Note that a place has answered."""
        found = self._failed.pop(place, None)
        if found is not None:
            found.judged.set()
            if found.task is not None:
                found.task.cancel()

    def follow_mesh(self, mesh: Mesh) -> None:
        """Forget all places: probes are sent as the mesh was when the place failed. The next failure is noted anew."""
        self._mesh = mesh
        self._forget_all()
        self._probed.clear()

    def close(self) -> None:
        """Stop all probes, and begin none any more."""
        self._closed = True
        self._forget_all()

    def _forget_all(self) -> None:
        for place in list(self._failed):
            self.forget(place)

    def _is_served(self, endpoint: Endpoint) -> bool:
        if self._mesh is None:
            return True
        cloud = self._mesh.clouds.get(endpoint.cloud)
        return cloud is not None and cloud.name not in self._mesh.blocked and endpoint in cloud.endpoints

    async def _follow(self, place: str, found: _Followed, probe: Probe, pause: float, *, at_once: bool) -> None:
        """Probe a place until it answers."""
        clock, longest = asyncio.get_running_loop().time, SLOWEST * pause
        if not at_once:
            await asyncio.sleep(pause)
        while True:
            async with self._slots:
                began = clock()
                self._note_probe(place, began)
                if await _answers(place, probe):
                    break
            found.outage = replace(found.outage, seconds=clock() - began)
            found.judged.set()
            await asyncio.sleep(pause)
            pause = min(2 * pause, longest)
        found.judged.set()
        if self._failed.get(place) is found:
            del self._failed[place]

    def _note_probe(self, place: str, began: float) -> None:
        self._probed.pop(place, None)
        if len(self._probed) >= MOST:
            del self._probed[next(iter(self._probed))]
        self._probed[place] = began


async def _answers(place: str, probe: Probe) -> bool:
    """Return whether a place answers; a probe that ends by a defect of the gateway is not answered."""
    try:
        return await probe()
    except Exception as error:
        LOG.error("the probe of %s ends by a defect: %s", place, where(error))
        return False
