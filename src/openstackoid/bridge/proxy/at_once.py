# SPDX-License-Identifier: Apache-2.0
"""Carry out ``A & B``: ask all clouds at once, and make one answer of theirs; find the cloud of one resource."""

import hashlib
import json
from typing import Any

from aiohttp import web
from multidict import CIMultiDict

from openstackoid.bridge.errors import AnswerError, WholeAnswer
from openstackoid.bridge.message.head import Incoming
from openstackoid.bridge.proxy.branches import Branches
from openstackoid.bridge.proxy.composed_answer import composed_answer, composed_headers
from openstackoid.bridge.proxy.context import RequestContext
from openstackoid.bridge.proxy.merged_list import MergedList
from openstackoid.bridge.proxy.named_resource import NamedResource
from openstackoid.bridge.proxy.one_resource import Forward, OneResource
from openstackoid.bridge.resource_index import View
from openstackoid.composition import (
    ALL_BYTES,
    CommonKind,
    Composed,
    Failure,
    Fault,
    HeadersKind,
    ItemKind,
    ListKind,
    NamedKind,
    TotalKind,
    VersionsKind,
    common_part,
    common_versions,
    composed_outcome,
    header_totals,
    parse_object,
    total,
)
from openstackoid.routing import All
from openstackoid.store import Owner

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
        owner = await self._owner()
        match self._plan.kind:
            case ListKind() as kind:
                # Of several clouds in turn, not all were heard.
                known = kind.resources is not None and self._branches.branches == self._branches.clouds
                view = self._view(owner, kind.service, kind.resources or "") if known else None
                user = hashlib.sha256(b"").hexdigest() if owner is None else str(owner)
                merged = MergedList(self._context, self._incoming, self._plan, self._branches, view)
                return await merged.run(kind, user, strict=self._is_strict())
            case ItemKind() as kind:
                view = self._view(owner, kind.service, kind.resources)
                one = OneResource(self._context, self._incoming, self._plan, self._branches, kind=kind, view=view)
                return await one.run(self._forward)
            case NamedKind() as kind:
                return await NamedResource(self._context, self._incoming, self._plan, self._branches, kind).run(self._forward)
            case HeadersKind():
                return await self._headers()
            case kind:
                return await self._document(kind)

    async def _owner(self) -> Owner | None:
        """Return the user, whose token a Keystone has accepted; None for a request without a token."""
        context, plan = self._context, self._branches.first_plan
        if plan.user is None:
            return None
        head = self._incoming.head
        return await context.authorizer.owner(plan.user, None, head, plan, mesh=context.mesh, readers=context.readers)

    def _view(self, owner: Owner | None, service: str, path: str) -> View | None:
        """Return the view of the user on resources; None for a user whose cloud does not say who it is."""
        user = self._branches.first_plan.user
        principal = None if user is None else self._context.authorizer.validator.principal(user.token, user.issuer)
        if owner is None or principal is None:
            return None
        sight = (principal.user.id, principal.project.id, *sorted(principal.roles))
        return View(owner, sight, service, path, self._branches.clouds)

    def _is_strict(self) -> bool:
        values = self._incoming.head.values(STRICT)
        if values not in ([], ["true"], ["false"]):
            raise AnswerError(400, f"gateway of {self._context.here.name}: X-Scope-Strict is not understood; 'true' is accepted")
        return values == ["true"]

    async def _headers(self) -> WholeAnswer:
        """Return the sums of the numbers in the headers of the clouds' answers."""
        branches = self._branches.branches
        found = await self._branches.ask_each((branch, self._incoming) for branch in branches)
        sound = [answer for answer in found.values() if isinstance(answer, WholeAnswer) and 200 <= answer.status < 300]
        failures = [
            answer if isinstance(answer, Failure) else Failure(branch, Fault.STATUS, answer.status)
            for branch, answer in found.items()
            if answer not in sound
        ]
        outcome = composed_outcome(branches, failures, strict=self._is_strict())
        if not isinstance(outcome, Composed):
            return self._branches.end(outcome)
        totals = header_totals(answer.headers.items() for answer in sound)
        headers = CIMultiDict([*composed_headers(sound[0], outcome), *totals])
        return WholeAnswer(status=sound[0].status, headers=headers)

    async def _document(self, kind: TotalKind | CommonKind | VersionsKind) -> WholeAnswer:
        """Return a sum or an intersection of the clouds' documents."""
        branches = self._branches.branches
        found = await self._branches.ask_each((branch, self._incoming) for branch in branches)
        documents: dict[str, dict[str, Any]] = {}
        failures: list[Failure] = []
        for branch, answer in found.items():
            read = _document_of(branch, answer, ALL_BYTES // len(branches))
            if isinstance(read, Failure):
                failures.append(read)
            else:
                documents[branch] = read
        match kind:
            case TotalKind():
                composed, others = total(kind, documents, self._branches.sources)
            case CommonKind():
                composed, others = common_part(kind, documents, self._branches.sources)
            case VersionsKind():
                composed, others = common_versions(documents)
        outcome = composed_outcome(branches, failures + others, strict=self._is_strict())
        if not isinstance(outcome, Composed):
            return self._branches.end(outcome)
        first = next(answer for branch, answer in found.items() if branch in documents and isinstance(answer, WholeAnswer))
        return composed_answer(first, json.dumps(composed).encode("ascii"), outcome)


def _document_of(cloud: str, answer: WholeAnswer | Failure, most: int) -> dict[str, Any] | Failure:
    if isinstance(answer, Failure):
        return answer
    if answer.status not in (200, 203, 300):
        return Failure(cloud, Fault.STATUS, answer.status)
    return parse_object(cloud, answer.content, most)
