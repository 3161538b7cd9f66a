# SPDX-License-Identifier: Apache-2.0
"""The bridge: the shared state of its requests, and its reload."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aiohttp import web

from openstackoid.binding import KeyRepository
from openstackoid.bridge.audit.audit_file import Audit
from openstackoid.bridge.binding.binder import Binder
from openstackoid.bridge.binding.cursor_source import CursorSource
from openstackoid.bridge.binding.exchange import TokenExchange
from openstackoid.bridge.binding.outgoing import TokenSender
from openstackoid.bridge.http.handler import RequestHandler
from openstackoid.bridge.identity.authorization import Authorizer
from openstackoid.bridge.identity.local_projects import LocalProjects
from openstackoid.bridge.identity.own_tokens import OwnTokens
from openstackoid.bridge.identity.readers import Reader
from openstackoid.bridge.identity.token_record import TokenRecord
from openstackoid.bridge.pages.health import Health
from openstackoid.bridge.pages.near_times import NearTimes
from openstackoid.bridge.pages.router import Pages
from openstackoid.bridge.pages.user_page import UserPage
from openstackoid.bridge.proxy.accepted_shares import AcceptedShares
from openstackoid.bridge.proxy.composed_limits import ComposedLimits
from openstackoid.bridge.proxy.context import RequestContext
from openstackoid.bridge.proxy.open_websockets import OpenWebSockets
from openstackoid.bridge.proxy.route_teacher import RouteTeacher
from openstackoid.bridge.resource_index import ResourceIndex
from openstackoid.bridge.trace.records import Records
from openstackoid.bridge.upstream.target import peer_gateways
from openstackoid.bridge.upstream.upstream import Upstream
from openstackoid.bridge.workflows import Workflows
from openstackoid.composition import KnownMarkers
from openstackoid.mesh import Mesh

_GLANCE = 0.1


class Bridge:
    """Answers the requests of the gateway of the cloud ``upstream.at``.

    ``context`` may be replaced at any time; a request keeps its own. ``workflows`` and ``tokens``, the recorded claims, outlive
    it. ``keys`` bind the tokens that leave, and seal the
    markers of merged lists. ``under_way``: the number of requests.
    """

    def __init__(
        self,
        mesh: Mesh,
        upstream: Upstream,
        *,
        records: Records | None = None,
        health: Health | None = None,
        workflows: Workflows,
        tokens: TokenRecord,
        audit: Audit | None = None,
        keys: KeyRepository | None = None,
    ) -> None:
        self.under_way = 0
        audit = Audit(None) if audit is None else audit
        authorizer = Authorizer(upstream, tokens)
        keys = KeyRepository() if keys is None else keys
        at, binder = upstream.at, Binder(keys)
        health = Health() if health is None else health
        sender = TokenSender(at, binder, TokenExchange(upstream), OwnTokens(at, authorizer.validator))
        self.context = RequestContext(
            mesh=mesh,
            readers={},
            upstream=upstream,
            workflows=workflows,
            authorizer=authorizer,
            local_projects=LocalProjects(upstream),
            audit=audit,
            routes=RouteTeacher(at, binder),
            tokens=sender,
            accepted=AcceptedShares(at),
            cursors=CursorSource(keys),
            markers=KnownMarkers(),
            composed=ComposedLimits(),
            delegated=health.delegated,
            resources=ResourceIndex(workflows.store),
            websockets=OpenWebSockets(),
        )
        self._follow_mesh(mesh)
        self._records = Records() if records is None else records
        near = NearTimes(upstream)
        user = UserPage(upstream, authorizer, sender, near)
        self._pages = Pages(user, self._records, health, workflows, near)

    def reload(self, mesh: Mesh, readers: Mapping[str, Reader]) -> None:
        """Serve new requests by another mesh and other reader accounts."""
        self.context = replace(self.context, mesh=mesh, readers=readers)
        self._follow_mesh(mesh)

    def _follow_mesh(self, mesh: Mesh) -> None:
        upstream = self.context.upstream
        upstream.reasons.tls = mesh.clouds[upstream.at].tls
        upstream.kept.set_peers(peer_gateways(mesh, upstream.at))
        upstream.outages.follow_mesh(mesh)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        self.under_way += 1
        try:
            return await RequestHandler(request, self.context, self._pages).handle(self._records)
        finally:
            self.under_way -= 1

    async def operators_page(self, path: str) -> tuple[int, dict[str, Any]] | None:
        """Return one of the gateway's own pages for the operator's own socket, with its status; None for an unknown path."""
        return await self._pages.operators(path, self.context.mesh)

    async def finish(self, seconds: float) -> None:
        """Wait until no request is under way, for some seconds at most."""
        until = time.monotonic() + seconds
        while self.under_way and time.monotonic() < until:
            await asyncio.sleep(_GLANCE)
