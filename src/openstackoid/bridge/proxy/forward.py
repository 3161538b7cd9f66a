# SPDX-License-Identifier: Apache-2.0
"""A leg that forwards: bodies stream both ways; only JSON with links to rewrite is held."""

from dataclasses import replace
from functools import partial

import aiohttp
from aiohttp import web
from multidict import CIMultiDict

from openstackoid.bridge.audit.admission_header import encode
from openstackoid.bridge.audit.audit_file import AuditError
from openstackoid.bridge.errors import AnswerError, CutError, StreamedAnswer, WholeAnswer, needing_store, towards_client
from openstackoid.bridge.identity.authorization import Entry, entry_of
from openstackoid.bridge.identity.guest_project import DOCUMENT_LIMIT, with_project_here
from openstackoid.bridge.message.body import BROKEN_BODY, PacedBody, read_body
from openstackoid.bridge.message.deadline import Deadline
from openstackoid.bridge.message.head import Incoming, without
from openstackoid.bridge.message.pace import Pace
from openstackoid.bridge.proxy.attempt import Attempt, PassedError
from openstackoid.bridge.proxy.context import RequestContext
from openstackoid.bridge.proxy.delegated_use import DelegatedUse
from openstackoid.bridge.proxy.download_admission import download_admission
from openstackoid.bridge.proxy.guest_admission import admission
from openstackoid.bridge.proxy.leg import Leg
from openstackoid.bridge.proxy.rewrite_links import Answered, rewrite_links, should_rewrite_links
from openstackoid.bridge.proxy.upload import Upload
from openstackoid.bridge.proxy.websocket import tunnel
from openstackoid.bridge.upstream.target import Target
from openstackoid.bridge.upstream.upstream import UpstreamError, UpstreamRequest, read_answer
from openstackoid.routing import Credentials, Headers, Single, Workflow
from openstackoid.routing.egress import ADMISSION_HEADER, UNSENT_HEADER
from openstackoid.routing.links import ASTRAY, REDIRECTS
from openstackoid.routing.places import Places
from openstackoid.routing.reading import SERVICE
from openstackoid.routing.route_cache import FORGET
from openstackoid.scope import Issuer


