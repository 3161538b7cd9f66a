# SPDX-License-Identifier: Apache-2.0
"""Carry out a request for one resource under ``A & B``: find the cloud that has it, by the index or by asking all.

A read goes by any entry of the index, as the first answer of all clouds would count; a change, and a read of a part, only by one
of which all other clouds have said that they lack the resource.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from aiohttp import web

from openstackoid.bridge.errors import AnswerError, WholeAnswer
from openstackoid.bridge.message.body import OPERATION_LIMIT, read_body, with_small_body
from openstackoid.bridge.message.head import Incoming, without
from openstackoid.bridge.proxy.attempt import Attempt, LocatedAttempt, PassedError
from openstackoid.bridge.proxy.branches import Branches
from openstackoid.bridge.proxy.composed_answer import with_cloud
from openstackoid.bridge.proxy.context import RequestContext
from openstackoid.bridge.proxy.equal_references import EqualReferences
from openstackoid.bridge.proxy.leg import Leg
from openstackoid.bridge.resource_index import View
from openstackoid.composition import (
    CLOUD_HEADER,
    Failure,
    Fault,
    ItemKind,
    builtin_kinds,
    item_outcome,
    owner_outcome,
)
from openstackoid.routing import READS, REQUEST_ID, All, Relay, Single, with_headers

Forward = Callable[[Single, Incoming, Attempt | None], Awaitable[Leg[Single] | Leg[Relay]]]
"""Makes the leg that streams the answer of one cloud to the client."""


def _as_planned(plan: Single) -> Single:
    return plan


class OneResource:
    """Carries out ``plan`` for a resource of ``kind``; ``view``: its name in the index, or None for no index."""

    def __init__(
        self, context: RequestContext, incoming: Incoming, plan: All, branches: Branches, *, kind: ItemKind, view: View | None
    ) -> None:
        self._context = context
        self._incoming = incoming
        self._expression = plan.expression
        self._branches = branches
        self._kind = kind
        self._view = view
        self._for_cloud: dict[str, Incoming] = {}

    async def run(self, forward: Forward) -> web.StreamResponse:
        """Return the answer of the cloud that has the resource; ``forward`` makes the leg to it."""
        method, kind = self._incoming.head.method, self._kind
        if method in READS and not kind.below:
            cloud, answer = await self._read()
            return answer if cloud is None else with_cloud(answer, kind, cloud, self._context.here.name)
        await self._read_body()
        response = await self._by_index(forward)
        if response is None:
            response = await self._to_owner(forward, await self._owner(self._branches.clouds))
        if method == "DELETE" and not kind.below and 200 <= response.status < 300:
            self._forget()
        return response

    async def _read(self) -> tuple[str | None, WholeAnswer]:
        """Return the cloud that has the resource, with its answer; or None, with the answer about a missing one."""
        cloud = await self._known(certain=False)
        if cloud is not None:
            answer = await self._branches.ask(cloud, self._incoming)
            if isinstance(answer, WholeAnswer) and answer.status < 400:
                return cloud, answer
            if isinstance(answer, WholeAnswer) and answer.status == 404:
                self._forget()
        return await self._found(self._incoming, self._branches.clouds)

    async def _by_index(self, forward: Forward) -> web.StreamResponse | None:
        """Return the answer of the cloud that certainly has the resource, asked alone; None where none certainly has."""
        cloud = await self._certain()
        plan = None if cloud is None else self._branches.plan(cloud)
        if cloud is None or plan is None:
            return None
        if self._incoming.body is None and self._incoming.request.body_exists:
            # A body that streams is sent once, so that the cloud is asked first.
            located: Single | WholeAnswer | None = None
            with suppress(AnswerError):
                located = await self._owner((cloud,))
            if isinstance(located, Single):
                return await self._forwarded(forward, located)
            self._forget()
            return None
        try:
            return await self._forwarded(forward, self._sent(plan), LocatedAttempt(self._incoming.head))
        except PassedError as passed:
            self._forget()
            owner = await self._owner(self._branches.clouds)
            if isinstance(owner, Single) and owner.endpoint.cloud == cloud and passed.answer is not None:
                # It has the resource, and lacks another thing.
                return passed.answer
            return await self._to_owner(forward, owner)

    async def _to_owner(self, forward: Forward, owner: Single | WholeAnswer) -> web.StreamResponse:
        """Return the answer of the owner, or the error by which a cloud has refused to say whether it is that."""
        return owner if isinstance(owner, WholeAnswer) else await self._forwarded(forward, self._sent(owner))

    async def _forwarded(self, forward: Forward, plan: Single, attempt: Attempt | None = None) -> web.StreamResponse:
        """Return the answer of one cloud, which it names."""
        told = ((CLOUD_HEADER, plan.endpoint.cloud),)
        incoming = await self._translated(plan.endpoint.cloud)
        leg = await forward(plan, replace(incoming, told=told), attempt)
        return await leg.answer()

    async def _certain(self) -> str | None:
        """Return the cloud that certainly has the resource, and what the request refers to."""
        cloud = await self._known(certain=True)
        if cloud is None:
            return None
        try:
            await self._translated(cloud)
        except AnswerError:
            # The resource may be in another cloud by now.
            self._forget()
            return None
        return cloud

    async def _translated(self, cloud: str) -> Incoming:
        """Return the request with the ids of this cloud. Raises :class:`AnswerError` where they are not certain."""
        if cloud not in self._for_cloud:
            references = EqualReferences(self._context, self._incoming, self._branches, self._kind)
            self._for_cloud[cloud] = await references.translated(cloud)
        return self._for_cloud[cloud]

    async def _known(self, *, certain: bool) -> str | None:
        """Return the cloud of the resource by the index, or None."""
        row = None if self._view is None else await self._context.resources.find(self._view, self._kind.id)
        if row is None or row.cloud not in self._branches.clouds or (certain and not row.certain):
            return None
        return row.cloud

    def _forget(self) -> None:
        if self._view is not None:
            self._context.resources.forget(self._view, [self._kind.id])

    async def _read_body(self) -> None:
        """Read the body of the request, if it may have our attributes, or ids of one cloud."""
        incoming, here = self._incoming, self._context.here
        if incoming.body is None and builtin_kinds().references(self._kind):
            # A body that may name an equal thing is read, whatever its length.
            incoming = replace(incoming, body=await read_body(incoming.request, incoming.head, OPERATION_LIMIT, here))
        self._incoming = await with_small_body(incoming, here)

    def _sent(self, plan: Single) -> Single:
        """Return a plan for the body as it is now."""
        if self._incoming.body is None:
            return plan
        return replace(plan, headers=without(plan.headers, "content-length", "transfer-encoding"))

    async def _owner(self, clouds: Sequence[str]) -> Single | WholeAnswer:
        """Return the plan for the one of ``clouds`` that has the resource, or the error by which a cloud refuses to say it.

        Raises :class:`AnswerError` where no cloud has it, or that is not certain.
        """
        head, below = self._incoming.head, self._kind.below
        ids = head.values(REQUEST_ID)

        def located(plan: Single) -> Single:
            # The workflow of a write begins with the write, which has its id.
            headers = with_headers(plan.headers, {REQUEST_ID: ids[0] if len(ids) == 1 else None})
            return replace(plan, path=plan.path.removesuffix(below), headers=headers, remember=None)

        asked = replace(head, method="GET", path=head.path.removesuffix(below), query=None)
        cloud, answer = await self._found(replace(self._incoming, head=asked, body=None), clouds, located)
        plan = None if cloud is None else self._branches.plan(cloud)
        if plan is None and answer.status >= 400 and answer.status != 404:
            return answer
        if plan is None:
            message = f"gateway of {self._context.here.name}: no cloud of {self._expression} has {self._kind.id!r}"
            raise AnswerError(answer.status if answer.status >= 400 else 404, message, reason="no cloud has it")
        return plan

    async def _found(
        self, incoming: Incoming, clouds: Sequence[str], change: Callable[[Single], Single] = _as_planned
    ) -> tuple[str | None, WholeAnswer]:
        """Ask ``clouds``, and return the one that has the resource, with its answer; or None, with that about a missing one."""
        tasks = {asyncio.ensure_future(self._branches.ask(cloud, incoming, change=change)): cloud for cloud in clouds}
        outcomes: dict[str, int | Failure] = {}
        outcome, judge = None, item_outcome if self._incoming.head.method in READS else owner_outcome
        try:
            pending = set(tasks)
            while pending and outcome is None:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    answer = task.result()
                    silent = isinstance(answer, Failure) and answer.fault is not Fault.STATUS
                    outcomes[tasks[task]] = answer if isinstance(answer, Failure) and silent else answer.status
                outcome = judge(self._kind.id, clouds, outcomes)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if outcome is None:
            raise AssertionError("all outcomes decide")
        self._learn(outcomes)
        answer = self._branches.end(outcome)
        has = next((cloud for cloud in clouds if self._branches.answers.get(cloud) is answer), None)
        return (has if answer.status < 400 else None), answer

    def _learn(self, outcomes: dict[str, int | Failure]) -> None:
        """Note the cloud that has the resource, where no other says so, too."""
        having = [cloud for cloud, outcome in outcomes.items() if isinstance(outcome, int) and 200 <= outcome < 400]
        if self._view is None or not having:
            return
        if len(having) > 1:
            self._forget()
            return
        others = [cloud for cloud in self._branches.clouds if cloud not in having]
        certain = all(outcomes.get(cloud) == 404 for cloud in others)
        self._context.resources.learn(self._view, [(self._kind.id, having[0])], certain=certain)
