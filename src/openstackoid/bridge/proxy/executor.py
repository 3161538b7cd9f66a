# SPDX-License-Identifier: Apache-2.0
"""Carry out the plan of a decision: a leg for each endpoint."""

from dataclasses import replace

from aiohttp import web

from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.message.head import Incoming
from openstackoid.bridge.proxy.at_once import AtOnce
from openstackoid.bridge.proxy.attempt import Attempt
from openstackoid.bridge.proxy.branch_leg import BranchLeg
from openstackoid.bridge.proxy.branches import Branches
from openstackoid.bridge.proxy.composed_limits import HeldAnswer
from openstackoid.bridge.proxy.context import RequestContext
from openstackoid.bridge.proxy.delegated_use import DelegatedUse
from openstackoid.bridge.proxy.forward import ForwardLeg
from openstackoid.bridge.proxy.leg import Leg, LegTime
from openstackoid.bridge.proxy.relay import RelayLeg
from openstackoid.bridge.proxy.tokens import buffered, with_tokens
from openstackoid.bridge.proxy.turns import Turns
from openstackoid.bridge.proxy.written_back import written_back
from openstackoid.composition import CLOUD_HEADER
from openstackoid.routing import All, Decision, Destination, Headers, Otherwise, Refuse, Relay, Single
from openstackoid.routing.decision import singles


class Executor:
    """Carries out ``decision`` for the request ``incoming``."""

    def __init__(self, context: RequestContext, incoming: Incoming, decision: Decision) -> None:
        self.decision = decision
        self._context = context
        self._incoming = incoming
        self._legs: list[Leg[Single] | Leg[Relay]] = []

    async def run(self) -> web.StreamResponse:
        """Run the legs of the plan, and return the answer; see :meth:`Leg.run`. Raises a refusal as :class:`AnswerError`."""
        leg: Leg[Single] | Leg[Relay]
        match self.decision.plan:
            case Refuse(status, title, message):
                raise AnswerError(status, message, title=title, reason="refused")
            case Otherwise() as several:
                return await Turns(self._context, self._incoming, several, self._turn, self._compose).run()
            case All() as every:
                return await self._compose(every, self._incoming)
            case Single() as single:
                leg = await self._single(single, self._incoming)
            case Relay() as planned:
                relay, incoming, use = await with_tokens(self._context, self._incoming, self.decision, planned)
                leg = RelayLeg(self._context, incoming, relay, self.decision.issuer)
                self._begin(leg, use)
        return await leg.run()

    async def _compose(self, every: All, incoming: Incoming, seconds: float | None = None) -> web.StreamResponse:
        """Return one answer of several clouds."""
        clouds = sum(1 for _ in singles(every))
        async with self._context.composed.at_work(incoming.head, clouds, self._context.here) as held:
            branches = Branches(self._context, every, self._branch, held, seconds=seconds)
            return await AtOnce(self._context, incoming, every, branches, self._located).run()

    async def _single(self, single: Single, incoming: Incoming) -> Leg[Single] | Leg[Relay]:
        """Return the leg for one endpoint."""
        context, issuer = self._context, self.decision.issuer
        single, incoming = written_back(single, incoming)
        single, incoming, use = await with_tokens(context, incoming, replace(self.decision, plan=single), single)
        relay = buffered(context, incoming.head, single, use)
        leg: Leg[Single] | Leg[Relay]
        leg = ForwardLeg(context, incoming, single, issuer) if relay is None else RelayLeg(context, incoming, relay, issuer)
        self._begin(leg, use)
        return leg

    async def _located(self, single: Single, incoming: Incoming, attempt: Attempt | None) -> Leg[Single] | Leg[Relay]:
        """Return the leg for the cloud of one resource."""
        return await (self._single(single, incoming) if attempt is None else self._turn(single, incoming, attempt))

    async def _turn(self, single: Single, incoming: Incoming, attempt: Attempt) -> Leg[Single]:
        """Return the leg for one of several clouds, whose answer names it."""
        single, incoming = written_back(single, replace(incoming, told=((CLOUD_HEADER, single.endpoint.cloud),)))
        decision = replace(self.decision, plan=single)
        single, incoming, use = await with_tokens(self._context, incoming, decision, single)
        leg = ForwardLeg(self._context, incoming, single, decision.issuer, attempt)
        self._begin(leg, use)
        return leg

    async def _branch(
        self, single: Single, incoming: Incoming, held: HeldAnswer, *, rewrites: bool, seconds: float | None
    ) -> Leg[Single]:
        """Return the leg for one of several clouds that are asked at once."""
        decision = replace(self.decision, plan=single)
        single, incoming, use = await with_tokens(self._context, incoming, decision, single)
        leg = BranchLeg(self._context, incoming, single, decision.issuer, held, rewrites=rewrites, seconds=seconds)
        self._begin(leg, use)
        return leg

    def _begin(self, leg: Leg[Single] | Leg[Relay], use: DelegatedUse | None) -> None:
        leg.entry = use
        self._legs.append(leg)

    @property
    def cloud(self) -> str:
        """Return the cloud that gets the request, of several the last that was asked: this one for a refusal."""
        plan = self._legs[-1].plan if self._legs else self.decision.plan
        return plan.endpoint.cloud if isinstance(plan, Destination) else self._context.here.name

    @property
    def of_several(self) -> list[tuple[Leg[Single] | Leg[Relay], LegTime]]:
        """Return the legs of a plan for several clouds, with their times."""
        return [(leg, leg.time) for leg in self._legs if leg.time is not None]

    @property
    def accepted(self) -> Headers:
        """Return what HAProxy is told of the token, once a Keystone has accepted it."""
        return next((leg.accepted for leg in self._legs if leg.accepted), ())

    def account(self, status: int, reason: str | None) -> None:
        """Write the unwritten audit lines of users of other clouds; see :meth:`Leg.account`."""
        for leg in self._legs:
            leg.account(status, reason)
