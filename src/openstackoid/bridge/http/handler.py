# SPDX-License-Identifier: Apache-2.0
"""A request's way through the bridge: read, decide, guard, relay or forward, and what is kept of it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import uuid4

from aiohttp import web
from multidict import MultiMapping

from openstackoid.bridge.audit.audit_log import Audit, AuditError
from openstackoid.bridge.audit.egress import EgressAudit
from openstackoid.bridge.errors import AnswerError, needing_store
from openstackoid.bridge.http.head import Head, Incoming, read_head
from openstackoid.bridge.identity.admission_header import encode
from openstackoid.bridge.identity.authorization import Authorizer, Entry, entry_of, refused_entry
from openstackoid.bridge.identity.guest_project import DOCUMENT_LIMIT, GuestRequest, with_project_here
from openstackoid.bridge.identity.local_projects import LocalProjects
from openstackoid.bridge.identity.readers import Reader
from openstackoid.bridge.identity.token_documents import body_token, document
from openstackoid.bridge.identity.token_record import TokenRefusedError
from openstackoid.bridge.log import LOG, shown_method, shown_path
from openstackoid.bridge.pages.router import Pages
from openstackoid.bridge.proxy.forward import BROKEN_BODY, forward, invite
from openstackoid.bridge.proxy.relay import relay
from openstackoid.bridge.proxy.upstream import Upstream, UpstreamError
from openstackoid.bridge.trace.records import BRIDGE, LOCAL, NONE, RECALLED, REFUSE, REMOTE, Record, way_of_scope
from openstackoid.bridge.workflows import Workflows
from openstackoid.mesh import Mesh
from openstackoid.routing import (
    IDENTITY,
    REQUEST_ID,
    Decision,
    Forward,
    Guarded,
    Headers,
    NotRead,
    ReadBody,
    ReadStore,
    Refuse,
    Relay,
    Request,
    asks_for_token,
    is_traced,
    judge,
    marked_id,
    may_be_remembered,
    scoped_url,
)
from openstackoid.routing.egress import ADMISSION_HEADER
from openstackoid.scope import Scope

AUTHENTICATION_LIMIT = 64 * 1024
"""Bytes of the body of an authentication; Keystone's own limit for any body is 112 KiB."""
OPERATION_LIMIT = 128 * 1024
"""Bytes of a body that decides whether an operation may begin; oslo.middleware's limit, which Nova has, is 112 KiB."""


@dataclass(frozen=True, slots=True)
class RequestContext:
    """What a request at the gateway of the cloud ``at`` is served by: the state of the bridge when it came."""

    mesh: Mesh
    at: str
    upstream: Upstream
    pages: Pages
    workflows: Workflows
    readers: Mapping[str, Reader]
    guard: Authorizer
    ids: LocalProjects
    audit: Audit


