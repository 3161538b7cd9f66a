# SPDX-License-Identifier: Apache-2.0
"""Find out which peers' gateways answer: on request, a few at a time, and cached.

No gateway checks all of its peers by itself: of ten thousand, each would check each. HAProxy remembers the failures of requests
(:mod:`openstackoid.haproxy.peers`), and a scrape of metrics asks a few (:mod:`.peer_watch`); this is for people.
"""

import asyncio
import time
from collections.abc import Mapping

from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.pages.health import DOWN, UP
from openstackoid.bridge.trace.peer_records import ask_gateway
from openstackoid.bridge.upstream.upstream import Upstream, UpstreamRequest
from openstackoid.mesh import Mesh, Timeouts
from openstackoid.routing.pages import HEALTH

AT_ONCE, AT_MOST = 32, 128
"""Peers that are asked at the same time, and for one page: any client may request it."""

PATIENCE = 1.0
"""Seconds that a page waits for answers. Later ones, as of a peer that HAProxy has tried twice, are shown the next time."""

KEPT = 120.0
"""Seconds for which the last state of a peer is shown, if there are too many to ask all."""

_LIMIT = 4096
_HEADERS = (("Accept-Encoding", "identity"),)


class Reachability:
    """Asks the gateways of peers for their health, and caches it."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._found: dict[str, tuple[float, str]] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def states(self, mesh: Mesh) -> Mapping[str, str]:
        """Return the known states: at most ``timeouts.check`` seconds old, or asked now."""
        peers = [name for name in mesh.clouds if name != self._upstream.at]
        self._found = {name: self._found[name] for name in peers if name in self._found}
        old = time.monotonic() - mesh.clouds[self._upstream.at].timeouts.check
        due = sorted((self._since(name), name) for name in peers if self._since(name) < old and name not in self._asking)
        for _, name in due[: AT_MOST - len(self._asking)]:
            self._asking[name] = asyncio.create_task(self._ask(mesh, name))
        if self._asking:
            await asyncio.wait(self._asking.values(), timeout=PATIENCE)
        kept = time.monotonic() - KEPT
        return {name: state for name, (since, state) in self._found.items() if since > kept}

    def _since(self, name: str) -> float:
        return self._found.get(name, (float("-inf"), ""))[0]

    async def _ask(self, mesh: Mesh, name: str) -> None:
        connect = mesh.clouds[self._upstream.at].timeouts.connect
        request, waits = UpstreamRequest("GET", None, _HEADERS), Timeouts(connect=connect, server=connect)
        try:
            async with self._slots:
                await ask_gateway(self._upstream, mesh, name, request, HEALTH, timeouts=waits, limit=_LIMIT)
            self._found[name] = (time.monotonic(), UP)
        except AnswerError:
            self._found[name] = (time.monotonic(), DOWN)
        finally:
            del self._asking[name]
