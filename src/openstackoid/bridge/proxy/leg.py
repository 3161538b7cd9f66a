# SPDX-License-Identifier: Apache-2.0
"""A leg of a plan: the request to one endpoint, and its state until it is answered."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from functools import cached_property
from typing import Generic, TypeVar

import aiohttp
from aiohttp import web

from openstackoid.bridge.audit.audit_file import AuditError
from openstackoid.bridge.audit.egress_audit import EgressAudit
from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.identity.authorization import Entry
from openstackoid.bridge.log import LOG
from openstackoid.bridge.message.head import Incoming
from openstackoid.bridge.proxy.context import RequestContext
from openstackoid.bridge.proxy.links import Links
from openstackoid.bridge.proxy.tokens import DelegatedUse
from openstackoid.bridge.upstream.target import Target, targets
from openstackoid.bridge.upstream.upstream import first_reached
from openstackoid.mesh import Timeouts
from openstackoid.routing import Destination, Headers
from openstackoid.routing.places import ACCEPTED, SUBJECT, TOKEN
from openstackoid.scope import Issuer

TOKEN_ACCEPTED: Headers = ((ACCEPTED, TOKEN),)
SUBJECT_ACCEPTED: Headers = ((ACCEPTED, SUBJECT),)

S = TypeVar("S", bound=Destination)
R = TypeVar("R", bound=web.StreamResponse)


class Leg(ABC, Generic[S]):
    """Sends the request ``incoming`` according to ``plan``. ``issuer``: the cloud that issued the user's token.

    ``entry``: the authorization of a user of another cloud, until its audit line is written. ``egress``: the audit of a request
    to a peer. ``accepted``: what HAProxy is told of the token, once a Keystone has accepted it.
    """

    def __init__(self, context: RequestContext, incoming: Incoming, plan: S, issuer: Issuer) -> None:
        self.context = context
        self.incoming = incoming
        self.plan = plan
        self.entry: Entry | DelegatedUse | None = None
        self.egress: EgressAudit | None = None
        self.accepted: Headers = ()
        self._issuer = issuer

    @abstractmethod
    async def run(self) -> web.StreamResponse:
        """Send the request, and return its answer.

        Raises :class:`AnswerError` until a part of the answer is sent, after that :class:`~openstackoid.bridge.errors.CutError`;
        and :class:`~openstackoid.bridge.errors.ClientGoneError`.
        """

    @cached_property
    def links(self) -> Links:
        """Return what links in the answer mean."""
        return Links.of(self.context.mesh, self.plan, self.incoming.head)

    @property
    def timeouts(self) -> Timeouts:
        """Return the bounds on the waits of this cloud's gateway."""
        return self.context.here.timeouts

    @property
    def patience(self) -> float:
        """Return the seconds for a connection and a whole answer."""
        return self.timeouts.connect + self.timeouts.server

    async def send(self, plan: S, to: Callable[[Target], Awaitable[R]]) -> R:
        """Return the answer of the first target of ``plan`` that is reached; ``to`` sends the request to one target."""
        if not plan.local:
            self.egress = EgressAudit(self.context.here.name, self._issuer, plan, self.incoming.head)
        places = targets(plan.endpoint, plan.local, plan.path)
        return await first_reached(places, to, self.context.upstream.no_backend(plan.endpoint))

    def receive(self, target: Target, answer: aiohttp.ClientResponse) -> Headers:
        """Note an answer, and return its headers to pass on."""
        if self.egress is not None:
            self.egress.hear(answer.status, answer.headers)
            if self.egress.admitted:
                self.accepted = TOKEN_ACCEPTED
        return self.context.upstream.answer_headers(target, answer)

    def account(self, status: int, reason: str | None) -> None:
        """Write the audit line of a user of another cloud, once. Raises :class:`AnswerError` on failure."""
        entry, self.entry = self.entry, None
        if entry is None:
            return
        try:
            self.context.audit.write(entry.line(self.incoming.head, status, reason))
        except AuditError as error:
            raise self.unrecorded(error) from None

    def unrecorded(self, error: AuditError) -> AnswerError:
        """Return the error for a request whose audit line cannot be written."""
        LOG.error("%s", error)
        return AnswerError(503, f"gateway of {self.context.here.name}: its use from abroad cannot be recorded")