class RequestHandler:
    """One request, step by step. ``head``, ``cloud``, ``done`` and ``status`` tell the log and the record how far it came.

    ``egress``: what the audit log is to say of it, once it is sent to a peer.
    """

    def __init__(self, context: RequestContext, request: web.BaseRequest) -> None:
        self.head: Head | None = None
        self.cloud = context.at
        self.done = ""
        self.status = 0
        self.egress: EgressAudit | None = None
        self._home = context.at
        self._entry: Entry | None = None
        self._route = BRIDGE
        self._way = NONE
        self._context = context
        self._mesh = context.mesh
        self._here = context.mesh.clouds[context.at]
        self._workflows = context.workflows
        self._pages = context.pages
        self._upstream = context.upstream
        self._request = request

    async def run(self) -> web.StreamResponse:
        """Take the steps. Raises :class:`AnswerError`, :class:`CutError` or :class:`ClientGoneError`."""
        head = self.head = read_head(self._request, self._here.name)
        if self._pages.own(head.path):
            self.done = "page"
            return await self._pages.answer(head, self._mesh, self._context.readers)
        decision, body, known = await self._decided(head, await self._read_authentication(head))
        if isinstance(decision, Refuse):
            self._route = REFUSE
            raise AnswerError(decision.status, decision.message, title=decision.title, reason="refused")
        self.cloud = decision.endpoint.cloud
        if isinstance(decision, Relay):
            self._leave(head, decision)
            answer = await self._relay(head, body, decision)
            self.done = "relayed"
            return answer
        self._route = LOCAL if decision.local else REMOTE
        self._way = RECALLED if decision.recalled else self._way
        if decision.guard is not None:
            sent = await self._admit(decision.guard, GuestRequest(head, decision, body))
            head, decision, body = sent.head, sent.decision, sent.body
        begun, user = decision.remember, decision.user
        if begun is not None and user is not None:
            guard, readers = self._context.guard, self._context.readers
            owner = await guard.owner(user, self._entry, head, decision, mesh=self._mesh, readers=readers)
            with needing_store(self._here.name):
                known = not await self._workflows.remember(begun, owner, self._here.memory) or known
        self._leave(head, decision)
        # Where nothing was begun, it is forgotten: who is refused may not push the workflows of others out of the memory.
        try:
            response = await forward(self._upstream, Incoming(self._request, head, body), decision, self._mesh, self._heard)
        except UpstreamError as error:
            if begun is not None and not known and error.unreached:
                self._workflows.forget(begun)
            raise
        if begun is not None and not known and 300 <= response.status < 500:
            self._workflows.forget(begun)
        return response

    async def _decided(self, head: Head, body: bytes | None) -> tuple[Forward | Relay | Refuse, bytes | None, bool]:
        """Return the decision, the body where it was read, and whether the store knows the workflow. Read both only if needed."""
        ids = head.values(REQUEST_ID)
        recalled: Scope | NotRead | None = None
        if len(ids) == 1 and may_be_remembered(ids[0]):
            recalled = self._workflows.cached(ids[0], self._here.memory) or NotRead.NOT_READ
        operation: Any = None
        while True:
            decision = self._decide(head, body, operation, recalled)
            if isinstance(decision, ReadStore) and isinstance(recalled, NotRead):
                with needing_store(self._here.name):
                    recalled = await self._workflows.find(ids[0], self._here.memory)
            elif isinstance(decision, ReadBody) and operation is None:
                body = await self._read_body(head, OPERATION_LIMIT)
                operation = {} if body is None else document(body)
            elif isinstance(decision, ReadBody | ReadStore):
                raise AssertionError("what was read is asked for again")
            else:
                return decision, body, isinstance(recalled, Scope)

    def _leave(self, head: Head, decision: Forward | Relay) -> None:
        if not decision.local:
            self.egress = EgressAudit(self._here.name, self._home, decision, head)

    async def _admit(self, guarded: Guarded, request: GuestRequest) -> GuestRequest:
        """Return a request with a foreign identity as it goes on, once the guard lets it."""
        head, decision = request.head, request.decision
        self._entry = entry_of(guarded, decision, head)
        await self._context.guard.authorize(self._entry, head, decision, mesh=self._mesh, readers=self._context.readers)
        self._check_audit()
        own = self._entry.own_project(decision)
        if own is None:
            return request
        read = partial(self._read_body, head, DOCUMENT_LIMIT)
        return await with_project_here(own, request, self._request.content_length, read)

    async def _relay(self, head: Head, body: bytes | None, decision: Relay) -> web.StreamResponse:
        if body is None:
            body = await self._read_body(head, AUTHENTICATION_LIMIT)
        reader = self._context.readers.get(decision.endpoint.cloud)
        ids, record = self._context.ids, self._context.guard.record
        try:
            return await relay(
                *(self._upstream, head, body, decision, self._mesh), ids=ids, record=record, reader=reader, egress=self.egress
            )
        except TokenRefusedError as refused:
            if not refused.told:
                self._entry = refused_entry(refused, decision, head)
            raise

    def _check_audit(self) -> None:
        """Raise :class:`AnswerError` before anything is done that could not be written down."""
        try:
            self._context.audit.check()
        except AuditError as error:
            raise self._unrecorded(error) from None

    def _unrecorded(self, error: AuditError) -> AnswerError:
        LOG.error("%s", error)
        return AnswerError(503, f"gateway of {self._here.name}: its use from abroad cannot be recorded")

    def account(self, status: int, reason: str | None) -> None:
        """Write the audit line of a foreign identity, once. Raises :class:`AnswerError` where it cannot be written."""
        entry, self._entry = self._entry, None
        if entry is None or self.head is None:
            return
        try:
            self._context.audit.write(entry.line(self.head, status, reason))
        except AuditError as error:
            raise self._unrecorded(error) from None

    def _heard(self, status: int, headers: MultiMapping[str]) -> Headers:
        if self.egress is not None:
            self.egress.hear(status, headers)
        told = () if self._entry is None else ((ADMISSION_HEADER, encode(self._entry.admission())),)
        self.account(status, None)
        return told

    def request_id(self) -> str | None:
        """Return the id under which this request is to be recorded, or None where it is not traced, or is for a page."""
        if self.head is None or self._pages.own(self.head.path):
            return None
        ids = self.head.values(REQUEST_ID)
        return ids[0] if len(ids) == 1 and is_traced(ids[0]) else None

    def record(self, started: float, seconds: float) -> Record:
        """Return the record of this request."""
        head = self.head
        endpoint = None if head is None else self._here.locate(head.listener, head.path)
        return Record(
            gateway=self._here.name,
            cloud=self.cloud,
            service=endpoint.service if endpoint else NONE,
            interface=endpoint.interfaces[0] if endpoint else NONE,
            method=shown_method(head),
            path=shown_path(head.path) if head else "-",
            status=self.status,
            started=started,
            seconds=seconds,
            route=self._route,
            via=self._way,
        )

    def _is_scoped(self, head: Head) -> bool:
        endpoint = self._here.locate(head.listener, head.path)
        return endpoint is not None and scoped_url(endpoint, head.path) is not None

    def _decide(self, head: Head, body: bytes | None, operation: Any, recalled: Scope | NotRead | None) -> Decision:
        token = None if body is None else body_token(body)
        request = Request(
            head.method,
            head.listener,
            head.path,
            head.headers,
            token,
            operation,
            recalled,
            marked_id(uuid4()),
            head.sender,
            self._upstream.announced,
            head.query,
        )
        self._way = way_of_scope(head.headers, token, self._is_scoped(head))
        decision, scope = judge(self._mesh, self._here.name, request)
        self._home = self._here.name if scope is None else scope.cloud_for(IDENTITY, self._here.name)
        return decision

    async def _read_authentication(self, head: Head) -> bytes | None:
        """Return the body of a request for a token, which may hold a scope; None for any other request."""
        self._check_expectation(head)
        endpoint = self._here.locate(head.listener, head.path)
        if not asks_for_token(endpoint, head.method, head.path):
            return None
        return await self._read_body(head, AUTHENTICATION_LIMIT)

    def _check_expectation(self, head: Head) -> None:
        if any(value.lower() != "100-continue" for value in head.values("expect")):
            raise AnswerError(417, f"gateway of {self._here.name}: of Expect, 100-continue is accepted")

    async def _read_body(self, head: Head, limit: int) -> bytes | None:
        """Return the body of at most ``limit`` bytes, or None where there is none.

        Raises :class:`AnswerError`: 413, or 400 for a broken one.
        """
        request = self._request
        if not request.body_exists:
            return None
        here = self._here
        too_large = AnswerError(413, f"gateway of {here.name}: the body is larger than {limit} bytes", title="Content Too Large")
        if (request.content_length or 0) > limit:
            raise too_large
        if head.values("expect"):
            await invite(request)
        body = bytearray()
        try:
            async with asyncio.timeout(here.timeouts.client):
                while chunk := await request.content.readany():
                    body += chunk
                    if len(body) > limit:
                        raise too_large
        except (TimeoutError, web.RequestPayloadError, ConnectionError):
            raise AnswerError(400, f"gateway of {here.name}: {BROKEN_BODY}") from None
        return bytes(body)