class ForwardLeg(Leg[Single]):
    """Authorizes the request, stores its workflow, sends it, and streams the answer back.

    ``attempt``: the turn of this cloud, if it is one of several.
    """

    teaches = True
    """Whether the answer may teach HAProxy."""

    def __init__(
        self, context: RequestContext, incoming: Incoming, plan: Single, issuer: Issuer, attempt: Attempt | None = None
    ) -> None:
        super().__init__(context, incoming, plan, issuer)
        self._attempt = attempt

    async def run(self) -> web.StreamResponse:
        """Take the steps; see :meth:`Leg.run`."""
        plan, incoming = self.plan, self.incoming
        if plan.guest is not None:
            plan, incoming = await self._authorize(plan.guest)
        begun = await self._remember()
        # A failed request's workflow is removed: a refused user must not push out the workflows of others.
        try:
            response = await self._send(plan, incoming, self.target(plan))
        except (UpstreamError, PassedError) as error:
            if begun is not None and (isinstance(error, PassedError) or error.unreached):
                self.context.workflows.forget(begun)
            raise
        if begun is not None and 300 <= response.status < 500:
            self.context.workflows.forget(begun)
        return response

    async def _authorize(self, guest: Credentials) -> tuple[Single, Incoming]:
        """Return plan and request, once the policy allows the user of another cloud."""
        context, head = self.context, self.incoming.head
        self.entry = entry = entry_of(guest, self.plan, head)
        try:
            await context.authorizer.authorize(entry, head, self.plan, mesh=context.mesh, readers=context.readers)
        finally:
            if entry.principal is not None:
                self.accept(guest.issuer)
        try:
            # A request that could not be audited is not sent.
            context.audit.check()
        except AuditError as error:
            raise self.unrecorded(error) from None
        if not await context.authorizer.accepts_service(guest, head, self.plan, context.mesh):
            # The service would refuse the request of the user for the token of the other service.
            self.plan = replace(self.plan, headers=without(self.plan.headers, SERVICE))
        own = entry.own_project(self.plan)
        if own is None:
            return self.plan, self.incoming
        read = partial(read_body, self.incoming.request, head, DOCUMENT_LIMIT, context.here)
        return await with_project_here(own, self.plan, self.incoming, read)

    async def _remember(self) -> Workflow | None:
        """Store the workflow that the request begins, and return it if it is new."""
        context, begun, user = self.context, self.plan.remember, self.plan.user
        if begun is None or user is None:
            return None
        head, mesh, readers = self.incoming.head, context.mesh, context.readers
        entry = self.entry if isinstance(self.entry, Entry) else None
        owner = await context.authorizer.owner(user, entry, head, self.plan, mesh=mesh, readers=readers)
        self.accept(user.issuer)
        with needing_store(context.here.name):
            return begun if await context.workflows.remember(begun, owner, context.here.memory) else None

    async def _send(self, plan: Single, incoming: Incoming, target: Target) -> web.StreamResponse:
        """Send the request to one target, and its answer to the client."""
        request, upstream, attempt = incoming.request, self.context.upstream, self._attempt
        streams = incoming.body is None and request.body_exists
        patience = self.patience if attempt is None else attempt.seconds(self.patience)
        # Without a total limit, every interim answer (1xx) would restart the target's time.
        deadline = Deadline(None if streams else patience)
        timeouts = (
            self.timeouts if attempt is None else replace(self.timeouts, server=min(self.timeouts.server, round(patience, 1)))
        )
        waits = bool(incoming.head.values("expect"))
        if streams and (waits or (attempt is not None and attempt.more)):
            # The client is not asked for its body in vain, and the body is there for one target.
            await upstream.reach(target, self.timeouts)
        paced = PacedBody(request, Pace(self.context.here.limits.body_rate, self.timeouts.client))
        upload = Upload(paced, deadline, self.timeouts, invite=waits)
        decoded = plan.rewrite_links or (attempt is not None and attempt.reads_body)
        sent = upstream_request(plan, incoming, upload if streams else incoming.body, decoded=decoded)
        response: StreamedAnswer | None = None
        try:
            if attempt is not None:
                attempt.sent = True
            async with upstream.send(target, sent, timeouts, deadline) as answer:
                upload.answered()
                headers = self._answer_headers(target, answer)
                await self._judge(target, answer, headers)
                read = plan.rewrite_links and self.links.must_be_read(incoming.head, answer.status, headers)
                if read or (plan.rewrite_links and should_rewrite_links(answer.status, headers)):
                    # Of the whole document: a peer may not send one byte by byte.
                    deadline.start(timeouts.server if attempt is None else attempt.seconds(timeouts.server))
                    answered = Answered(upstream, target, answer, headers, deadline, read=read)
                    whole = await rewrite_links(answered, incoming.head, plan, self.links, incoming.hidden)
                    if attempt is not None:
                        attempt.judge_body(whole.status, whole.content)
                    return whole
                response = StreamedAnswer(status=answer.status, reason=answer.reason, headers=CIMultiDict(headers))
                if answer.status == 101:
                    if sent.upgrade is None:
                        raise upstream.unusable(target, "it switches to a protocol that was not requested")
                    await self._tunnel(answer, response, sent.upgrade, deadline)
                    return response
                chunks = incoming.hidden.stream(answer.content.iter_any())
                if attempt is not None:
                    chunks = await attempt.begun(answer.status, answer.content_type, chunks, deadline, self.timeouts.server)
                with towards_client():
                    await response.prepare(request)
                async for chunk in chunks:
                    with towards_client():
                        await response.write(chunk)
                with towards_client():
                    await response.write_eof()
        except UpstreamError as error:
            if response is not None and response.prepared:
                raise CutError(error, response) from None
            if upload.broken:
                raise AnswerError(400, f"gateway of {upstream.at}: {BROKEN_BODY}") from None
            raise
        return response

    async def _tunnel(self, answer: aiohttp.ClientResponse, response: StreamedAnswer, upgrade: str, deadline: Deadline) -> None:
        """Hand on what a WebSocket's sides send, while it has its place."""
        sockets, incoming = self.context.websockets, self.incoming
        client = incoming.head.sender or incoming.head.source or ""
        with sockets.place(client, Places.of(self.context.here.limits).sockets) as place:
            heard, idle = partial(sockets.heard, place), self.timeouts.tunnel
            await tunnel(incoming.request, answer, response, upgrade, deadline, idle=idle, heard=heard, taken=place.taken)

    async def _judge(self, target: Target, answer: aiohttp.ClientResponse, headers: Headers) -> None:
        """Raise :class:`PassedError` for an answer that the client does not get, by its status."""
        attempt = self._attempt
        if attempt is None:
            return
        try:
            attempt.judge(answer.status, unsent=target.peer is not None and UNSENT_HEADER in answer.headers)
        except PassedError as passed:
            if attempt.keeps:
                content = await read_answer(self.context.upstream, target, answer, DOCUMENT_LIMIT)
                passed.answer = whole_answer(answer, headers, self.incoming.hidden.body(content))
            raise

    def _answer_headers(self, target: Target, answer: aiohttp.ClientResponse) -> Headers:
        """Return the headers for the client, before any part of the answer is sent.

        Raises :class:`AnswerError` if the audit line cannot be written, and for a redirect to another place.
        """
        theirs = self.receive(target, answer)
        # HAProxy reads this header, and removes it for clients.
        entry = self.entry
        ours: Headers = () if entry is None else ((ADMISSION_HEADER, encode(entry.admission())),)
        self.account(answer.status, None)
        head = self.incoming.head
        # A client takes the body of a redirect for the image, or follows it to an unchecked place.
        unread = self.links.of_images(head.path) and self.plan.rewrite_links and answer.status in REDIRECTS
        if unread or self.links.astray(answer.status, head, theirs):
            raise UpstreamError(502, f"gateway of {self.context.upstream.at}: {target.place} {ASTRAY}")
        taught = self._taught(answer.status, entry)
        return self.incoming.hidden.headers(self.links.headers(theirs)) + self.incoming.told + ours + taught + self.accepted

    def _taught(self, status: int, entry: Entry | DelegatedUse | None) -> Headers:
        """Return the headers that teach HAProxy."""
        if not self.teaches:
            return ()
        if self._attempt is None:
            head = self.incoming.head
            admit = partial(admission, self.context, entry, self.plan, head) if isinstance(entry, Entry) else None
            download = partial(download_admission, self.context, entry, head) if isinstance(entry, DelegatedUse) else None
            taught = self.incoming.teach(status, admit=admit, download=download)
            if not self.plan.local:
                taught += self.context.routes.bound_tokens(self.context.mesh, self.incoming.head, self.plan, status)
            return taught
        if self._attempt.first:
            return self.incoming.teach(status)
        return ((FORGET, "1"),) if self._attempt.forgets else ()


def whole_answer(answer: aiohttp.ClientResponse, headers: Headers, content: bytes) -> WholeAnswer:
    """Return an answer that was read to its end, with these headers for the client."""
    kept = CIMultiDict(without(headers, "content-length"))
    return WholeAnswer(status=answer.status, reason=answer.reason, headers=kept, body=content)


def upstream_request(plan: Single, incoming: Incoming, body: Upload | bytes | None, *, decoded: bool) -> UpstreamRequest:
    """Return the request to send. ``decoded``: the gateway reads the body of the answer, so it may not be compressed."""
    head = incoming.head
    headers = without(plan.headers, "expect")
    if decoded:
        headers = (*without(headers, "accept-encoding"), ("Accept-Encoding", "identity"))
    upgrade = next((value for value in head.values("upgrade") if "websocket" in value.lower()), None)
    return UpstreamRequest(head.method, head.query, headers, body, upgrade)
