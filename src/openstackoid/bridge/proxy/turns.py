# SPDX-License-Identifier: Apache-2.0
"""Carry out ``A | B``: ask the clouds in turn, each by a leg of its own, until one has the answer.

A turn may be that of several clouds at once: ``A & B | C``.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from openstackoid.bridge.errors import AnswerError, WholeAnswer, without_gateway
from openstackoid.bridge.message.body import with_small_body
from openstackoid.bridge.message.head import Incoming
from openstackoid.bridge.proxy.asked_place import AskedPlace
from openstackoid.bridge.proxy.attempt import Attempt, PassedError
from openstackoid.bridge.proxy.composed_limits import OverloadError
from openstackoid.bridge.proxy.context import RequestContext
from openstackoid.bridge.proxy.leg import Leg
from openstackoid.bridge.upstream.outages import Outage
from openstackoid.bridge.upstream.upstream import UpstreamError
from openstackoid.mesh import Timeouts
from openstackoid.routing import READS, All, Otherwise, Refuse, Single, Turn
from openstackoid.routing.decision import singles
from openstackoid.routing.turns import Outcome, is_empty_list, looks_up_name, outcome

MakeLeg = Callable[[Single, Incoming, Attempt], Awaitable[Leg[Single]]]
Compose = Callable[[All, Incoming, float], Awaitable[web.StreamResponse]]
"""Returns the answer of several clouds at once, within seconds."""
_SHORT = 0.01
"""Seconds in which no cloud is asked once more."""
_LEAST_PART = 1 / 8
"""The part of the time of a request in which a cloud that was down is asked after all others."""


@dataclass(frozen=True, slots=True)
class _Failed:
    """A turn without an answer: its ``status`` is 404 for a missing item. ``reason``: the text for the log.

    ``comes_later``: in the scope, the cloud is behind the one that gets the write. ``skipped``: the cloud, if it is known to be
    down, and was not asked.
    """

    status: int
    message: str
    reason: str
    comes_later: bool = False
    skipped: str = ""


@dataclass(frozen=True, slots=True)
class _Time:
    """The seconds that all turns have, from the first on, and the time of the event loop at which they are over."""

    seconds: float = 0.0
    until: float = 0.0


class Turns:
    """Asks the clouds of ``plan``; ``leg`` makes the leg for one of them, and ``compose`` asks several at once."""

    def __init__(self, context: RequestContext, incoming: Incoming, plan: Otherwise, leg: MakeLeg, compose: Compose) -> None:
        self._context = context
        self._incoming = incoming
        self._plan = plan
        self._leg = leg
        self._compose = compose
        self._failed: list[_Failed] = []
        self._time = _Time()

    async def run(self) -> web.StreamResponse:
        """Return the answer of the first cloud that has one; see :meth:`Leg.run`."""
        # A body that is read can be sent to several clouds.
        self._incoming = await with_small_body(self._incoming, self._context.here)
        turns, again = await self._to_try()
        refused: Refuse | None = None
        for number, turn in enumerate(turns):
            if isinstance(turn.plan, Refuse):
                refused = turn.plan
                break
            response = await self._turn(turn, len(turns) - number - 1)
            if response is not None:
                return response
        # Those that may be back are asked before there is an error.
        for number, turn in enumerate(again):
            if not self._has_time:
                break
            self._failed = [failed for failed in self._failed if failed.skipped != turn.cloud]
            response = await self._turn(turn, len(again) - number - 1)
            if response is not None:
                return response
        raise self._nowhere() if refused is None else self._refused(refused)

    async def _turn(self, turn: Turn, further: int) -> web.StreamResponse | None:
        """Return the answer of a turn, or None where the next is to be asked; ``further``: how many there are."""
        match turn.plan:
            case Single() as single:
                return await self._ask(single, further)
            case All() as every:
                return await self._ask_at_once(every, further)
            case Refuse() | Otherwise():
                raise AssertionError("turns are in no other turn, and a refusal is asked of no cloud")

    async def _to_try(self) -> tuple[list[Turn], list[Turn]]:
        """Return the turns without those of places that are down, and of these the ones that cost no time to ask.

        If there would be no other, all are the first.
        """
        known: dict[str, Outage] = {}
        writes = self._incoming.head.method not in READS
        for number, turn in enumerate(self._plan.turns):
            # HAProxy has had an answer of the first.
            if not isinstance(turn.plan, Single) or (number == 0 and self._incoming.head.is_missed):
                continue
            outage = await AskedPlace(self._context, turn.plan).settled()
            # To a write, an error of the cloud's own is its answer.
            if outage is not None and not (writes and outage.answered):
                known[turn.cloud] = outage
        others = [turn for turn in self._plan.turns if turn.cloud not in known]
        if not any(isinstance(turn.plan, Single | All) for turn in others):
            return list(self._plan.turns), []
        # Of a read that a cloud answers with 404, every other cloud may have the item; a write is for the first that is reached.
        before = [turn.cloud for turn in self._plan.turns[: self._plan.turns.index(others[0])]]
        self._failed = [
            _Failed(outage.status, f"{outage.text} (a moment ago)", outage.text, writes and cloud not in before, cloud)
            for cloud, outage in known.items()
        ]
        return others, [turn for turn in self._plan.turns if turn.cloud in known and known[turn.cloud].is_quick]

    async def _ask(self, plan: Single, further: int) -> web.StreamResponse | None:
        """Return the answer of one cloud, or None where the next is to be asked; ``further``: how many there are."""
        place, head = AskedPlace(self._context, plan), self._incoming.head
        clock = asyncio.get_running_loop().time
        began = clock()
        timeouts = self._context.here.timeouts_of(plan.frontend_endpoint)
        first, waited = plan is self._plan.turns[0].plan, self._waited(timeouts)
        # Once a byte of a write is sent, no other cloud is asked, so it needs no time for others.
        share = self._share(timeouts, further if head.method in READS else 0, waited if first else 0.0)
        if first and head.began is not None and self._has_had_its_turn(place, share):
            return None
        failures = any(failed.status != 404 and not failed.comes_later for failed in self._failed)
        attempt = Attempt(head, None if self._streams else began + share, first=first, more=further > 0, failures=failures)
        leg: Leg[Single] | None = None
        try:
            with place.watched(share):
                leg = await self._leg(plan, self._incoming, attempt)
                response = await leg.answer()
        except PassedError as passed:
            text = f"{place.name}{passed.what}"
            self._failed.append(_Failed(passed.status if passed.result is Outcome.FAILURE else 404, text, text))
            place.answered(passed.status, clock() - began)
            if head.method not in READS and not passed.unsent:
                raise self._nowhere() from None
            return None
        except AnswerError as error:
            self._judge_error(place.name, error, attempt)
            if leg is not None:
                leg.account(error.status, error.reason)
            failed = _Failed(error.status, self._without_gateway(error.message), self._without_gateway(error.reason))
            self._failed.append(failed)
            if isinstance(error, UpstreamError):
                place.failed(error, failed.message, clock() - began)
            return None
        place.answered(response.status, clock() - began)
        return response

    def _has_had_its_turn(self, place: AskedPlace, left: float) -> bool:
        """Return whether the answer to HAProxy, or its silence until the seconds ``left`` were few, is this cloud's turn."""
        if self._incoming.head.is_missed:
            self._failed.append(_Failed(404, text := f"{place.name} answers 404", text))
            place.answered(404, 0.0)
            return True
        if left >= _SHORT:
            return False
        self._failed.append(_Failed(504, text := f"{place.name} does not answer in its part of the time", text))
        place.silent(text, self._waited(self._context.here.timeouts))
        return True

    def _waited(self, timeouts: Timeouts) -> float:
        """Return the seconds that HAProxy has waited for the first cloud, which has its part of the time at most."""
        began = self._incoming.head.began
        most = (timeouts.connect + timeouts.server) / len(self._plan.turns)
        return 0.0 if began is None else min(max(0.0, time.time() - began), most)

    async def _ask_at_once(self, plan: All, further: int) -> web.StreamResponse | None:
        """Return the answer of several clouds, or None where the next is to be asked."""
        head, first = self._incoming.head, next(each for _, each in singles(plan) if isinstance(each, Single))
        seconds = self._share(self._context.here.timeouts_of(first.frontend_endpoint), further)
        try:
            response = await self._compose(plan, self._incoming, seconds)
        except AnswerError as error:
            if error.status < 500 or isinstance(error, OverloadError):
                raise
            self._failed.append(_Failed(error.status, self._without_gateway(error.message), self._without_gateway(error.reason)))
            return None
        if not isinstance(response, WholeAnswer):
            return response
        result = outcome(head.method, response.status)
        is_empty = response.status == 200 and looks_up_name(head.method, head.query) and is_empty_list(response.content)
        passed = further > 0 or any(failed.status != 404 for failed in self._failed)
        if result is Outcome.FAILURE or (passed and (is_empty or result is Outcome.MISSING)):
            text = f"{plan.expression} has no item of this name" if is_empty else f"{plan.expression} answers {response.status}"
            self._failed.append(_Failed(response.status if result is Outcome.FAILURE else 404, text, text))
            return None
        return response

    def _share(self, timeouts: Timeouts, further: int, spent: float = 0.0) -> float:
        """Return the seconds of a turn with so many after it: all have the time of one request. It has ``spent`` some already."""
        now = asyncio.get_running_loop().time()
        if not self._time.seconds:
            seconds = timeouts.connect + timeouts.server
            self._time = _Time(seconds, now + seconds - self._waited(timeouts))
        return (self._time.until - now + spent) / (further + 1) - spent

    @property
    def _has_time(self) -> bool:
        """Return whether there is time for one more cloud: a write that has too little of it is known to none."""
        return self._time.until - asyncio.get_running_loop().time() > self._time.seconds * _LEAST_PART

    def _judge_error(self, place: str, error: AnswerError, attempt: Attempt) -> None:
        """Raise the error that ends the request; return where the next cloud is to be asked."""
        if error.status < 500:
            raise error
        if not attempt.sent:
            return
        if not isinstance(error, UpstreamError) or (error.unreached and self._streams):
            raise error
        if error.unreached or (self._incoming.head.method in READS and not self._streams):
            return
        message = (
            f"gateway of {self._context.here.name}: it is not known whether {place} has carried out the request:"
            f" {self._without_gateway(error.message)}; look before you repeat it"
        )
        raise AnswerError(502, message, reason=error.reason) from None

    @property
    def _streams(self) -> bool:
        return self._incoming.body is None and self._incoming.request.body_exists

    def _refused(self, refusal: Refuse) -> AnswerError:
        """Return the error for a turn that is refused, with the failures before it."""
        refused = AnswerError(refusal.status, refusal.message, title=refusal.title, reason="refused")
        if not any(failed.status != 404 for failed in self._failed):
            return refused
        text = self._without_gateway(refused.message)
        self._failed.append(_Failed(503, text, text))
        return self._nowhere()

    def _nowhere(self) -> AnswerError:
        """Return the error for a request that no cloud has served: it names each with its failure."""
        statuses = {failed.status for failed in self._failed} - {404}
        status = statuses.pop() if len(statuses) == 1 else 503
        began = f"gateway of {self._context.here.name}: no cloud of {self._plan.expression} has the answer: "
        message, reason = (
            began + "; ".join(texts) for texts in ([f.message for f in self._failed], [f.reason for f in self._failed])
        )
        return AnswerError(status, message, reason=reason)

    def _without_gateway(self, text: str) -> str:
        return without_gateway(text, self._context.here.name)
