# SPDX-License-Identifier: Apache-2.0
"""Find out whether a project in a peer's token is one of this cloud's: a peer must not hand out our projects.

A Keystone's operator can give a project any id, also that of a project here. So this cloud's Keystone is asked, with the
credential of the validating service: the gateway has none of its own.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable

from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.upstream.target import target_of
from openstackoid.bridge.upstream.upstream import Upstream, UpstreamRequest
from openstackoid.mesh import Endpoint, Mesh
from openstackoid.routing import IDENTITY

MOST = 10_000
"""The most cached ids of projects that are not ours."""
ANSWER_LIMIT = 64 * 1024
"""Bytes of Keystone's answer about a project."""


class LocalProjects:
    """Asks this cloud's Keystone about projects, and caches unknown ids."""

    def __init__(self, upstream: Upstream, clock: Callable[[], float] = time.monotonic) -> None:
        self._upstream = upstream
        self._clock = clock
        self._unknown: OrderedDict[str, float] = OrderedDict()

    async def has_project(self, project: str, credential: str, mesh: Mesh, interface: str) -> bool:
        """Return whether this cloud has a project of that id; a caller has checked its form.

        Raises :class:`AnswerError` (503) without a clear answer of its Keystone.
        """
        if self._clock() < self._unknown.get(project, 0.0):
            return False
        here = mesh.clouds[self._upstream.at]
        status = await self._ask(project, credential, mesh, interface)
        if status == 200:
            return True
        if status != 404:
            raise AnswerError(
                503,
                f"gateway of {here.name}: cannot find out whether project {project} is local: Keystone of {here.name} answers"
                f" {status} to the validating service; let it read projects, or set 'project: apart' in the policy",
            )
        self._unknown[project] = self._clock() + here.policy.seconds
        self._unknown.move_to_end(project)
        while len(self._unknown) > MOST:
            self._unknown.popitem(last=False)
        return False

    async def _ask(self, project: str, credential: str, mesh: Mesh, interface: str) -> int:
        here = mesh.clouds[self._upstream.at]
        identity: Endpoint | None = here.endpoint(IDENTITY, interface)
        if identity is None:
            raise AnswerError(503, f"gateway of {here.name}: the mesh describes no identity of {here.name}")
        headers = (("X-Auth-Token", credential), ("Accept-Encoding", "identity"))
        until = asyncio.get_running_loop().time() + here.timeouts.connect + here.timeouts.server
        target = target_of(mesh, here.name, identity, f"{identity.frontend.prefix}/v3/projects/{project}")
        request = UpstreamRequest("GET", None, headers)
        answer = await self._upstream.send_buffered(target, request, timeouts=here.timeouts, until=until, limit=ANSWER_LIMIT)
        return answer.status
