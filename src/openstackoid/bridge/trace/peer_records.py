# SPDX-License-Identifier: Apache-2.0
"""Fetch peers' records of a workflow, from gateway to gateway, along the way of its requests."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from openstackoid.bridge.errors import AnswerError, without_gateway
from openstackoid.bridge.message.deadline import Deadline
from openstackoid.bridge.trace.records import RECORDS_OF_ONE, Record, record_of
from openstackoid.bridge.upstream.target import Target, gateway_targets
from openstackoid.bridge.upstream.upstream import Upstream, UpstreamRequest, first_reached, read_answer
from openstackoid.mesh import Mesh, Timeouts

PATIENCE = 5.0
"""Seconds that a peer may take for its records, beyond the time for a connection."""

ANSWER_LIMIT = 512 * 1024
"""Bytes of a peer's answer: its most records, with room."""

SOCKETS = 2
"""The most sockets of a peer's gateway that are tried, one after the other, for one that accepts a connection."""

AT_ONCE = 32
"""Peers that are asked at the same time, for all clients together."""

FRESH = 1.0
"""Seconds for which the answers of peers are reused: any client that knows an id may ask."""

_HEADERS = (("Accept", "application/json"), ("Accept-Encoding", "identity"))


@dataclass(slots=True)
class Trail:
    """The gathered records, and the clouds with missing records, with the reason."""

    records: list[Record]
    missing: list[dict[str, str]] = field(default_factory=list)

    def miss(self, cloud: str, reason: str) -> None:
        """Note a gap."""
        self.missing.append({"cloud": cloud, "reason": reason})


class Trails:
    """Asks peers for their records of workflows, once a second for all clients."""

    def __init__(self, upstream: Upstream, clock: Callable[[], float] = time.monotonic) -> None:
        self._upstream = upstream
        self._clock = clock
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._looks: dict[tuple[str, int], tuple[float, asyncio.Task[Trail]]] = {}

    async def complete(self, mesh: Mesh, path: str, query: str, own: Trail) -> Trail:
        """Return ``own``, the records of this gateway, with those of its peers; see :func:`ask_peers`."""
        now = self._clock()
        # A new record causes a new question.
        key = (path, len(own.records))
        self._looks = {key: look for key, look in self._looks.items() if not look[1].done() or now < look[0] + FRESH}
        if key not in self._looks:
            self._looks[key] = now, asyncio.create_task(self._ask(mesh, path, query, own))
        # A waiting client may leave; the others still need the answer.
        return await asyncio.shield(self._looks[key][1])

    async def _ask(self, mesh: Mesh, path: str, query: str, trail: Trail) -> Trail:
        await ask_peers(self._upstream, mesh, path, query, trail, slots=self._slots)
        return trail


async def ask_peers(
    upstream: Upstream, mesh: Mesh, path: str, query: str, trail: Trail, *, slots: asyncio.Semaphore | None = None
) -> None:
    """Add to ``trail`` the records of the peers in its records, then of those in theirs, each peer once.

    ``slots`` limits the questions at a time.
    """
    asked = {upstream.at}
    slots = slots or asyncio.Semaphore(AT_ONCE)

    async def ask(name: str) -> Trail:
        async with slots:
            return await _ask(upstream, mesh, name, UpstreamRequest("GET", query, _HEADERS), path)

    while names := sorted({record.cloud for record in trail.records} - asked):
        asked.update(names)
        for found in await asyncio.gather(*map(ask, names)):
            trail.records += found.records
            trail.missing += found.missing


async def _ask(upstream: Upstream, mesh: Mesh, name: str, request: UpstreamRequest, path: str) -> Trail:
    trail = Trail([])
    if name not in mesh.clouds:
        trail.miss(name, f"{upstream.at} does not know this cloud")
        return trail
    connect = mesh.clouds[upstream.at].timeouts.connect
    try:
        timeouts = Timeouts(connect=connect, server=PATIENCE)
        content = await ask_gateway(upstream, mesh, name, request, path, timeouts=timeouts, limit=ANSWER_LIMIT)
    except AnswerError as error:
        trail.miss(name, without_gateway(error.message, upstream.at))
        return trail
    if content is None:
        trail.miss(name, "its gateway has no record of it")
        return trail
    _read(content, name, trail)
    return trail


def _read(content: bytes, name: str, trail: Trail) -> None:
    """Add to ``trail`` the valid records in the answer of the peer ``name``. The rest of the answer is dropped."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        document = None
    items = document.get("hops") if isinstance(document, dict) else None
    if not isinstance(items, list):
        trail.miss(name, "its answer is not a trace")
        return
    found = [record_of(item, name) for item in items[:RECORDS_OF_ONE]]
    trail.records += [record for record in found if record is not None]
    if len(trail.records) < len(items):
        trail.miss(name, f"{len(items) - len(trail.records)} of its records were refused: they are malformed, or too many")
    if document.get("missing"):
        trail.miss(name, "it has not kept all records")


async def ask_gateway(
    upstream: Upstream,
    mesh: Mesh,
    name: str,
    request: UpstreamRequest,
    path: str,
    *,
    timeouts: Timeouts,
    limit: int,
    within: float | None = None,
) -> bytes | None:
    """Return the page of a peer's gateway, asked on one of its sockets after the other; None for a 404.

    ``within``: seconds for all sockets together; without it, a socket that does not answer in time is the last. Raises
    :class:`AnswerError` if it is not reached, or its answer is another one, or has more than ``limit`` bytes.
    """
    places = gateway_targets(mesh, upstream.at, mesh.clouds[name], path)[:SOCKETS]

    async def ask(target: Target) -> bytes | None:
        seconds = timeouts.connect + timeouts.server if within is None else within / len(places)
        async with upstream.send(target, request, timeouts, Deadline(seconds)) as answer:
            content = await read_answer(upstream, target, answer, limit)
        if answer.status not in (200, 404):
            raise upstream.unusable(target, f"it answers {answer.status}")
        return content if answer.status == 200 else None

    nowhere = AnswerError(503, f"{name} has no gateway in the mesh")
    return await first_reached(places, ask, nowhere, repeatable=within is not None)
