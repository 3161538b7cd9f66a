# SPDX-License-Identifier: Apache-2.0
"""The records that peers have of a workflow: asked for from gateway to gateway, along the way that the requests took."""

import asyncio
import json
from dataclasses import dataclass, field, replace

from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.message.deadline import Deadline
from openstackoid.bridge.trace.records import RECORDS_OF_ONE, Record, record_of
from openstackoid.bridge.upstream.target import Target, target_of
from openstackoid.bridge.upstream.upstream import Upstream, UpstreamRequest, first_reached, read_answer
from openstackoid.mesh import Mesh, Timeouts

PATIENCE = 5.0
"""Seconds that a peer may take for its records, beyond the time for a connection."""

ANSWER_LIMIT = 512 * 1024
"""Bytes of a peer's answer: its most records, with room."""

SOCKETS = 2
"""The most sockets of a peer's gateway that are tried, one after the other, for one that accepts a connection."""

AT_ONCE = 8
"""Peers that are asked at the same time."""

_HEADERS = (("Accept", "application/json"), ("Accept-Encoding", "identity"))


@dataclass(slots=True)
class Trail:
    """The records that were gathered, and the clouds whose records are missing, with the reason."""

    records: list[Record]
    missing: list[dict[str, str]] = field(default_factory=list)

    def miss(self, cloud: str, reason: str) -> None:
        """Write down what is missing."""
        self.missing.append({"cloud": cloud, "reason": reason})


async def ask_peers(upstream: Upstream, mesh: Mesh, path: str, query: str, trail: Trail) -> None:
    """Add to ``trail`` what the peers in its records know, then those in theirs, each peer once."""
    asked = {upstream.at}
    slots = asyncio.Semaphore(AT_ONCE)

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
        trail.miss(name, error.message.removeprefix(f"gateway of {upstream.at}: "))
        return trail
    if content is None:
        trail.miss(name, "its gateway has no record of it")
        return trail
    _read(content, name, trail)
    return trail


def _read(content: bytes, name: str, trail: Trail) -> None:
    """Add to ``trail`` what is a record of the peer ``name`` in its answer. Nothing else of what it says is repeated."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        document = None
    items = document.get("hops") if isinstance(document, dict) else None
    if not isinstance(items, list):
        trail.miss(name, "its answer is no trace")
        return
    found = [record_of(item, name) for item in items[:RECORDS_OF_ONE]]
    trail.records += [record for record in found if record is not None]
    if len(trail.records) < len(items):
        trail.miss(name, f"{len(items) - len(trail.records)} of its records were refused: they are malformed, or too many")
    if document.get("missing"):
        trail.miss(name, "it says that it has not kept all records")


async def ask_gateway(
    upstream: Upstream, mesh: Mesh, name: str, request: UpstreamRequest, path: str, *, timeouts: Timeouts, limit: int
) -> bytes | None:
    """Return what the gateway of a peer says, asked on one of its sockets after the other; None where it knows nothing.

    Raises :class:`AnswerError`: it is not reached, or says something else, or more than ``limit`` bytes.
    """
    peer = mesh.clouds[name]
    sockets = {endpoint.frontend.origin(): endpoint for endpoint in peer.endpoints}
    places = [
        replace(target_of(mesh, upstream.at, endpoint, path), place=f"the gateway of {peer.name} at {endpoint.listener}")
        for endpoint in list(sockets.values())[:SOCKETS]
    ]

    async def ask(hop: Target) -> bytes | None:
        async with upstream.send(hop, request, timeouts, Deadline(timeouts.connect + timeouts.server)) as answer:
            content = await read_answer(upstream, hop, answer, limit)
        if answer.status not in (200, 404):
            raise upstream.unusable(hop, f"it answers {answer.status}")
        return content if answer.status == 200 else None

    return await first_reached(places, ask, AnswerError(503, f"{peer.name} has no gateway in the mesh"))
