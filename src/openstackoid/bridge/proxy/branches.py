# SPDX-License-Identifier: Apache-2.0
"""The branches of ``A & B``: requests to several clouds side by side, and their answers or failures."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Protocol

from openstackoid.bridge.errors import AnswerError, WholeAnswer, without_gateway
from openstackoid.bridge.message.head import Incoming
from openstackoid.bridge.proxy.composed_limits import HeldAnswer, HeldAnswers, OutOfMemoryError
from openstackoid.bridge.proxy.context import RequestContext
from openstackoid.bridge.proxy.leg import Leg
from openstackoid.bridge.upstream.target import place_of
from openstackoid.bridge.upstream.upstream import UpstreamError
from openstackoid.composition import Failure, Fault, Outcome, PassOn, Refused
from openstackoid.routing import All, Refuse, Single

_FAULTS = {503: Fault.UNREACHABLE, 504: Fault.TIMEOUT}


class MakeLeg(Protocol):
    """Makes the leg of one branch."""

    def __call__(
        self, single: Single, incoming: Incoming, held: HeldAnswer, *, rewrites: bool, seconds: float | None
    ) -> Awaitable[Leg[Single]]:
        """Return it."""


class Branches:
    """Sends requests to the clouds of ``plan``.

    ``answers``: the last answer or error of each cloud. ``held``: their memory. ``is_hurried``: all requests to a cloud have the
    time of one.
    """

    def __init__(self, context: RequestContext, plan: All, leg: MakeLeg, held: HeldAnswers) -> None:
        self.held = held
        self.answers: dict[str, WholeAnswer | AnswerError] = {}
        self.is_hurried = True
        self._spent: dict[str, float] = {}
        self._context = context
        self._leg = leg
        self._turns = {turn.cloud: turn for turn in plan.branches}

    @property
    def clouds(self) -> tuple[str, ...]:
        """Return the clouds, in the order of the scope."""
        return tuple(self._turns)

    @property
    def first_plan(self) -> Single:
        """Return the plan of the first cloud that is not refused; one is there, or the whole request would be refused."""
        return next(plan for cloud in self.clouds if (plan := self.plan(cloud)) is not None)

    def plan(self, cloud: str) -> Single | None:
        """Return the plan for a cloud, or None where it is refused."""
        plan = self._turns[cloud].plan
        return plan if isinstance(plan, Single) else None

    async def ask(
        self, cloud: str, incoming: Incoming, *, rewrites: bool = True, change: Callable[[Single], Single] = lambda plan: plan
    ) -> WholeAnswer | Failure:
        """Return the answer of one cloud to a request with the head of ``incoming``, or its failure."""
        plan = self._turns[cloud].plan
        if isinstance(plan, Refuse):
            return self._failed(cloud, AnswerError(plan.status, plan.message, title=plan.title, reason="refused"))
        outages, place = self._context.upstream.outages, place_of(plan.endpoint)
        known = outages.known(place) if self._another_is_there(cloud) else None
        if known is not None:
            return self._failed(cloud, UpstreamError(503, f"gateway of {self._context.here.name}: {known} (a moment ago)"))
        clock = asyncio.get_running_loop().time
        began, timeouts = clock(), self._context.here.timeouts_of(plan.frontend_endpoint)
        leg: Leg[Single] | None = None
        try:
            left = max(0.001, timeouts.connect + timeouts.server - self._spent.get(cloud, 0.0)) if self.is_hurried else None
            self.answers.pop(cloud, None)
            leg = await self._leg(change(plan), incoming, self.held.answer(cloud), rewrites=rewrites, seconds=left)
            answer = await leg.run()
        except AnswerError as error:
            if leg is not None:
                leg.account(error.status, error.reason)
            if isinstance(error, OutOfMemoryError):
                raise
            if isinstance(error, UpstreamError) and error.is_outage:
                outages.note(place, self._without_gateway(error), max(timeouts.check, clock() - began))
            return self._failed(cloud, error)
        except asyncio.CancelledError:
            if leg is not None:
                with suppress(AnswerError):
                    leg.account(0, "another cloud has answered")
            raise
        finally:
            self._spent[cloud] = self._spent.get(cloud, 0.0) + clock() - began
        outages.forget(place)
        if not isinstance(answer, WholeAnswer):
            raise AssertionError("a branch reads its answer as a whole")
        self.answers[cloud] = answer
        return answer

    async def ask_each(self, asked: Iterable[tuple[str, Incoming]], *, rewrites: bool = True) -> dict[str, WholeAnswer | Failure]:
        """Return the outcomes of several requests that are sent side by side."""
        tasks = {cloud: asyncio.ensure_future(self.ask(cloud, incoming, rewrites=rewrites)) for cloud, incoming in asked}
        try:
            await asyncio.gather(*tasks.values())
        finally:
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)
        return {cloud: task.result() for cloud, task in tasks.items()}

    def end(self, outcome: Outcome) -> WholeAnswer:
        """Return the answer of an outcome that is one cloud's. Raises an error as :class:`AnswerError`."""
        match outcome:
            case PassOn(cloud):
                answer = self.answers[cloud]
                if isinstance(answer, AnswerError):
                    raise answer
                return answer
            case Refused(status, message):
                raise AnswerError(status, f"gateway of {self._context.here.name}: {message}")
        raise AssertionError("an answer that is composed has no single cloud")

    def _failed(self, cloud: str, error: AnswerError) -> Failure:
        self.answers[cloud] = error
        text = self._without_gateway(error)
        if isinstance(error, UpstreamError):
            return Failure(cloud, _FAULTS.get(error.status, Fault.UNUSABLE), detail=text)
        return Failure(cloud, Fault.STATUS, error.status, detail=text)

    def _another_is_there(self, cloud: str) -> bool:
        plans = {name: self.plan(name) for name in self._turns}
        outages = self._context.upstream.outages
        return any(
            plan is not None and not outages.failed(place_of(plan.endpoint)) for name, plan in plans.items() if name != cloud
        )

    def _without_gateway(self, error: AnswerError) -> str:
        return without_gateway(error.message, self._context.here.name)
