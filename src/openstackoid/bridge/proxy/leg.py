# SPDX-License-Identifier: Apache-2.0
"""A leg of a plan: the request to one endpoint, and its state until it is answered."""

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

import aiohttp
from aiohttp import web

from openstackoid.bridge.audit.admission_header import decode
from openstackoid.bridge.audit.audit_file import AuditError
from openstackoid.bridge.binding.binder import cut
from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.identity.authorization import Entry
from openstackoid.bridge.log import LOG
from openstackoid.bridge.message.head import Incoming
from openstackoid.bridge.proxy.attempt import PassedError
from openstackoid.bridge.proxy.context import RequestContext
from openstackoid.bridge.proxy.delegated_use import DelegatedUse
from openstackoid.bridge.proxy.links import Links
from openstackoid.bridge.upstream.target import Target, leg_target
from openstackoid.bridge.upstream.upstream import UpstreamError
from openstackoid.mesh import Timeouts
from openstackoid.routing import Destination, Headers
from openstackoid.routing.egress import ADMISSION_HEADER
from openstackoid.routing.places import ACCEPTED, SUBJECT, TOKEN
from openstackoid.routing.reading import AUTH
from openstackoid.scope import Issuer

TOKEN_ACCEPTED: Headers = ((ACCEPTED, TOKEN),)
SUBJECT_ACCEPTED: Headers = ((ACCEPTED, SUBJECT),)

S = TypeVar("S", bound=Destination)


@dataclass(slots=True)
class LegTime:
    """The time of a leg: its start, in seconds since 1970, and its length. ``status``: of its answer, 0 without one."""

    started: float
    seconds: float = 0.0
    status: int = 0


class Leg(ABC, Generic[S]):
    """Sends the request ``incoming`` according to ``plan``. ``issuer``: the cloud that issued the user's token.

    ``entry``: the authorization of a user of another cloud, until its audit line is written. ``accepted``: what HAProxy is told
    of the token, once a Keystone has accepted it. ``time``: of :meth:`answer`, for a trace.
    """

    def __init__(self, context: RequestContext, incoming: Incoming, plan: S, issuer: Issuer) -> None:
        self.context = context
        self.incoming = incoming
        self.plan = plan
        self.entry: Entry | DelegatedUse | None = None
        self.accepted: Headers = ()
        self.time: LegTime | None = None
        self._issuer = issuer

    async def answer(self) -> web.StreamResponse:
        """Run the leg, and note its time; see :meth:`run`."""
        began, told = time.monotonic(), LegTime(time.time())
        self.time = told
        try:
            response = await self.run()
        except (AnswerError, PassedError) as error:
            told.status = 0 if isinstance(error, UpstreamError) else error.status
            raise
        finally:
            told.seconds = time.monotonic() - began
        told.status = response.status
        return response

    @abstractmethod
    async def run(self) -> web.StreamResponse:
        """Send the request, and return its answer.

        Raises :class:`AnswerError` until a part of the answer is sent, after that :class:`~openstackoid.bridge.errors.CutError`;
        and :class:`~openstackoid.bridge.errors.ClientGoneError`.
        """

    @cached_property
    def links(self) -> Links:
        """Return the rewriting of links in the answer."""
        return Links.of(self.context.mesh, self.plan, self.incoming.head)

    @property
    def timeouts(self) -> Timeouts:
        """Return the bounds on the waits for the service that the client has asked."""
        return self.context.here.timeouts_of(self.plan.frontend_endpoint)

    @property
    def patience(self) -> float:
        """Return the seconds for a connection and a whole answer."""
        return self.timeouts.connect + self.timeouts.server

    def target(self, plan: S) -> Target:
        """Return the target of ``plan``. HAProxy logs a request that leaves for it with the user's cloud."""
        return leg_target(self.context.mesh, self.context.here.name, plan, self._issuer)

    def accept(self, cloud: str) -> None:
        """Note that ``cloud`` accepts the token of the request. One beyond the share of a cloud speaks for its source alone."""
        token, _ = cut(next(iter(self.incoming.head.values(AUTH)), ""))
        self.accepted = TOKEN_ACCEPTED if self.context.accepted.take(cloud, token) else SUBJECT_ACCEPTED

    def receive(self, target: Target, answer: aiohttp.ClientResponse) -> Headers:
        """Return the headers of an answer to pass on.

        A peer's gateway that names the user in its admission header has asked a Keystone, which has accepted the token.
        """
        told = answer.headers.getall(ADMISSION_HEADER, []) if target.peer else []
        use = decode(told[0]) if len(told) == 1 else None
        if use is not None and use.user is not None:
            self.accept(target.peer or self.context.here.name)
        return self.context.upstream.answer_headers(target, answer)

    def account(self, status: int, reason: str | None) -> None:
        """Write the audit line of a user of another cloud, once. Raises :class:`AnswerError` on failure."""
        entry, self.entry = self.entry, None
        if entry is None:
            return
        try:
            self.context.write_audit_line(entry, self.incoming.head, status, reason)
        except AuditError as error:
            raise self.unrecorded(error) from None

    def unrecorded(self, error: AuditError) -> AnswerError:
        """Return the error for a request whose audit line cannot be written."""
        LOG.error("%s", error)
        return AnswerError(503, f"gateway of {self.context.here.name}: its use from abroad cannot be recorded")
