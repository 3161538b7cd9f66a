# SPDX-License-Identifier: Apache-2.0
"""Ask peers' gateways for their description and time, for the operator: on request, a few at a time, and cached.

A scrape asks :data:`FOR_A_SCRAPE` peers and does not wait: in a large mesh, peers take turns, those with a fault more often. An
answer is told until the peer has given the next one, for an alert must not end between two questions. The operator's page waits
for as long as a question takes: one look must name a peer that went silent.
"""

import asyncio
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields, replace
from email.utils import parsedate_to_datetime
from typing import Any

from aiohttp import hdrs

from openstackoid.bridge.errors import AnswerError, without_gateway
from openstackoid.bridge.message.deadline import Deadline
from openstackoid.bridge.pages import peer_questions
from openstackoid.bridge.pages.peer_questions import PeerQuestions, question_timeouts
from openstackoid.bridge.pages.reachability import AT_MOST
from openstackoid.bridge.trace.peer_records import SOCKETS
from openstackoid.bridge.upstream.kept_connections import FROM_THE_START
from openstackoid.bridge.upstream.target import Target, gateway_targets
from openstackoid.bridge.upstream.upstream import Upstream, UpstreamError, UpstreamRequest, first_reached, read_answer
from openstackoid.mesh import Mesh, mesh_digest
from openstackoid.routing.pages import MESH, ONLY_HERE
from openstackoid.telemetry import PeerAnswer

FOR_A_SCRAPE = FROM_THE_START
"""Peers that are asked for one scrape: all of a small mesh, to which connections are kept anyway."""

CLOCK_KEPT = 600.0
"""Seconds for which the clock of a peer is told: when this machine's clock is set right, all earlier differences are wrong."""

FRESH = 1.0
"""Seconds for which an answer is good for the operator's page."""

LATE = 1.0
"""Seconds beyond those of a question that the operator's page waits: a busy machine is late."""

_LIMIT = 4096
_FIELDS = tuple(field.name for field in fields(PeerAnswer))
_REQUEST = UpstreamRequest("GET", ONLY_HERE, (("Accept", "application/json"), ("Accept-Encoding", "identity")))


class PeerWatch:
    """Asks the gateways of peers, and caches their answers."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._questions = PeerQuestions(upstream.at, self._answer, at_once=AT_MOST)

    async def run(self) -> None:
        """Wait until the task is cancelled, and ask no more then."""
        try:
            await asyncio.Event().wait()
        finally:
            self._questions.cancel()

    async def document(self, mesh: Mesh) -> dict[str, Any]:
        """Return the answers for the operator's page, each with its age.

        Those of the peers that were asked are at most :data:`FRESH` seconds old; it waits for them.
        """
        self._questions.begin(mesh, AT_MOST, FRESH)
        await self._questions.wait(peer_questions.ANSWERS_WITHIN + LATE)
        return {name: {key: getattr(answer, key) for key in _FIELDS} for name, answer in self.answers(mesh).items()}

    def scraped(self, mesh: Mesh) -> Mapping[str, PeerAnswer]:
        """Return the answers that are known, and ask a few peers for the next scrape, half of them of those with a fault.

        A peer that the operator has blocked does not answer, and is not told: no alert is to name it.
        """
        answers = {name: answer for name, answer in self.answers(mesh).items() if name not in mesh.blocked}
        self._questions.begin(mesh, FOR_A_SCRAPE // 2, among={name for name, answer in answers.items() if not answer.good})
        self._questions.begin(mesh, FOR_A_SCRAPE)
        return answers

    def answers(self, mesh: Mesh) -> Mapping[str, PeerAnswer]:
        """Return the last answer of each peer that has been asked."""
        answers = self._questions.answers(mesh).items()
        return {name: _aged(answer, age) for name, (age, answer) in answers}

    async def _answer(self, mesh: Mesh, name: str) -> PeerAnswer:
        waits, digest = question_timeouts(mesh, self._upstream.at), mesh_digest(mesh)
        sockets = gateway_targets(mesh, self._upstream.at, mesh.clouds[name], MESH)[:SOCKETS]
        # No connection is kept for the sake of a question.
        targets = [replace(one, gateway="") for one in sockets]

        async def ask(target: Target) -> PeerAnswer:
            async with self._upstream.send(target, _REQUEST, waits, Deadline(waits.server / len(targets))) as answer:
                now, date = time.time(), answer.headers.get(hdrs.DATE, "")
                if answer.status != 200:
                    return PeerAnswer(True, f"answers {answer.status}")
                try:
                    told = _described(await read_answer(self._upstream, target, answer, _LIMIT))
                except UpstreamError as error:
                    if error.is_outage:
                        raise
                    # An earlier release, which tells all clouds.
                    told = None
            return PeerAnswer(True, same=None if told is None else told == digest, ahead=_ahead(date, now))

        nowhere = AnswerError(503, f"{name} has no gateway in the mesh")
        try:
            return await first_reached(targets, ask, nowhere, repeatable=True)
        except AnswerError as error:
            certificate = isinstance(error, UpstreamError) and error.certificate
            return PeerAnswer(False, without_gateway(error.message, self._upstream.at), certificate=certificate)


def _aged(answer: PeerAnswer, age: float) -> PeerAnswer:
    """Return an answer with its age, without the time if it is old."""
    return replace(answer, age=round(age, 1), ahead=answer.ahead if age < CLOCK_KEPT else None)


def _described(content: bytes) -> str | None:
    """Return the digest of the description in an answer, if it has one."""
    with suppress(ValueError, RecursionError):
        page = json.loads(content)
        if isinstance(page, dict) and isinstance(page.get("description"), str):
            return str(page["description"])
    return None


def _ahead(date: str, now: float) -> float | None:
    """Return the seconds by which the header ``Date`` is ahead of ``now``; it tells whole seconds."""
    with suppress(ValueError):
        then = parsedate_to_datetime(date).timestamp()
        return max(then - now, 0.0) + min(then + 1 - now, 0.0)
    return None
