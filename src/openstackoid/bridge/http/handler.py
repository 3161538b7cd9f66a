# SPDX-License-Identifier: Apache-2.0
"""Handle one request: read it, decide it, carry the plan out, turn failures into answers, and log it."""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import uuid4

from aiohttp import web

from openstackoid.bridge.errors import AnswerError, ClientGoneError, CutError, error_answer, needing_store
from openstackoid.bridge.http.bound_tokens import audit_shown, exchanged
from openstackoid.bridge.identity.token_documents import body_token, document
from openstackoid.bridge.log import log_request, shown_method, shown_path
from openstackoid.bridge.message.body import AUTHENTICATION_LIMIT, OPERATION_LIMIT, read_body
from openstackoid.bridge.message.head import Head, Incoming, Teach, read_head, teach_nothing
from openstackoid.bridge.pages.router import Pages
from openstackoid.bridge.pages.token_page import LIMIT
from openstackoid.bridge.proxy.context import RequestContext
from openstackoid.bridge.proxy.executor import Executor
from openstackoid.bridge.telemetry.answered import answered
from openstackoid.bridge.trace.records import BRIDGE, LEG, LEGS, NONE, Record, Records
from openstackoid.bridge.upstream.upstream import UpstreamError
from openstackoid.mesh import Cloud, Endpoint
from openstackoid.redaction.logs import where
from openstackoid.routing import (
    REQUEST_ID,
    Decision,
    MoreInput,
    NotRead,
    ReadBody,
    ReadStore,
    ReadTimes,
    Relay,
    Request,
    asks_for_token,
    decide,
    is_traced,
    marked_id,
    may_be_remembered,
)
from openstackoid.routing.egress import UNSENT_HEADER
from openstackoid.routing.pages import TOKEN
from openstackoid.scope import Scope, Times
from openstackoid.telemetry import count_request


