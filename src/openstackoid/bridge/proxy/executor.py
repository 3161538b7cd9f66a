# SPDX-License-Identifier: Apache-2.0
"""Carry out the plan of a decision: a leg for each endpoint."""

from aiohttp import web

from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.message.head import Incoming
from openstackoid.bridge.proxy.context import RequestContext
from openstackoid.bridge.proxy.forward import ForwardLeg
from openstackoid.bridge.proxy.leg import Leg
from openstackoid.bridge.proxy.relay import RelayLeg
from openstackoid.routing import Decision, Headers, Refuse, Relay, Single


class Executor:
    """Carries out ``decision`` for the request ``incoming``."""

    def __init__(self, context: RequestContext, incoming: Incoming, decision: Decision) -> None:
        self.decision = decision
        self._context = context
        self._incoming = incoming
        self._legs: list[Leg[Single] | Leg[Relay]] = []

    async def run(self) -> web.StreamResponse:
        """Run the legs of the plan, and return the answer; see :meth:`Leg.run`. Raises a refusal as :class:`AnswerError`."""
        issuer = self.decision.issuer
        leg: ForwardLeg | RelayLeg
        match self.decision.plan:
            case Refuse(status, title, message):
                raise AnswerError(status, message, title=title, reason="refused")
            case Single() as plan:
                leg = ForwardLeg(self._context, self._incoming, plan, issuer)
            case Relay() as plan:
                leg = RelayLeg(self._context, self._incoming, plan, issuer)
        self._legs.append(leg)
        return await leg.run()

    @property
    def cloud(self) -> str:
        """Return the cloud that gets the request: this one for a refusal."""
        plan = self.decision.plan
        return self._context.here.name if isinstance(plan, Refuse) else plan.endpoint.cloud

    @property
    def accepted(self) -> Headers:
        """Return what HAProxy is told of the token, once a Keystone has accepted it."""
        return next((leg.accepted for leg in self._legs if leg.accepted), ())

    def account(self, status: int, reason: str | None) -> None:
        """Write the unwritten audit lines of users of other clouds; see :meth:`Leg.account`."""
        for leg in self._legs:
            leg.account(status, reason)
