# SPDX-License-Identifier: Apache-2.0
"""Carry out a request for a merged list: pages of all clouds in, one page out."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from multidict import CIMultiDict

from openstackoid.bridge.errors import AnswerError, CutError, StreamedAnswer, WholeAnswer, towards_client
from openstackoid.bridge.message.head import Head, Incoming
from openstackoid.bridge.proxy.branches import Branches
from openstackoid.bridge.proxy.composed_answer import composed_answer, composed_headers
from openstackoid.bridge.proxy.composed_limits import OverloadError
from openstackoid.bridge.proxy.context import RequestContext
from openstackoid.bridge.proxy.links import Links
from openstackoid.bridge.resource_index import View
from openstackoid.composition import Asker, Composed, CompositionError, Failure, Listing, ListKind, PageRequest
from openstackoid.composition.kinds import OBJECT_STORE
from openstackoid.routing import All, Single
from openstackoid.routing.images import IMAGE

_HELD, _HELD_OF_PAGE = 2**20, 2**24
"""Bytes of a list without a limit, and of a page, that are held before the first is sent: a shorter one says what it lacks."""
_LARGE = 256 * 1024
_PLAIN = "text/plain; charset=utf-8"


class MergedList:
    """Carries out ``plan`` for a list, by ``branches``. ``view``: of its items, which the index notes, or None."""

    def __init__(
        self, context: RequestContext, incoming: Incoming, plan: All, branches: Branches, view: View | None = None
    ) -> None:
        self._context = context
        self._incoming = incoming
        self._plan = plan
        self._branches = branches
        self._view = view
        self._first: WholeAnswer | None = None
        self._plain = False

    async def run(self, kind: ListKind, user: str, *, strict: bool) -> web.StreamResponse:
        """Return the answer; see :meth:`Leg.run`. ``user``: an id of the user, whose markers are of no use to others."""
        head, branches = self._incoming.head, self._branches.branches
        self._plain = kind.service == OBJECT_STORE and self._is_plain(head)
        try:
            asker = Asker(user, self._context.cursors.current(), self._context.markers)
            listing = Listing(
                kind, head.query or "", branches, self._plan.expression, asker, rewrite=self._rewrite(kind), plain=self._plain
            )
        except CompositionError as error:
            raise self._refused(error) from None
        body, response = bytearray(), None
        most = _HELD if listing.is_unlimited else _HELD_OF_PAGE
        while requests := listing.wanted():
            try:
                await self._take(listing, requests)
                body += listing.chunks()
                await self._branches.held.hold("", len(body) + listing.waiting)
            except OverloadError as error:
                if response is None:
                    raise
                raise CutError(error, response) from None
            outcome = listing.outcome(strict=strict)
            if not isinstance(outcome, Composed):
                # No further page changes it.
                break
            if response is None and len(body) > most:
                response = await self._begin(outcome)
                began, self._branches.time.is_shared = outcome, False
            if response is not None:
                with towards_client():
                    await response.write(bytes(body))
                body.clear()
        outcome = listing.outcome(strict=strict)
        if response is not None:
            if outcome != began:
                # The head has said another thing.
                raise CutError(AnswerError(502, f"gateway of {self._context.here.name}: a cloud failed in its list"), response)
            tail = self._tail(listing, response)
            with towards_client():
                await response.write(tail)
                await response.write_eof()
            return response
        if not isinstance(outcome, Composed):
            return self._branches.end(outcome)
        body += self._tail(listing, None)
        if self._first is None:
            # After the last item of all clouds, none is asked.
            self._first = WholeAnswer(headers=CIMultiDict({"Content-Type": _PLAIN if self._plain else "application/json"}))
        return composed_answer(self._first, bytes(body), outcome)

    def _refused(self, error: CompositionError) -> AnswerError:
        return AnswerError(error.status, f"gateway of {self._context.here.name}: {error}")

    async def _take(self, listing: Listing, requests: list[PageRequest]) -> None:
        """Send requests for pages side by side, and take their answers."""
        incoming = {
            request.cloud: replace(self._incoming, head=replace(self._incoming.head, query=request.query), body=None)
            for request in requests
        }
        found = await self._branches.ask_each(incoming.items(), rewrites=False)
        for branch, answer in found.items():
            source = self._branches.sources.get(branch)
            if isinstance(answer, Failure):
                listing.fail(answer)
            elif len(answer.content) > _LARGE:
                await asyncio.to_thread(listing.answer, branch, answer.status, answer.content, source)
            else:
                listing.answer(branch, answer.status, answer.content, source)
            if isinstance(answer, WholeAnswer) and answer.status == 200:
                # The items have taken what the bytes say.
                self._branches.drop(branch)
                if self._first is None:
                    self._first = WholeAnswer(headers=answer.headers)
                    if self._plain:
                        self._first.headers["Content-Type"] = _PLAIN

    def _tail(self, listing: Listing, response: StreamedAnswer | None) -> bytes:
        """Note the clouds of the items, and return the end of the body.

        Raises :class:`AnswerError`, or :class:`CutError` for ``response``, where the link to another page is too long.
        """
        self._learn(listing)
        try:
            return listing.tail(self._url(self._branches.first_plan, self._incoming.head))
        except CompositionError as error:
            refused = self._refused(error)
            raise refused if response is None else CutError(refused, response) from None

    def _learn(self, listing: Listing) -> None:
        """Note the clouds of the items in the index."""
        if self._view is not None:
            index, claims = self._context.resources, listing.claims
            index.forget(self._view, claims.contested)
            index.learn(self._view, claims.sole(), certain=listing.is_whole)

    async def _begin(self, outcome: Composed) -> StreamedAnswer:
        """Send the head of a long answer."""
        response = StreamedAnswer(status=200, headers=CIMultiDict(composed_headers(self._first, outcome)))
        with towards_client():
            await response.prepare(self._incoming.request)
        return response

    def _rewrite(self, kind: ListKind) -> Callable[[str, Any], Any] | None:
        """Return the function that rewrites the links of items; those of images are rewritten with their places."""
        plans = {cloud: self._branches.plan(cloud) for cloud in self._branches.clouds}
        links = {
            cloud: Links.of(self._context.mesh, plan, self._incoming.head)
            for cloud, plan in plans.items()
            if plan is not None and plan.rewrite_links
        }
        if not links or kind.service == IMAGE:
            return None

        def rewritten(cloud: str, item: Any) -> Any:
            return links[cloud].rewritten({"item": item}, whole=False).get("item", {}) if cloud in links else item

        return rewritten

    def _is_plain(self, head: Head) -> bool:
        """Return whether a client of Swift wants plain text: without a word about JSON. Raises :class:`AnswerError` for XML."""
        formats = [value for name, value in parse_qsl(head.query or "") if name == "format"]
        accepted = ", ".join(head.values("accept"))
        wanted = formats[-1] if formats else accepted
        if "json" in wanted:
            return False
        if "xml" in wanted:
            message = (
                f"gateway of {self._context.here.name}: a list of several clouds is JSON or plain text; format=json asks for it"
            )
            raise AnswerError(406, message)
        return True

    @staticmethod
    def _url(plan: Single, head: Head) -> str:
        """Return the URL of the list as the client called it; of Glance, whose links are paths, its path."""
        if plan.endpoint.service == IMAGE:
            return plan.path[len(plan.endpoint.frontend.prefix) :]
        frontend = plan.frontend_endpoint.frontend
        host = next(iter(head.values("host")), None)
        return (frontend.origin() if host is None else f"{frontend.scheme}://{host}") + head.path
