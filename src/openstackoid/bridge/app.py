# SPDX-License-Identifier: Apache-2.0
"""A request's way through the bridge: read, decide, relay or forward, answer, and one line in the log."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from aiohttp import web

from openstackoid.bridge.errors import AnswerError, ClientGoneError, CutError, error_answer
from openstackoid.bridge.forward import BROKEN_BODY, forward, invite
from openstackoid.bridge.head import Head, Incoming, read_head
from openstackoid.bridge.health import Health
from openstackoid.bridge.log import log_request, shown_method, shown_path
from openstackoid.bridge.memory import Workflows
from openstackoid.bridge.pages import Pages
from openstackoid.bridge.readers import Reader
from openstackoid.bridge.records import BRIDGE, LOCAL, NONE, RECALLED, REFUSE, REMOTE, Record, Records, way_of_scope
from openstackoid.bridge.relay import relay
from openstackoid.bridge.tokens import body_token, document
from openstackoid.bridge.twins import ask_twins
from openstackoid.bridge.upstream import Upstream
from openstackoid.mesh import Mesh
from openstackoid.redaction.logs import where
from openstackoid.routing import (
    REQUEST_ID,
    Decision,
    Forward,
    ReadBody,
    Refuse,
    Relay,
    Request,
    Workflow,
    asks_for_token,
    decide,
    is_traced,
    marked_id,
    may_be_remembered,
    url_segment,
)

AUTHENTICATION_LIMIT = 64 * 1024
"""Bytes of the body of an authentication; Keystone's own limit for any body is 112 KiB."""
OPERATION_LIMIT = 128 * 1024
"""Bytes of a body that decides whether an operation may begin; oslo.middleware's limit, which Nova has, is 112 KiB."""


