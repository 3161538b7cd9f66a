# SPDX-License-Identifier: Apache-2.0
"""A request at the bridge: its trip is made, whatever goes wrong becomes an answer, and a line in the log says what happened."""

import time
from collections.abc import Mapping
from contextlib import suppress

from aiohttp import web

from openstackoid.bridge.audit.audit_log import Audit, LateAudit
from openstackoid.bridge.errors import AnswerError, ClientGoneError, CutError, error_answer
from openstackoid.bridge.http.handler import RequestContext, RequestHandler
from openstackoid.bridge.identity.authorization import Authorizer
from openstackoid.bridge.identity.local_projects import LocalProjects
from openstackoid.bridge.identity.readers import Reader
from openstackoid.bridge.identity.token_record import TokenRecord
from openstackoid.bridge.log import LOG, log_request
from openstackoid.bridge.pages.health import Health
from openstackoid.bridge.pages.router import Pages
from openstackoid.bridge.proxy.upstream import Upstream
from openstackoid.bridge.trace.records import Records
from openstackoid.bridge.workflows import Workflows
from openstackoid.mesh import Mesh
from openstackoid.redaction.logs import where


class Bridge:
    """Answers the requests of the gateway of the cloud ``at``.

    ``mesh`` and ``readers``, the accounts at peers, may be replaced at any time; a request is served by those that it began with.
    ``workflows``, and ``tokens``, the claims that were told of tokens, outlive them.
    """

    def __init__(
        self,
        mesh: Mesh,
        at: str,
        upstream: Upstream,
        *,
        records: Records | None = None,
        health: Health | None = None,
        workflows: Workflows,
        audit: Audit | None = None,
        tokens: TokenRecord | None = None,
    ) -> None:
        self.mesh = mesh
        self.at = at
        self.workflows = workflows
        self.readers: Mapping[str, Reader] = {}
        self.audit = Audit(None) if audit is None else audit
        self._late = LateAudit(self.audit, LOG)
        self._upstream = upstream
        self._records = Records() if records is None else records
        self.guard = Authorizer(upstream, record=tokens)
        self._pages = Pages(upstream, self.guard, self._records, health or Health(), self.workflows)
        self.ids = LocalProjects(upstream)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; whatever goes wrong becomes an answer and a line in the log. Keep a record if it is traced."""
        handler = RequestHandler(self._surroundings(), request)
        started, began = time.time(), time.monotonic()
        try:
            return await self._answer(request, handler, began)
        finally:
            # Also of a request whose client has left.
            with suppress(AnswerError):
                handler.account(0, "the client has left")
            request_id = handler.request_id()
            if request_id is not None:
                self._records.add(request_id, handler.record(started, time.monotonic() - began))
            if handler.egress is not None:
                self._late.write(handler.egress.line(started, handler.status))

    def _surroundings(self) -> RequestContext:
        """Return what a request is served by from its beginning to its end."""
        return RequestContext(
            self.mesh, self.at, self._upstream, self._pages, self.workflows, self.readers, self.guard, self.ids, self.audit
        )

    async def _answer(self, request: web.BaseRequest, handler: RequestHandler, began: float) -> web.StreamResponse:
        status, what = 0, ""
        try:
            try:
                response = await handler.run()
            except AnswerError as error:
                handler.account(error.status, error.reason)
                raise
            status, what = response.status, handler.done
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
        handler.status = status
        if what:
            log_request(handler.head, status, handler.cloud, time.monotonic() - began, what)
        return response