class RequestHandler:
    """Handles one request at the gateway of ``context``.

    ``_head`` and ``_executor`` are None until it is read, and decided; ``_error`` unless the answer is the gateway's own error.
    """

    def __init__(self, request: web.BaseRequest, context: RequestContext, pages: Pages) -> None:
        self._request = request
        self._context = context
        self._pages = pages
        self._error: AnswerError | None = None
        self._head: Head | None = None
        self._executor: Executor | None = None
        self._teach: Teach = teach_nothing

    async def handle(self, records: Records) -> web.StreamResponse:
        """Answer the request. Tell the log, the metrics, and the records of a traced workflow."""
        started, began = time.time(), time.monotonic()
        status = 0
        try:
            response, outcome = await self._answer()
            status = response.status
            if outcome:
                log_request(self._head, status, self._cloud, time.monotonic() - began, outcome)
            return response
        finally:
            # Also of a request whose client has left.
            with suppress(AnswerError):
                self._account(0, "the client has left")
            seconds = time.monotonic() - began
            if status:
                # HAProxy's line tells of a client that has left.
                count_request(answered(self._here, self._head, self._executor, self._error, status), seconds)
            request_id = self._traced_id()
            if request_id is not None:
                record = self._record(status, started, seconds)
                records.add(request_id, *self._legs(record), record)

    async def _answer(self) -> tuple[web.StreamResponse, str]:
        """Return the answer, and the outcome for the log; empty where HAProxy's own line has it."""
        request = self._request
        response: web.StreamResponse
        try:
            try:
                return await self._run()
            except AnswerError as error:
                self._account(error.status, error.reason)
                raise
        except AnswerError as error:
            self._error = error
            response = error_answer(error)
            self._tell_accepted(response)
            if isinstance(error, UpstreamError) and error.unreached:
                response.headers[UNSENT_HEADER] = "1"
            if not request.content.is_eof():
                # The unread rest of a body must not be read as the next request.
                response.force_close()
            return response, error.reason
        except CutError as error:
            if request.transport is not None:
                request.transport.abort()
            return error.response, f"cut off: {error.reason}"
        except ClientGoneError:
            raise ConnectionResetError from None
        except Exception as error:
            self._error = AnswerError(500, f"gateway of {self._here.name}: a defect of the bridge; see its log")
            response = error_answer(self._error)
            response.force_close()
            if request.writer.output_size > 0 and request.transport is not None:
                # Another answer is out in part; this one must not follow it.
                request.transport.abort()
            return response, f"defect: {where(error)}"

    async def _run(self) -> tuple[web.StreamResponse, str]:
        head = self._head = read_head(self._request, self._here.name)
        if head.path == TOKEN and head.method == "POST":
            body = await read_body(self._request, head, LIMIT, self._here)
            return await exchanged(self._context, head, body), "page"
        if self._pages.own(head.path):
            return await self._page(head), "page"
        decision, body = await self._decided(head, await self._read_authentication(head))
        executor = self._executor = Executor(self._context, Incoming(self._request, head, body, self._teach), decision)
        response = await executor.run()
        if not response.prepared:
            self._tell_accepted(response)
        return response, "relayed" if isinstance(decision.plan, Relay) else ""

    async def _page(self, head: Head) -> web.StreamResponse:
        context = self._context
        try:
            answer = await self._pages.answer(head, context.mesh, context.readers)
        except AnswerError as error:
            await audit_shown(context, head, error)
            raise
        await audit_shown(context, head, None)
        return answer

    def _tell_accepted(self, response: web.StreamResponse) -> None:
        """Tell HAProxy that a Keystone has accepted a token of the request, where one has."""
        if self._executor is not None:
            response.headers.update(self._executor.accepted)

    async def _decided(self, head: Head, body: bytes | None) -> tuple[Decision, bytes | None]:
        """Return the decision, and the body if it was read; read more input when the decision asks for it."""
        ids, workflows, memory = head.values(REQUEST_ID), self._context.workflows, self._here.memory
        recalled: Scope | NotRead | None = None
        workflow = ids[0] if len(ids) == 1 and may_be_remembered(ids[0]) else ""
        if workflow:
            recalled = workflows.cached(workflow, memory) or NotRead.NOT_READ
        operation: Any = None
        times: Times = {}
        while isinstance(decision := self._decide(head, body, operation, recalled, times), MoreInput):
            if isinstance(decision, ReadTimes) and not times.keys() >= set(decision.centers):
                times = {**times, **await self._pages.near.around(self._context.mesh, decision.centers, workflow)}
            elif isinstance(decision, ReadStore) and isinstance(recalled, NotRead):
                with needing_store(self._here.name):
                    recalled = await workflows.find(workflow, memory)
            elif isinstance(decision, ReadBody) and operation is None:
                body = await read_body(self._request, head, OPERATION_LIMIT, self._here)
                operation = {} if body is None else document(body)
            else:
                raise AssertionError("input was requested twice")
        return decision, body

    def _decide(
        self, head: Head, body: bytes | None, operation: Any, recalled: Scope | NotRead | None, times: Times
    ) -> Decision | MoreInput:
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
            self._context.upstream.peers.wires.announced,
            self._context.upstream.peers.wires.plain,
            head.query,
            times,
        )
        mesh = self._context.mesh
        decision = decide(mesh, self._here.name, request)
        self._teach = partial(self._context.routes.headers, mesh, head.route, request, decision)
        return decision

    async def _read_authentication(self, head: Head) -> bytes | None:
        """Return the body of a request for a token, which may hold a scope; None for any other request."""
        if any(value.lower() != "100-continue" for value in head.values("expect")):
            raise AnswerError(417, f"gateway of {self._here.name}: of Expect, 100-continue is accepted")
        endpoint = self._here.locate(head.listener, head.path)
        if not asks_for_token(endpoint, head.method, head.path):
            return None
        return await read_body(self._request, head, AUTHENTICATION_LIMIT, self._here)

    def _account(self, status: int, reason: str | None) -> None:
        if self._executor is not None:
            self._executor.account(status, reason)

    @property
    def _here(self) -> Cloud:
        return self._context.here

    @property
    def _cloud(self) -> str:
        return self._here.name if self._executor is None else self._executor.cloud

    def _traced_id(self) -> str | None:
        """Return the id to record this request under, or None for an untraced one or a page."""
        if self._head is None or self._pages.own(self._head.path):
            return None
        ids = self._head.values(REQUEST_ID)
        return ids[0] if len(ids) == 1 and is_traced(ids[0]) else None

    @property
    def _endpoint(self) -> Endpoint | None:
        return None if self._head is None else self._here.locate(self._head.listener, self._head.path)

    def _legs(self, whole: Record) -> Iterator[Record]:
        """Return the records of the legs of a request to several clouds, whose own record is ``whole``."""
        for leg, told in () if self._executor is None else self._executor.of_several[:LEGS]:
            head, cloud = leg.incoming.head, leg.plan.endpoint.cloud
            yield replace(
                whole,
                cloud=cloud,
                method=shown_method(head),
                path=shown_path(head.path),
                status=told.status,
                started=told.started,
                seconds=told.seconds,
                route=LEG,
            )

    def _record(self, status: int, started: float, seconds: float) -> Record:
        head, decision = self._head, None if self._executor is None else self._executor.decision
        endpoint = self._endpoint
        return Record(
            gateway=self._here.name,
            cloud=self._cloud,
            service=endpoint.service if endpoint else NONE,
            interface=endpoint.interfaces[0] if endpoint else NONE,
            method=shown_method(head),
            path=shown_path(head.path) if head else "-",
            status=status,
            started=started,
            seconds=seconds,
            route=BRIDGE if decision is None else decision.route,
            via=NONE if decision is None else decision.source,
        )
