# SPDX-License-Identifier: Apache-2.0
"""A request sent on as it came: bodies stream both ways and nothing is kept, but for JSON whose links are to be mended."""

import asyncio
from collections.abc import Callable

from aiohttp import web
from multidict import CIMultiDict, MultiMapping

from openstackoid.bridge.errors import AnswerError, CutError, StreamedAnswer, towards_client
from openstackoid.bridge.http.deadline import Deadline
from openstackoid.bridge.http.head import Incoming, without
from openstackoid.bridge.proxy.links import Links
from openstackoid.bridge.proxy.rewrite_links import Answered, rewrite_links, should_rewrite_links
from openstackoid.bridge.proxy.upstream import Target, Upstream, UpstreamError, UpstreamRequest, first_reached, targets
from openstackoid.bridge.proxy.websocket import tunnel
from openstackoid.mesh import Mesh, Timeouts
from openstackoid.routing import Forward, Headers
from openstackoid.routing.links import ASTRAY, REDIRECTS

BROKEN_BODY = "the body of the request is malformed, or did not arrive in time"


class Upload:
    """The body of a request, read as the next hop takes it.

    ``deadline`` runs while the next hop is to take a chunk; the client is given its own time to send one. A client that waits
    with its body (``invite``) is asked for it when the next hop is there to take it. ``broken``: it did not send the whole.
    When all of it is sent, the deadline runs until the head of the answer is there (:meth:`answered`).
    """

    def __init__(self, request: web.BaseRequest, deadline: Deadline, timeouts: Timeouts, invite: bool) -> None:
        self.broken = False
        self.invite = invite
        self._request = request
        self._deadline = deadline
        self._timeouts = timeouts
        self._begun = False
        self._ended = not request.body_exists
        self._answered = False

    def __aiter__(self) -> "Upload":
        if self._begun:
            # A client library that wants to send the request again has nothing left to send.
            raise UpstreamError(502, "the body of a request can be sent once only")
        return self

    def answered(self) -> None:
        """Take note that the head of the answer has come: what is still to be sent has its own time, the rest is as it comes."""
        self.invite = False
        self._answered = True
        if self._ended:
            self._deadline.stop()

    async def __anext__(self) -> bytes:
        self._deadline.stop()
        self._begun = True
        try:
            if self.invite:
                self.invite = False
                await invite(self._request)
            async with asyncio.timeout(self._timeouts.client):
                chunk = await self._request.content.readany()
        except Exception:
            self.broken = True
            raise
        if not chunk:
            self._ended = True
            if not self._answered:
                self._deadline.start(self._timeouts.server)
            raise StopAsyncIteration
        self._deadline.start(self._timeouts.server)
        return chunk


async def invite(request: web.BaseRequest) -> None:
    """Tell a client that waits with its body (``Expect: 100-continue``) to send it."""
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    # The interim answer is no part of the one that follows.
    request.writer.output_size = 0


Heard = Callable[[int, MultiMapping[str]], Headers]
"""Is told the status and the headers of an answer before any of it is out, and returns what headers are to go with it."""


async def forward(
    upstream: Upstream, incoming: Incoming, decision: Forward, mesh: Mesh, heard: Heard = lambda *_: ()
) -> web.StreamResponse:
    """Send the request to where it was decided to go, and stream the answer back, its links mended.

    Raises :class:`AnswerError` as long as nothing of the answer is out; after that :class:`CutError`, upon which the connection
    must be cut, so that nobody takes a part for the whole.
    """
    exchange = _Exchange(upstream, incoming, decision, mesh, heard)
    places = targets(decision.endpoint, decision.local, decision.path)
    return await first_reached(places, exchange.run, upstream.no_backend(decision.endpoint))


class _Exchange:
    """One request on its way, and its answer on the way back."""

    def __init__(self, upstream: Upstream, incoming: Incoming, decision: Forward, mesh: Mesh, heard: Heard) -> None:
        self.heard = heard
        self.upstream = upstream
        self.incoming = incoming
        self.decision = decision
        self.timeouts = mesh.clouds[upstream.at].timeouts
        self.links = Links.of(mesh, decision, incoming.head)

    async def run(self, target: Target) -> web.StreamResponse:
        request = self.incoming.request
        # Of the next hop's time, every interim answer (1xx) would begin a new one.
        patience = self.timeouts.connect + self.timeouts.server
        streams = self.incoming.body is None and request.body_exists
        deadline = Deadline(None if streams else patience)
        upload = Upload(request, deadline, self.timeouts, bool(self.incoming.head.values("expect")))
        question = self._question(upload)
        response: StreamedAnswer | None = None
        try:
            async with self.upstream.ask(target, question, self.timeouts, deadline) as answer:
                upload.answered()
                told = self.heard(answer.status, answer.headers)
                theirs = self.upstream.answer_headers(target, answer)
                images = self.links.of_images(self.incoming.head.path)
                # A client takes the body of a redirect for the image, or follows it to what the gateway does not read.
                unread = images and self.decision.rewrite_links and answer.status in REDIRECTS
                if unread or self.links.astray(answer.status, self.incoming.head.method, theirs):
                    raise UpstreamError(502, f"gateway of {self.upstream.at}: {target.place} {ASTRAY}")
                kept = self.links.headers(theirs) + told
                if self.decision.rewrite_links and should_rewrite_links(answer.status, kept, images=images):
                    # Of the whole document: a peer may not send one letter by letter.
                    deadline.start(self.timeouts.server)
                    answered = Answered(self.upstream, target, answer, kept, deadline)
                    return await rewrite_links(answered, self.incoming.head, self.decision, self.links)
                response = StreamedAnswer(status=answer.status, reason=answer.reason, headers=CIMultiDict(kept))
                if answer.status == 101:
                    if question.upgrade is None:
                        raise self.upstream.unusable(target, "it goes on in a protocol that nobody asked for")
                    await tunnel(request, answer, response, question.upgrade, deadline)
                    return response
                with towards_client():
                    await response.prepare(request)
                async for chunk in answer.content.iter_any():
                    with towards_client():
                        await response.write(chunk)
                with towards_client():
                    await response.write_eof()
        except UpstreamError as error:
            if response is not None and response.prepared:
                raise CutError(error, response) from None
            if upload.broken:
                raise AnswerError(400, f"gateway of {self.upstream.at}: {BROKEN_BODY}") from None
            raise
        return response

    def _question(self, upload: Upload) -> UpstreamRequest:
        head, body = self.incoming.head, self.incoming.body
        headers = without(self.decision.headers, "expect")
        if self.decision.rewrite_links:
            headers = (*without(headers, "accept-encoding"), ("Accept-Encoding", "identity"))
        streamed = upload if body is None and self.incoming.request.body_exists else body
        upgrade = next((value for value in head.values("upgrade") if "websocket" in value.lower()), None)
        return UpstreamRequest(head.method, head.query, headers, streamed, upgrade)
