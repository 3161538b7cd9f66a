# SPDX-License-Identifier: Apache-2.0
"""Carry out a request for a container or an object of Swift under ``A & B``: find the cloud that has it, and send it there.

Its names are the users': several clouds may have the same one. A read is of the first cloud of the scope that has it; a change is
sent only where no other cloud may have it.
"""

import asyncio
from dataclasses import replace

from aiohttp import web

from openstackoid.bridge.errors import AnswerError, WholeAnswer
from openstackoid.bridge.message.head import Incoming
from openstackoid.bridge.proxy.branches import Branches
from openstackoid.bridge.proxy.composed_answer import with_message
from openstackoid.bridge.proxy.context import RequestContext
from openstackoid.bridge.proxy.one_resource import Forward
from openstackoid.composition import CLOUD_HEADER, Failure, Fault, NamedKind, PassOn, item_outcome, named_outcome
from openstackoid.routing import READS, All, Single


class NamedResource:
    """Carries out ``plan`` for a resource of ``kind``."""

    def __init__(self, context: RequestContext, incoming: Incoming, plan: All, branches: Branches, kind: NamedKind) -> None:
        self._context = context
        self._incoming = incoming
        self._expression = plan.expression
        self._branches = branches
        self._kind = kind

    async def run(self, forward: Forward) -> web.StreamResponse:
        """Return the answer of the cloud that has the resource; ``forward`` makes the leg to it."""
        owner = await self._owner()
        if isinstance(owner, WholeAnswer):
            return owner
        leg = await forward(owner, replace(self._incoming, told=((CLOUD_HEADER, owner.endpoint.cloud),)), None)
        return await leg.answer()

    async def _owner(self) -> Single | WholeAnswer:
        """Return the plan for the cloud that has the resource, or the error by which a cloud refuses to say whether it has.

        Raises :class:`AnswerError` where no cloud has it, or that is not certain.
        """
        head, clouds = self._incoming.head, self._branches.clouds
        asked = replace(self._incoming, head=replace(head, method="HEAD"), body=None)
        judge = item_outcome if head.method in READS else named_outcome
        outcomes: dict[str, int | Failure] = {}
        tasks = {asyncio.ensure_future(self._branches.ask(cloud, asked, rewrites=False)): cloud for cloud in clouds}
        try:
            pending, outcome = set(tasks), None
            while pending and outcome is None:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    answer = task.result()
                    silent = isinstance(answer, Failure) and answer.fault is not Fault.STATUS
                    outcomes[tasks[task]] = answer if isinstance(answer, Failure) and silent else answer.status
                outcome = judge(self._kind.name, clouds, outcomes)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if outcome is None:
            raise AssertionError("all outcomes decide")
        answer = self._branches.end(outcome)
        plan = self._branches.plan(outcome.cloud) if isinstance(outcome, PassOn) and answer.status < 400 else None
        if plan is None and isinstance(outcome, PassOn) and answer.status != 404:
            message = f"gateway of {self._context.here.name}: {outcome.cloud} answers {answer.status} about {self._kind.name!r}"
            return with_message(answer, AnswerError(answer.status, f"{message}; no other cloud of {self._expression} has it"))
        if plan is None:
            message = f"gateway of {self._context.here.name}: no cloud of {self._expression} has {self._kind.name!r}"
            raise AnswerError(404, message, reason="no cloud has it")
        return plan
