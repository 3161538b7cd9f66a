# SPDX-License-Identifier: Apache-2.0
"""Carry out the plan of a decision: a leg for each endpoint."""

from aiohttp import web

from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.message.head import Incoming
from openstackoid.bridge.proxy.context import RequestContext
from openstackoid.bridge.proxy.forward import ForwardLeg
from openstackoid.bridge.proxy.leg import Leg
from openstackoid.bridge.proxy.relay import RelayLeg
from openstackoid.bridge.proxy.tokens import buffered, with_tokens
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
        context, decision = self._context, self.decision
        leg: ForwardLeg | RelayLeg
        match decision.plan:
            case Refuse(status, title, message):
                raise AnswerError(status, message, title=title, reason="refused")
            case Single() as single:
                single, incoming, use = await with_tokens(context, self._incoming, decision, single)
                relay = buffered(context, incoming.head, single, use)
                if relay is None:
                    leg = ForwardLeg(context, incoming, single, decision.issuer)
                else:
                    leg = RelayLeg(context, incoming, relay, decision.issuer)
            case Relay() as planned:
                relay, incoming, use = await with_tokens(context, self._incoming, decision, planned)
                leg = RelayLeg(context, incoming, relay, decision.issuer)
        leg.entry = use
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
