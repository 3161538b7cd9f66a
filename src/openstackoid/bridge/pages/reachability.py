# SPDX-License-Identifier: Apache-2.0
"""Find out which peers' gateways answer: on request, a few at a time, and cached.

HAProxy remembers the failures of requests (:mod:`openstackoid.haproxy.peers`), and a scrape of metrics asks a few peers
(:mod:`.peer_watch`); this is for people.
"""

from collections.abc import Mapping

from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.pages.health import DOWN, UP
from openstackoid.bridge.pages.peer_questions import PeerQuestions, question_timeouts
from openstackoid.bridge.trace.peer_records import ask_gateway
from openstackoid.bridge.upstream.upstream import Upstream, UpstreamRequest
from openstackoid.mesh import Mesh
from openstackoid.routing.pages import HEALTH

AT_MOST = 128
"""Peers that are asked for one page: any client may request it."""

PATIENCE = 1.0
"""Seconds that a page waits for answers. Later ones are shown the next time."""

KEPT = 120.0
"""Seconds for which the last state of a peer is shown, if there are too many to ask all."""

_LIMIT = 4096
_HEADERS = (("Accept-Encoding", "identity"),)


class Reachability:
    """Asks the gateways of peers for their health, and caches it."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._questions = PeerQuestions(upstream.at, self._state)

    async def states(self, mesh: Mesh) -> Mapping[str, str]:
        """Return the known states: at most ``timeouts.check`` seconds old, or asked now."""
        self._questions.begin(mesh, AT_MOST)
        await self._questions.wait(PATIENCE)
        return {name: state for name, (age, state) in self._questions.answers(mesh).items() if age < KEPT}

    async def _state(self, mesh: Mesh, name: str) -> str:
        request, waits = UpstreamRequest("GET", None, _HEADERS), question_timeouts(mesh, self._upstream.at)
        try:
            await ask_gateway(self._upstream, mesh, name, request, HEALTH, timeouts=waits, limit=_LIMIT, within=waits.server)
        except AnswerError:
            return DOWN
        return UP
