# SPDX-License-Identifier: Apache-2.0
"""The branches of ``A & B``: requests to several clouds side by side, and their answers or failures.

A branch is a cloud, or several clouds in turn, ``A | B``, of which the first that can answer counts.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import Protocol

from openstackoid.bridge.errors import AnswerError, WholeAnswer, without_gateway
from openstackoid.bridge.message.head import Incoming
from openstackoid.bridge.proxy.asked_place import AskedPlace
from openstackoid.bridge.proxy.composed_limits import HeldAnswer, HeldAnswers, OverloadError
from openstackoid.bridge.proxy.context import RequestContext
from openstackoid.bridge.proxy.leg import Leg
from openstackoid.bridge.upstream.outages import Outage
from openstackoid.bridge.upstream.upstream import UpstreamError
from openstackoid.composition import Failure, Fault, Outcome, PassOn, Refused
from openstackoid.mesh import Timeouts
from openstackoid.routing import All, Otherwise, Refuse, Single
from openstackoid.routing.decision import singles
from openstackoid.routing.turns import Outcome as Answered
from openstackoid.routing.turns import is_empty_list, looks_up_name, outcome

_FAULTS = {503: Fault.UNREACHABLE, 504: Fault.TIMEOUT}


class MakeLeg(Protocol):
    """Makes the leg of one branch."""

    def __call__(
        self, single: Single, incoming: Incoming, held: HeldAnswer, *, rewrites: bool, seconds: float | None
    ) -> Awaitable[Leg[Single]]:
        """Return it."""


class BranchTime:
    """The time of all requests to a branch: that of one, and ``seconds`` at most. ``is_shared``: they have it together."""

    def __init__(self, seconds: float | None) -> None:
        self.is_shared = True
        self._seconds = seconds
        self._spent: dict[str, float] = {}

    def spend(self, cloud: str, seconds: float) -> None:
        """Note the time of a request to a cloud."""
        self._spent[cloud] = self._spent.get(cloud, 0.0) + seconds

    def left(self, timeouts: Timeouts, clouds: Sequence[str], share: int) -> float | None:
        """Return the seconds of the next request to a branch of ``clouds``, one of ``share``; None for those of any request."""
        if not self.is_shared:
            return None
        whole = timeouts.connect + timeouts.server
        left = (whole if self._seconds is None else min(whole, self._seconds)) - sum(
            self._spent.get(each, 0.0) for each in clouds
        )
        return max(0.001, left) / share


class Branches:
    """Sends requests to the clouds of ``plan``.

    ``answers``: the last answer or error of each branch; ``sources``: the cloud that gave it, in a branch of several. ``held``:
    the memory of answers. ``time``: of the requests to a branch.
    """

    def __init__(
        self, context: RequestContext, plan: All, leg: MakeLeg, held: HeldAnswers, *, seconds: float | None = None
    ) -> None:
        self.held = held
        self.answers: dict[str, WholeAnswer | AnswerError] = {}
        self.sources: dict[str, str] = {}
        self.time = BranchTime(seconds)
        self._context = context
        self._leg = leg
        self._plan = plan

    @cached_property
    def _turns(self) -> dict[str, tuple[tuple[str, Single | Refuse], ...]]:
        """Return the clouds of each branch of several, in turn, with their plans."""
        return {turn.cloud: tuple(singles(turn.plan)) if isinstance(turn.plan, Otherwise) else () for turn in self._plan.branches}

    @cached_property
    def _plans(self) -> dict[str, Single | Refuse]:
        """Return the plan of each cloud."""
        return dict(singles(self._plan))

    @property
    def branches(self) -> tuple[str, ...]:
        """Return the names of the branches, in the order of the scope; of one cloud, that of the cloud."""
        return tuple(self._turns)

    @property
    def clouds(self) -> tuple[str, ...]:
        """Return the clouds of all branches."""
        return tuple(self._plans)

    @property
    def first_plan(self) -> Single:
        """Return the plan of the first cloud that is not refused; one is there, or the whole request would be refused."""
        return next(plan for cloud in self.clouds if (plan := self.plan(cloud)) is not None)

    def plan(self, cloud: str) -> Single | None:
        """Return the plan for a cloud, or None where it is refused."""
        plan = self._plans[cloud]
        return plan if isinstance(plan, Single) else None

    def drop(self, branch: str) -> None:
        """Keep the last answer of a branch no longer."""
        self.answers.pop(branch, None)
        self.answers.pop(self.sources.get(branch, branch), None)

    async def ask(
        self, branch: str, incoming: Incoming, *, rewrites: bool = True, change: Callable[[Single], Single] = lambda plan: plan
    ) -> WholeAnswer | Failure:
        """Return the answer of a branch to a request with the head of ``incoming``, or its failure."""
        turns = self._turns[branch]
        if not turns:
            return await self._ask(branch, incoming, rewrites=rewrites, change=change)
        return await self._ask_in_turn(branch, [cloud for cloud, _ in turns], incoming, rewrites=rewrites)

    async def _ask_in_turn(self, branch: str, clouds: list[str], incoming: Incoming, *, rewrites: bool) -> WholeAnswer | Failure:
        """Return the answer of the first of several clouds that has one, by the rules of ``A | B``."""
        head = incoming.head
        failures: list[Failure] = []
        for number, cloud in enumerate(clouds):
            found = await self._ask(cloud, incoming, rewrites=rewrites, share=len(clouds) - number, others=clouds)
            self.sources[branch], self.answers[branch] = cloud, self.answers[cloud]
            if isinstance(found, WholeAnswer):
                judged = outcome(head.method, found.status)
                named = judged is Answered.ANSWER and looks_up_name(head.method, head.query) and is_empty_list(found.content)
                if number == len(clouds) - 1 and not failures:
                    return found
                if judged is Answered.ANSWER and not named:
                    return found
                found = Failure(cloud, Fault.STATUS, found.status)
                if judged is Answered.MISSING or named:
                    continue
            elif found.fault is Fault.STATUS and found.status < 500:
                return replace(found, cloud=branch)
            failures.append(found)
        last = failures[-1]
        return replace(last, cloud=branch, detail="; ".join(map(str, failures)))

    async def _ask(
        self,
        cloud: str,
        incoming: Incoming,
        *,
        rewrites: bool,
        change: Callable[[Single], Single] = lambda plan: plan,
        share: int = 1,
        others: Sequence[str] | None = None,
    ) -> WholeAnswer | Failure:
        """Return the answer of one cloud, or its failure. It has a part of the time that is left, one of ``share``."""
        plan = self._plans[cloud]
        if isinstance(plan, Refuse):
            return self._failed(cloud, AnswerError(plan.status, plan.message, title=plan.title, reason="refused"))
        place = AskedPlace(self._context, plan)
        outage = await place.settled()
        # One that fails at once takes no time from the others.
        if outage is not None and not outage.is_quick and self._another_is_there(cloud, others or self.clouds):
            return self._failed(cloud, self._known(outage))
        clock = asyncio.get_running_loop().time
        began, timeouts = clock(), self._context.here.timeouts_of(plan.frontend_endpoint)
        leg: Leg[Single] | None = None
        try:
            left = self.time.left(timeouts, others or (cloud,), share)
            self.drop(cloud)
            with place.watched(timeouts.connect + timeouts.server if left is None else left):
                leg = await self._leg(change(plan), incoming, self.held.answer(cloud), rewrites=rewrites, seconds=left)
                answer = await leg.answer()
        except AnswerError as error:
            if leg is not None:
                leg.account(error.status, error.reason)
            if isinstance(error, OverloadError):
                raise
            if isinstance(error, UpstreamError):
                place.failed(error, self._without_gateway(error), clock() - began)
            return self._failed(cloud, error)
        except asyncio.CancelledError:
            if leg is not None:
                with suppress(AnswerError):
                    leg.account(0, "another cloud has answered")
            raise
        finally:
            self.time.spend(cloud, clock() - began)
        place.answered(answer.status, clock() - began)
        if not isinstance(answer, WholeAnswer):
            raise AssertionError("a branch reads its answer as a whole")
        self.answers[cloud] = answer
        return answer

    async def ask_each(self, asked: Iterable[tuple[str, Incoming]], *, rewrites: bool = True) -> dict[str, WholeAnswer | Failure]:
        """Return the outcomes of requests to several branches that are sent side by side.

        Those that begin at a peer are sent first: their answers take longest.
        """
        requests = dict(asked)
        tasks = {
            branch: asyncio.ensure_future(self.ask(branch, requests[branch], rewrites=rewrites))
            for branch in sorted(requests, key=self._begins_here)
        }
        try:
            await asyncio.gather(*tasks.values())
        finally:
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)
        return {branch: tasks[branch].result() for branch in requests}

    def _begins_here(self, branch: str) -> bool:
        turns = self._turns[branch]
        plan = self.plan(turns[0][0] if turns else branch)
        return plan is not None and plan.local

    def end(self, ended: Outcome) -> WholeAnswer:
        """Return the answer of an outcome that is one branch's. Raises an error as :class:`AnswerError`."""
        match ended:
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

    def _another_is_there(self, cloud: str, others: Sequence[str]) -> bool:
        plans = {name: self.plan(name) for name in others}
        return any(
            plan is not None and AskedPlace(self._context, plan).outage is None for name, plan in plans.items() if name != cloud
        )

    def _known(self, outage: Outage) -> AnswerError:
        """Return the error for a cloud that is not asked, as that of its last failure."""
        message = f"gateway of {self._context.here.name}: {outage.text} (a moment ago)"
        return AnswerError(outage.status, message) if outage.answered else UpstreamError(outage.status, message)

    def _without_gateway(self, error: AnswerError) -> str:
        return without_gateway(error.message, self._context.here.name)
