# SPDX-License-Identifier: Apache-2.0
"""Other gateways of the same cloud: a workflow that one of them has begun may come to another one by its next hop.

A cloud's gateways stand behind one address, for a failure of one or for their load. Each remembers what it has seen; one that
does not know a workflow asks the others, once, when it needs to know.
"""

import asyncio
import json

from openstackoid.bridge.deadline import Deadline
from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.shares import Owner
from openstackoid.bridge.upstream import Hop, Question, Upstream, read_answer
from openstackoid.mesh import Cloud, Mesh, Timeouts
from openstackoid.routing.pages import WORKFLOW
from openstackoid.scope import Scope, ScopeError, parse

PATIENCE = 1.0
"""Seconds that a twin may take for its answer, beyond the time for a connection."""
TWINS = Owner("", "twins")
"""The owner of all that the twins have told: it can be asked for again, so it may be the first to go."""
_ANSWER_LIMIT = 8 * 1024
_HEADERS = (("Accept", "application/json"), ("Accept-Encoding", "identity"))


async def ask_twins(upstream: Upstream, mesh: Mesh, here: Cloud, request_id: str) -> Scope | None:
    """Return the scope that one of the twins remembers for a request id, or None where none of them does, or answers."""
    found = await asyncio.gather(*(_ask(upstream, mesh, here, twin, request_id) for twin in here.twins))
    return next(filter(None, found), None)


async def _ask(upstream: Upstream, mesh: Mesh, here: Cloud, twin: str, request_id: str) -> Scope | None:
    hop = Hop(f"{twin}{WORKFLOW}{request_id}", f"the twin gateway at {twin}", peer=here.name)
    timeouts = Timeouts(connect=here.timeouts.connect, server=PATIENCE)
    try:
        question = Question("GET", None, _HEADERS)
        async with upstream.ask(hop, question, timeouts, Deadline(timeouts.connect + timeouts.server)) as answer:
            content = await read_answer(upstream, hop, answer, _ANSWER_LIMIT)
        if answer.status != 200:
            return None
        text = json.dumps(json.loads(content)["scope"])
        return parse(text, services=mesh.known_services, clouds=mesh.known_clouds, offers=mesh.offers)
    except (AnswerError, ScopeError, ValueError, TypeError, KeyError, RecursionError):
        return None
