# SPDX-License-Identifier: Apache-2.0
"""The place of one of several clouds, and what its answers and failures say of it to other requests."""

import asyncio
from contextlib import AbstractContextManager

from openstackoid.bridge.proxy.context import RequestContext
from openstackoid.bridge.upstream.outages import PROBE_WAIT, QUICK, Outage
from openstackoid.bridge.upstream.target import place_of, target_of
from openstackoid.bridge.upstream.upstream import UpstreamError
from openstackoid.mesh import Timeouts
from openstackoid.routing import Single

_OF_AN_OUTAGE = (502, 503, 504)


class AskedPlace:
    """The place of ``plan``. Its :meth:`note` and its like begin at the time of the first request."""

    def __init__(self, context: RequestContext, plan: Single) -> None:
        self.name = place_of(plan.endpoint)
        self._context = context
        self._endpoint = plan.endpoint
        self._timeouts = context.here.timeouts_of(plan.frontend_endpoint)

    @property
    def outage(self) -> Outage | None:
        """Return the outage that is known."""
        return self._context.upstream.outages.known(self.name)

    async def settled(self) -> Outage | None:
        """Return the outage, once a probe that is under way has found out."""
        return await self._context.upstream.outages.settled(self.name)

    def watched(self, seconds: float) -> AbstractContextManager[None]:
        """Have the place probed shortly before the ``seconds`` of a request to it are over, or those for its next bytes."""
        seconds = min(seconds, self._timeouts.server)
        silence = Outage(504, f"{self.name} does not answer in time", seconds)
        return self._context.upstream.outages.watched(
            self._endpoint,
            silence,
            self._answers,
            pause=self._timeouts.check,
            seconds=max(seconds / 2, seconds - self._probe_wait),
        )

    def failed(self, error: UpstreamError, text: str, seconds: float) -> None:
        """Note a failure that is the place's. A connection that failed is its fault; another may be that of one request."""
        if error.is_outage:
            self._note(Outage(error.status, text, seconds), certain=error.unreached)

    def silent(self, text: str, seconds: float) -> None:
        """Note that no answer has come in time."""
        self._note(Outage(504, text, seconds), certain=False)

    def answered(self, status: int, seconds: float) -> None:
        """Note an answer; one of a service that is not available may be that of one request."""
        if status in _OF_AN_OUTAGE:
            self._note(Outage(status, f"{self.name} answers {status}", seconds, answered=True), certain=False)
        else:
            self._context.upstream.outages.forget(self.name)

    def _note(self, outage: Outage, *, certain: bool) -> None:
        outages, pause = self._context.upstream.outages, self._timeouts.check
        outages.note(self._endpoint, outage, self._answers, pause=pause, certain=certain)

    @property
    def _probe_wait(self) -> float:
        return min(PROBE_WAIT, max(2 * QUICK, self._timeouts.server / 4))

    async def _answers(self) -> bool:
        """Return whether the service answers for its root, with no error of its own, as HAProxy's checks ask."""
        upstream = self._context.upstream
        target = target_of(self._context.mesh, upstream.at, self._endpoint, f"{self._endpoint.frontend.prefix}/")
        waits = Timeouts(connect=self._timeouts.connect, server=self._timeouts.server)
        return await upstream.answers(target, waits, asyncio.get_running_loop().time() + self._probe_wait)
