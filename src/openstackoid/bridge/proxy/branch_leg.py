# SPDX-License-Identifier: Apache-2.0
"""A leg of ``A & B``: it reads the answer of one cloud as a whole, to be made into one with others."""

from dataclasses import replace

from aiohttp import web

from openstackoid.bridge.message.deadline import Deadline
from openstackoid.bridge.message.head import Incoming, without
from openstackoid.bridge.proxy.composed_limits import HeldAnswer
from openstackoid.bridge.proxy.context import RequestContext
from openstackoid.bridge.proxy.forward import ForwardLeg, upstream_request, whole_answer
from openstackoid.bridge.proxy.rewrite_links import LIMIT, Answered, rewrite_links, should_rewrite_links
from openstackoid.bridge.upstream.target import Target
from openstackoid.bridge.upstream.upstream import read_answer
from openstackoid.routing import Single
from openstackoid.scope import Issuer

_OF_ONE_CLOUD = (
    "accept-encoding",
    "content-length",
    "transfer-encoding",
    "if-match",
    "if-none-match",
    "if-modified-since",
    "if-unmodified-since",
    "range",
)
"""Headers of a request that are about the bytes of one answer, or about a body, which a branch has not."""


class BranchLeg(ForwardLeg):
    """Authorizes and sends a request as :class:`ForwardLeg` does; its answer is a :class:`WholeAnswer`.

    ``rewrites``: rewrite links. Those of an image service are rewritten always, and its places removed. ``seconds``: for the
    whole answer, if they are fewer than those of any request. ``held``: the memory of the answer.
    """

    teaches = False

    def __init__(
        self,
        context: RequestContext,
        incoming: Incoming,
        plan: Single,
        issuer: Issuer,
        held: HeldAnswer,
        *,
        rewrites: bool,
        seconds: float | None,
    ) -> None:
        super().__init__(context, incoming, plan, issuer)
        self._held = held
        self._rewrites = rewrites
        self._seconds = self.patience if seconds is None else min(self.patience, seconds)

    async def _send(self, plan: Single, incoming: Incoming, target: Target) -> web.StreamResponse:
        """Send the request, and return its answer with its whole body."""
        upstream, deadline = self.context.upstream, Deadline(self._seconds)
        plan = replace(plan, headers=without(plan.headers, *_OF_ONE_CLOUD))
        # No answer is made of several WebSockets.
        sent = replace(upstream_request(plan, incoming, None, decoded=True), upgrade=None)
        async with upstream.send(target, sent, self.timeouts, deadline) as answer:
            headers = self._answer_headers(target, answer)
            rewrites = plan.rewrite_links and (self._rewrites or self.links.of_images(incoming.head.path))
            read = rewrites and self.links.must_be_read(incoming.head, answer.status, headers)
            if read or (rewrites and should_rewrite_links(answer.status, headers)):
                answered = Answered(upstream, target, answer, headers, deadline, self._held, read=read)
                return await rewrite_links(answered, incoming.head, plan, self.links, incoming.hidden)
            content = await read_answer(upstream, target, answer, min(LIMIT, self._held.most), self._held.hold)
        return whole_answer(answer, headers, incoming.hidden.body(content))
