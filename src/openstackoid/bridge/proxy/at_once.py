# SPDX-License-Identifier: Apache-2.0
"""Carry out ``A & B``: ask all clouds at once, and make one answer of theirs; find the cloud of one resource."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from aiohttp import web

from openstackoid.bridge.errors import AnswerError, WholeAnswer
from openstackoid.bridge.message.body import with_small_body
from openstackoid.bridge.message.head import Incoming, without
from openstackoid.bridge.proxy.branches import Branches
from openstackoid.bridge.proxy.composed_answer import composed_answer, with_cloud
from openstackoid.bridge.proxy.context import RequestContext
from openstackoid.bridge.proxy.leg import Leg
from openstackoid.bridge.proxy.merged_list import MergedList
from openstackoid.composition import (
    ALL_BYTES,
    CommonKind,
    Composed,
    Failure,
    Fault,
    ItemKind,
    ListKind,
    TotalKind,
    VersionsKind,
    common_part,
    common_versions,
    composed_outcome,
    item_outcome,
    owner_outcome,
    parse_object,
    total,
    without_cloud,
)
from openstackoid.routing import READS, REQUEST_ID, All, Relay, Single, with_headers

Forward = Callable[[Single, Incoming], Awaitable[Leg[Single] | Leg[Relay]]]
"""Makes the leg that streams the answer of one cloud to the client."""

STRICT = "x-scope-strict"
"""The header with which a user refuses partial answers."""


class AtOnce:
    """Carries out ``plan`` for the request ``incoming``; ``forward`` makes the leg to the one cloud of a resource."""

    def __init__(self, context: RequestContext, incoming: Incoming, plan: All, branches: Branches, forward: Forward) -> None:
        self._context = context
        self._incoming = incoming
        self._plan = plan
        self._branches = branches
        self._forward = forward

    async def run(self) -> web.StreamResponse:
        """Return the answer; see :meth:`Leg.run`. No cloud is asked with a made-up token."""
        user = await self._user()
        match self._plan.kind:
            case ListKind() as kind:
                strict = self._is_strict()
                return await MergedList(self._context, self._incoming, self._plan, self._branches).run(kind, user, strict=strict)
            case ItemKind() as kind:
                return await self._item(kind)
            case kind:
                return await self._document(kind)

    async def _user(self) -> str:
        """Return an id of the user, whose token a Keystone has accepted."""
        context, head = self._context, self._incoming.head
        plan = self._branches.first_plan
        if plan.user is None:
            return hashlib.sha256("".join(head.values("x-auth-token")).encode()).hexdigest()
        owner = context.authorizer.owner(plan.user, None, head, plan, mesh=context.mesh, readers=context.readers)
        return str(await owner)

    def _is_strict(self) -> bool:
        values = self._incoming.head.values(STRICT)
        if values not in ([], ["true"], ["false"]):
            raise AnswerError(400, f"gateway of {self._context.here.name}: X-Scope-Strict is not understood; 'true' is accepted")
        return values == ["true"]

    async def _document(self, kind: TotalKind | CommonKind | VersionsKind) -> WholeAnswer:
        """Return a sum or an intersection of the clouds' documents."""
        clouds = self._branches.clouds
        found = await self._branches.ask_each((cloud, self._incoming) for cloud in clouds)
        documents: dict[str, dict[str, Any]] = {}
        failures: list[Failure] = []
        for cloud, answer in found.items():
            read = _document_of(cloud, answer, ALL_BYTES // len(clouds))
            if isinstance(read, Failure):
                failures.append(read)
            else:
                documents[cloud] = read
        match kind:
            case TotalKind():
                composed, others = total(kind, documents)
            case CommonKind():
                composed, others = common_part(kind, documents)
            case VersionsKind():
                composed, others = common_versions(documents)
        outcome = composed_outcome(clouds, failures + others, strict=self._is_strict())
        if not isinstance(outcome, Composed):
            return self._branches.end(outcome)
        first = next(answer for cloud, answer in found.items() if cloud in documents and isinstance(answer, WholeAnswer))
        return composed_answer(first, json.dumps(composed).encode("ascii"), outcome)

    async def _item(self, kind: ItemKind) -> web.StreamResponse:
        """Return the answer of the cloud that has a resource."""
        if self._incoming.head.method in READS and not kind.below:
            cloud, answer = await self._found(kind, self._incoming)
            return answer if cloud is None else with_cloud(answer, kind, cloud, self._context.here.name)
        plan, incoming = await self._owner(kind), await self._stripped()
        if incoming.body is not None:
            plan = replace(plan, headers=without(plan.headers, "content-length"))
        return await (await self._forward(plan, incoming)).run()

    async def _stripped(self) -> Incoming:
        """Return the request without our attributes in its body."""
        incoming = await with_small_body(self._incoming, self._context.here)
        return replace(incoming, body=without_cloud(incoming.body)) if incoming.body else incoming

    async def _owner(self, kind: ItemKind) -> Single:
        """Return the plan for the cloud that has the resource. Raises :class:`AnswerError` where that is not certain."""
        head, below = self._incoming.head, kind.below
        ids = head.values(REQUEST_ID)

        def located(plan: Single) -> Single:
            # The workflow of a write begins with the write, which has its id.
            headers = with_headers(plan.headers, {REQUEST_ID: ids[0] if len(ids) == 1 else None})
            return replace(plan, path=plan.path.removesuffix(below), headers=headers, remember=None)

        asked = replace(head, method="GET", path=head.path.removesuffix(below), query=None)
        cloud, answer = await self._found(kind, replace(self._incoming, head=asked, body=None), located)
        plan = None if cloud is None else self._branches.plan(cloud)
        if plan is None:
            message = f"gateway of {self._context.here.name}: no cloud of {self._plan.expression} has {kind.id!r}"
            raise AnswerError(answer.status if answer.status >= 400 else 404, message, reason="no cloud has it")
        return plan

    async def _found(
        self, kind: ItemKind, incoming: Incoming, change: Callable[[Single], Single] = lambda plan: plan
    ) -> tuple[str | None, WholeAnswer]:
        """Return the cloud that has a resource, with its answer; or None, with the answer about a missing one."""
        clouds = self._branches.clouds
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
                outcome = judge(kind.id, clouds, outcomes)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if outcome is None:
            raise AssertionError("all outcomes decide")
        answer = self._branches.end(outcome)
        has = next((cloud for cloud in clouds if self._branches.answers.get(cloud) is answer), None)
        return (has if answer.status < 400 else None), answer


def _document_of(cloud: str, answer: WholeAnswer | Failure, most: int) -> dict[str, Any] | Failure:
    if isinstance(answer, Failure):
        return answer
    if answer.status not in (200, 203, 300):
        return Failure(cloud, Fault.STATUS, answer.status)
    return parse_object(cloud, answer.content, most)
