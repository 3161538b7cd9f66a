# SPDX-License-Identifier: Apache-2.0
"""The gateway's own pages about the mesh and traced workflows. They hold names and states, and need no token.

The user page is about the user of a token, and needs that token.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from aiohttp import hdrs

from openstackoid.bridge.errors import AnswerError, WholeAnswer, error_answer
from openstackoid.bridge.identity.readers import Reader
from openstackoid.bridge.message.head import Head
from openstackoid.bridge.pages.health import DOWN, UP, Health, mesh_page
from openstackoid.bridge.pages.near_times import NearTimes
from openstackoid.bridge.pages.reachability import Reachability
from openstackoid.bridge.pages.user_page import UserPage
from openstackoid.bridge.trace.peer_records import Trail, Trails
from openstackoid.bridge.trace.records import RECORDS_OF_ONE, Records
from openstackoid.bridge.workflows import Workflows
from openstackoid.mesh import Mesh, mesh_digest
from openstackoid.routing.pages import HEALTH, MESH, ONLY_HERE, PAGES, ROUND_TRIPS, TRACE, USER
from openstackoid.routing.workflows import is_traced
from openstackoid.scope.known_names import suggestion

SETTLING = 0.02
"""Seconds before a trace is read: HAProxy writes its line about a request after the answer's last byte."""

_METHODS = ("GET", "HEAD")


class Pages:
    """Answers requests below ``/.openstackoid/``."""

    def __init__(self, user: UserPage, records: Records, health: Health, workflows: Workflows, near: NearTimes) -> None:
        upstream = near.upstream
        self._workflows = workflows
        self._trails = Trails(upstream)
        self._records = records
        self._health = health
        self._reachable = Reachability(upstream)
        self.near = near
        self._user = user

    @property
    def at(self) -> str:
        """Return the cloud of the gateway."""
        return self.near.upstream.at

    @staticmethod
    def own(path: str) -> bool:
        """Return whether a path is below the pages, so of no service."""
        return path.startswith(PAGES)

    async def answer(self, head: Head, mesh: Mesh, readers: Mapping[str, Reader]) -> WholeAnswer:
        """Return the requested page. Raises :class:`AnswerError` for an unknown one."""
        if head.method not in _METHODS:
            refusal = error_answer(self._error(405, f"{', '.join(_METHODS)} are accepted on the gateway's own pages"))
            refusal.headers[hdrs.ALLOW] = ", ".join(_METHODS)
            refusal.force_close()
            return refusal
        if head.path == MESH:
            only_here = head.query == ONLY_HERE
            return page({"gateway": self.at, "description": mesh_digest(mesh)} if only_here else await self.mesh_document(mesh))
        if head.path == ROUND_TRIPS:
            return page(await self.near.page(mesh, self._center(head.query, mesh)))
        if head.path == USER:
            self._check_query(head)
            return page(await self._user.document(head, mesh, readers))
        if head.path.startswith(TRACE):
            self._check_query(head)
            return page(await self._trace(head.path.removeprefix(TRACE), head.query, mesh))
        raise self._error(
            404, f"there is no such page; the pages are: {HEALTH}, {MESH}, {ROUND_TRIPS}, {USER}, {TRACE}REQUEST-ID"
        )

    async def operators(self, path: str, mesh: Mesh) -> tuple[int, dict[str, Any]] | None:
        """Return a page for the operator, with its status; ``path`` lacks the common prefix. None for an unknown path."""
        own = PAGES.rstrip("/") + path
        try:
            if own == MESH:
                return 200, await self.mesh_document(mesh)
            if own == ROUND_TRIPS:
                return 200, await self.near.page(mesh, self.at)
            if own.startswith(TRACE):
                return 200, await self._trace(own.removeprefix(TRACE), None, mesh)
        except AnswerError as error:
            return error.status, {"error": error.message}
        return None

    async def mesh_document(self, mesh: Mesh) -> dict[str, Any]:
        """Return the health of clouds and services, and the state of this gateway."""
        states, peers = await self._health.states(), await self._reachable.states(mesh)
        store = UP if await self._workflows.works() else DOWN
        own = {
            "store": store,
            "audit": self._health.audit(),
            "delegation": await self._health.delegated.document(),
            "keys": self._health.keys(),
        }
        return mesh_page(mesh, self.at, states, peers) | own | {"description": mesh_digest(mesh)}

    async def _trace(self, request_id: str, query: str | None, mesh: Mesh) -> dict[str, Any]:
        if not is_traced(request_id):
            raise self._error(400, "the id of a traced request is accepted: req-7472ace0-, and the rest of a UUID in lower case")
        await asyncio.sleep(SETTLING)
        workflow = self._records.of(request_id)
        if workflow is None:
            raise self._error(404, "there is no record of this request id; records are kept for an hour at most")
        trail = Trail(list(workflow.records))
        if workflow.lost:
            trail.miss(self.at, f"it keeps the first {RECORDS_OF_ONE} records; {workflow.lost} more came")
        if query != ONLY_HERE:
            trail = await self._trails.complete(mesh, f"{TRACE}{request_id}", ONLY_HERE, trail)
        records = sorted(trail.records, key=lambda record: record.started)
        return {"id": request_id, "hops": [record.document() for record in records], "missing": trail.missing}

    def _center(self, query: str | None, mesh: Mesh) -> str:
        """Return the cloud around which times are asked for: this one by default."""
        key, _, name = (query or f"from={self.at}").partition("=")
        if key != "from":
            raise self._error(400, "of the query, from=CLOUD is accepted")
        if name not in mesh.clouds:
            raise self._error(400, f"from: unknown cloud; {suggestion(name[:64], mesh.known_clouds)}")
        return name

    def _check_query(self, head: Head) -> None:
        if head.query not in (None, "", ONLY_HERE):
            raise self._error(400, f"of the query, {ONLY_HERE} is accepted")

    def _error(self, status: int, message: str) -> AnswerError:
        return AnswerError(status, f"gateway of {self.at}: {message}")


def page(document: dict[str, Any]) -> WholeAnswer:
    """Return a page, which no cache may keep."""
    headers = {hdrs.CONTENT_TYPE: "application/json", hdrs.CACHE_CONTROL: "no-store"}
    return WholeAnswer(status=200, headers=headers, body=json.dumps(document).encode("ascii"))