class Bridge:
    """Answers the requests of the gateway of the cloud ``at``.

    ``mesh`` and ``readers``, the accounts at peers, may be replaced at any time; a request is served by those that it began with.
    ``workflows`` outlives them.
    """

    def __init__(
        self,
        mesh: Mesh,
        at: str,
        upstream: Upstream,
        *,
        records: Records | None = None,
        health: Health | None = None,
        workflows: Workflows | None = None,
    ) -> None:
        self.mesh = mesh
        self.at = at
        self.workflows = Workflows() if workflows is None else workflows
        self.readers: Mapping[str, Reader] = {}
        self._upstream = upstream
        self._records = Records() if records is None else records
        self._pages = Pages(at, upstream, self._records, health or Health(), self.workflows)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; whatever goes wrong becomes an answer and a line in the log. Keep a record if it is traced."""
        trip = _Trip(self, self._upstream, self._pages, request)
        started, began = time.time(), time.monotonic()
        try:
            return await self._answer(request, trip, began)
        finally:
            # Also of a request whose client has left.
            request_id = trip.request_id()
            if request_id is not None:
                self._records.add(request_id, trip.record(started, time.monotonic() - began))

    async def _answer(self, request: web.BaseRequest, trip: "_Trip", began: float) -> web.StreamResponse:
        status, what = 0, ""
        try:
            response = await trip.run()
            status, what = response.status, trip.done
        except AnswerError as error:
            response = error_answer(error)
            status, what = error.status, error.reason
            if not request.content.is_eof():
                # The rest of a body that nobody reads may not be taken for the next request.
                response.force_close()
        except CutError as error:
            response = error.response
            status, what = response.status, f"cut off: {error.reason}"
            if request.transport is not None:
                request.transport.abort()
        except ClientGoneError:
            raise ConnectionResetError from None
        except Exception as error:
            response = error_answer(AnswerError(500, f"gateway of {self.at}: a defect of the bridge; its log says where"))
            status, what = 500, f"defect: {where(error)}"
            response.force_close()
            if request.writer.output_size > 0 and request.transport is not None:
                # Another answer is out in part; this one may not be taken for the rest of it.
                request.transport.abort()
        trip.status = status
        if what:
            log_request(trip.head, status, trip.cloud, time.monotonic() - began, what)
        return response


class _Trip:
    """One request, step by step. ``head``, ``cloud``, ``done`` and ``status`` tell the log and the record how far it came."""

    def __init__(self, bridge: Bridge, upstream: Upstream, pages: Pages, request: web.BaseRequest) -> None:
        self.head: Head | None = None
        self.cloud = bridge.at
        self.done = ""
        self.status = 0
        self._route = BRIDGE
        self._way = NONE
        self._mesh = bridge.mesh
        self._here = bridge.mesh.clouds[bridge.at]
        self._workflows = bridge.workflows
        self._upstream = upstream
        self._pages = pages
        self._request = request
        self._readers = bridge.readers

    async def run(self) -> web.StreamResponse:
        """Take the steps. Raises :class:`AnswerError`, :class:`CutError` or :class:`ClientGoneError`."""
        head = self.head = read_head(self._request, self._here.name)
        if self._pages.own(head.path):
            self.done = "page"
            return await self._pages.answer(head, self._mesh)
        body = await self._read_authentication(head)
        await self._ask_twins(head)
        decision = self._decide(head, body)
        if isinstance(decision, ReadBody):
            body = await self._read_body(head, OPERATION_LIMIT)
            decision = self._decide(head, body, {} if body is None else document(body))
        if isinstance(decision, ReadBody):
            raise AssertionError("a body was read, and is asked for again")
        if isinstance(decision, Refuse):
            self._route = REFUSE
            raise AnswerError(decision.status, decision.message, title=decision.title, reason="refused")
        self.cloud = decision.endpoint.cloud
        if isinstance(decision, Forward):
            self._route = LOCAL if decision.local else REMOTE
            self._way = RECALLED if decision.recalled else self._way
        if isinstance(decision, Relay):
            if body is None:
                body = await self._read_body(head, AUTHENTICATION_LIMIT)
            reader = self._readers.get(decision.endpoint.cloud)
            answer = await relay(self._upstream, head, body, decision, self._mesh, reader=reader)
            self.done = "relayed"
            return answer
        begun = decision.remember
        known = begun is None or self._workflows.known(begun.id) is not None
        if begun is not None:
            self._workflows.remember(begun, self._here.memory)
        response = await forward(self._upstream, Incoming(self._request, head, body), decision, self._mesh)
        if begun is not None and not known and response.status == 401:
            # Nothing was begun: who has no good token may not push the workflows of others out of the memory.
            self._workflows.forget(begun)
        return response

    async def _ask_twins(self, head: Head) -> None:
        """Learn from the cloud's other gateways what this one does not remember, where the request says no scope of its own."""
        ids = [value for value in head.values(REQUEST_ID) if may_be_remembered(value)]
        unknown = len(ids) == 1 and self._workflows.known(ids[0]) is None
        if unknown and self._here.twins and way_of_scope(head.headers, None, in_url=False) == NONE:
            scope = await ask_twins(self._upstream, self._mesh, self._here, ids[0])
            # Meanwhile the user's own request may have come, whose word counts.
            if scope is not None and self._workflows.known(ids[0]) is None:
                self._workflows.remember(Workflow(ids[0], scope), self._here.memory)

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

    def _decide(self, head: Head, body: bytes | None, operation: Any = None) -> Decision:
        token = None if body is None else body_token(body)
        ids = head.values(REQUEST_ID)
        recalled = self._workflows.recall(ids[0], self._here.memory) if len(ids) == 1 else None
        request = Request(head.method, head.listener, head.path, head.headers, token, operation, recalled, marked_id(uuid4()))
        endpoint = self._here.locate(head.listener, head.path)
        in_url = endpoint is not None and url_segment(endpoint, head.path) is not None
        self._way = way_of_scope(head.headers, token, in_url)
        return decide(self._mesh, self._here.name, request)

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
