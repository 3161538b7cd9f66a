# SPDX-License-Identifier: Apache-2.0
"""The pages on the operator's own socket: those of all users, and more about peers and services."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from openstackoid.bridge.pages.health import Health
from openstackoid.bridge.pages.peer_watch import PeerWatch
from openstackoid.mesh import Mesh
from openstackoid.routing.pages import MESH, PAGES
from openstackoid.telemetry import PeerAnswer, TokenAnswers

Pages = Callable[[str], Awaitable[tuple[int, dict[str, Any]] | None]]
"""Returns the status and the document of a page, or None for an unknown one."""


@dataclass(frozen=True, slots=True)
class OperatorsPages:
    """Adds the operator's part to the page about the mesh of the gateway of the cloud ``at``.

    ``pages``: without that part. ``tokens``: the questions about tokens to the Keystone here.
    """

    at: str
    mesh: Callable[[], Mesh]
    pages: Pages
    health: Health
    watch: PeerWatch
    tokens: Callable[[], Awaitable[TokenAnswers]]

    async def answer(self, path: str) -> tuple[int, dict[str, Any]] | None:
        """Return a page; ``path`` lacks the prefix of the gateway's pages."""
        if PAGES.rstrip("/") + path != MESH:
            return await self.pages(path)
        mesh = self.mesh()
        found, peers, tokens = await asyncio.gather(self.pages(path), self.watch.document(mesh), self.tokens())
        if found is None:
            return None
        status, page = found
        checks = await self.health.seconds(mesh.clouds[self.at])
        return status, page | {"peers": peers, "checks": checks, "tokens": tokens._asdict()}

    def peers(self) -> Mapping[str, PeerAnswer]:
        """Return the last answers of peers, for a scrape."""
        return self.watch.scraped(self.mesh())
