# SPDX-License-Identifier: Apache-2.0
"""Translate the ids in the body of a change under ``A & B`` that a merged list has shown, to those of the resource's own cloud.

A merged list shows one of equal things. A change with the id of another cloud would name nothing in this one, or another thing.
An id that peers alone have is not translated: they could say another thing than in the list.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import quote

from openstackoid.bridge.errors import AnswerError, WholeAnswer
from openstackoid.bridge.message.head import Incoming
from openstackoid.bridge.proxy.branches import Branches
from openstackoid.bridge.proxy.context import RequestContext
from openstackoid.composition import (
    EqualSearch,
    Failure,
    Fault,
    ItemKind,
    Named,
    PassOn,
    Reference,
    Refused,
    builtin_kinds,
    lacking,
    meant,
    named,
    only_told_by_peers,
    referred,
    with_referred,
)
from openstackoid.routing import REQUEST_ID, Single, with_headers


class EqualReferences:
    """Translates the bodies of changes of ``kind``; ``incoming``: the request, with its body."""

    def __init__(self, context: RequestContext, incoming: Incoming, branches: Branches, kind: ItemKind) -> None:
        self._context = context
        self._incoming = incoming
        self._branches = branches
        self._kind = kind

    async def translated(self, owner: str) -> Incoming:
        """Return the request for the cloud ``owner``. Raises :class:`AnswerError` where it is not certain what an id means."""
        incoming = self._incoming
        for reference in builtin_kinds().references(self._kind):
            id_ = None if incoming.body is None else referred(reference, incoming.body)
            if id_ is not None and incoming.body is not None:
                own = await self._own(reference, id_, owner)
                if own is not None:
                    incoming = replace(incoming, body=with_referred(reference, incoming.body, own))
        return incoming

    async def _own(self, reference: Reference, id_: str, owner: str) -> str | None:
        """Return the id that ``owner`` has for what ``id_`` means, or None for this one."""
        clouds = self._branches.clouds
        answers = await self._ask_each(clouds, f"{reference.of.resources}/{quote(id_)}")
        outcomes = {cloud: self._outcome(reference, cloud, answer) for cloud, answer in answers.items()}
        thing = meant(reference, id_, owner, clouds, outcomes)
        if isinstance(thing, Refused):
            raise self._refused(thing)
        if thing is None:
            return None
        search = EqualSearch(reference.of, owner, thing.equal)
        while (query := search.query) is not None:
            answer = await self._ask(owner, reference.of.path, query)
            failure = self._failure(owner, answer)
            if failure is None and isinstance(answer, WholeAnswer):
                failure = await asyncio.to_thread(search.take, answer.content)
            if failure is not None:
                raise self._refused(Refused(503, f"{failure}; the {reference.item} '{id_}' is not certain; nothing was changed"))
        having = [cloud for cloud in clouds if isinstance(outcomes[cloud], Named)]
        if search.found is None:
            raise self._refused(lacking(reference, id_, owner, thing, having[0]))
        if not any(plan is not None and plan.local for plan in map(self._branches.plan, having)):
            raise self._refused(only_told_by_peers(reference, id_, owner, thing, of=having[0], own=search.found))
        return search.found

    def _outcome(self, reference: Reference, cloud: str, answer: WholeAnswer | Failure) -> Named | int | Failure:
        failure = self._failure(cloud, answer)
        if failure is None and isinstance(answer, WholeAnswer):
            return named(reference, cloud, answer.content)
        return failure.status if failure is not None and failure.fault is Fault.STATUS else failure or 404

    def _failure(self, cloud: str, answer: WholeAnswer | Failure) -> Failure | None:
        """Return the failure of an answer. Raises that of a cloud that refuses the token, so that the client logs in again."""
        found = answer if isinstance(answer, Failure) else None
        if isinstance(answer, WholeAnswer) and not 200 <= answer.status < 300:
            found = Failure(cloud, Fault.STATUS, answer.status)
        if found is not None and found.status == 401:
            self._branches.end(PassOn(cloud))
            raise AnswerError(401, f"gateway of {self._context.here.name}: {found}", title="Unauthorized")
        return found

    async def _ask_each(self, clouds: Sequence[str], path: str) -> dict[str, WholeAnswer | Failure]:
        """Return the answers of clouds to a GET of another path of the service, which are asked side by side."""
        tasks = [asyncio.ensure_future(self._ask(cloud, path)) for cloud in clouds]
        try:
            return dict(zip(clouds, await asyncio.gather(*tasks), strict=True))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, cloud: str, path: str, query: str | None = None) -> WholeAnswer | Failure:
        head = self._incoming.head
        own, ids = f"{self._kind.resources}/{self._kind.id}{self._kind.below}", head.values(REQUEST_ID)

        def moved(plan: Single) -> Single:
            # The workflow of a write begins with the write, which has its id.
            headers = with_headers(plan.headers, {REQUEST_ID: ids[0] if len(ids) == 1 else None})
            return replace(plan, path=plan.path.removesuffix(own) + path, headers=headers, remember=None)

        asked = replace(head, method="GET", path=head.path.removesuffix(own) + path, query=query)
        return await self._branches.ask(cloud, replace(self._incoming, head=asked, body=None), rewrites=False, change=moved)

    def _refused(self, refused: Refused) -> AnswerError:
        return AnswerError(refused.status, f"gateway of {self._context.here.name}: {refused.message}")
