# SPDX-License-Identifier: Apache-2.0
"""A request that only Python could decide, sent on as it came: bodies stream both ways and nothing is kept."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web
from multidict import CIMultiDict

from openstackoid.bridge.errors import AnswerError, ClientGoneError, CutError, StreamedAnswer
from openstackoid.bridge.head import Incoming, without
from openstackoid.bridge.upstream import Deadline, Hop, Question, Upstream, UpstreamError, hops
from openstackoid.mesh import Timeouts
from openstackoid.routing import Forward

BROKEN_BODY = "the body of the request is malformed, or did not arrive in time"


class Upload:
    """The body of a request, read as the next hop takes it.

    ``deadline`` runs while the next hop is to take a chunk; the client is given its own time to send one. A client that waits
    with its body (``invite``) is asked for it when the next hop is there to take it. ``broken``: it did not send the whole.
    """

    def __init__(self, request: web.BaseRequest, deadline: Deadline, timeouts: Timeouts, invite: bool) -> None:
        self.broken = False
        self.invite = invite
        self._request = request
        self._deadline = deadline
        self._timeouts = timeouts
        self._begun = False

    def __aiter__(self) -> "Upload":
        if self._begun:
            # A client library that wants to send the request again has nothing left to send.
            raise UpstreamError(502, "the body of a request can be sent once only")
        return self

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
            raise StopAsyncIteration
        self._deadline.start(self._timeouts.server)
        return chunk


async def invite(request: web.BaseRequest) -> None:
    """Tell a client that waits with its body (``Expect: 100-continue``) to send it."""
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    # The interim answer is no part of the one that follows.
    request.writer.output_size = 0


async def forward(upstream: Upstream, incoming: Incoming, decision: Forward, timeouts: Timeouts) -> web.StreamResponse:
    """Send the request to where it was decided to go, and stream the answer back.

    Raises :class:`AnswerError` as long as nothing of the answer is out; after that :class:`CutError`, upon which the connection
    must be cut, so that nobody takes a part for the whole.
    """
    if any("websocket" in value.lower() for value in incoming.head.values("upgrade")):
        raise AnswerError(501, f"gateway of {upstream.at}: a WebSocket is not supported with a scope that is not written plainly")
    failure: AnswerError | None = None
    for hop in hops(decision.endpoint, decision.local, decision.path):
        try:
            return await _exchange(upstream, incoming, decision, timeouts, hop)
        except UpstreamError as error:
            failure = error
            if not error.unreached:
                break
    raise failure or upstream.no_backend(decision.endpoint)


async def _exchange(
    upstream: Upstream, incoming: Incoming, decision: Forward, timeouts: Timeouts, hop: Hop
) -> web.StreamResponse:
    request, head = incoming.request, incoming.head
    deadline = Deadline()
    upload = Upload(request, deadline, timeouts, bool(head.values("expect")))
    body = upload if incoming.body is None and request.body_exists else incoming.body
    question = Question(head.method, head.query, without(decision.headers, "expect"), body)
    response: StreamedAnswer | None = None
    try:
        async with upstream.ask(hop, question, timeouts, deadline) as answer:
            upload.invite = False
            kept = upstream.answer_headers(hop, answer)
            response = StreamedAnswer(status=answer.status, reason=answer.reason, headers=CIMultiDict(kept))
            with _towards_client():
                await response.prepare(request)
            async for chunk in answer.content.iter_any():
                with _towards_client():
                    await response.write(chunk)
            with _towards_client():
                await response.write_eof()
    except UpstreamError as error:
        if response is not None:
            raise CutError(error, response) from None
        if upload.broken:
            raise AnswerError(400, f"gateway of {upstream.at}: {BROKEN_BODY}") from None
        raise
    return response


@contextmanager
def _towards_client() -> Iterator[None]:
    """Keep a client that is gone apart from a next hop that is gone: aiohttp raises the same for both."""
    try:
        yield
    except ConnectionError:
        raise ClientGoneError from None
