# SPDX-License-Identifier: Apache-2.0
"""``A | B`` for one request: the plans of the clouds in turn, and the answers after which the next cloud is asked. Pure.

The plans for ``A & B`` are made in the same way; :mod:`openstackoid.routing.at_once` has the rest.
"""

import json
from collections.abc import Callable
from enum import Enum
from urllib.parse import parse_qsl

from openstackoid.composition import FEW_VALUES, has_more_values
from openstackoid.mesh import Endpoint
from openstackoid.routing.at_once import at_once
from openstackoid.routing.decision import MoreInput, Otherwise, Plan, Refuse, Single, Turn
from openstackoid.routing.reading import RefusedError
from openstackoid.routing.received import Received
from openstackoid.routing.workflows import READS
from openstackoid.scope import Scope, has_all

LONGEST_EMPTY = 4096
"""The most bytes of a list without items, with its links."""

_NAMES = ("name", "display_name")


class Outcome(Enum):
    """The outcome of a turn: the answer, or that the cloud lacks the item, or that it cannot serve the request."""

    ANSWER = "answer"
    MISSING = "missing"
    FAILURE = "failure"


def in_turn(
    received: Received, scope: Scope, targets: tuple[Endpoint, ...], plan: Callable[[int, Endpoint], Single | MoreInput]
) -> Plan | MoreInput:
    """Return the plan for the targets, of each by its ``plan``; a refusal of one of several is its turn's.

    Of clouds in turn, a blocked one is left out. Raises :class:`RefusedError` for a sole target.
    """
    expression = scope.expression_for(received.endpoint.service)
    if expression is None or not has_all(expression):
        blocked = received.reading.mesh.blocked
        targets = tuple(target for target in targets if target.cloud not in blocked) or targets
    if len(targets) == 1:
        return plan(0, targets[0])
    plans: dict[str, Single | Refuse] = {}
    for number, target in enumerate(targets):
        try:
            planned: Single | Refuse | MoreInput = plan(number, target)
        except RefusedError as refused:
            planned = refused.refusal
        if isinstance(planned, MoreInput):
            return planned
        plans[target.cloud] = planned
    if expression is not None and has_all(expression):
        return at_once(received, expression, plans)
    return Otherwise(scope.text_for(received.endpoint.service, received.at), tuple(Turn(*each) for each in plans.items()))


def outcome(method: str, status: int) -> Outcome:
    """Return the outcome of a turn by the status of its answer.

    After a failed write no other cloud is asked, as it may have been carried out in part.
    """
    if status == 404:
        return Outcome.MISSING
    return Outcome.FAILURE if status >= 500 and method in READS else Outcome.ANSWER


def looks_up_name(method: str, query: str | None) -> bool:
    """Return whether a request asks for a list by name, as clients do to find an item: empty, it is a missing item."""
    return method == "GET" and any(name in _NAMES for name, _ in parse_qsl(query or ""))


def is_empty_list(content: bytes) -> bool:
    """Return whether a JSON document has a list, and no list with an item."""
    if has_more_values(content, FEW_VALUES):
        return False
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return False
    values = document.values() if isinstance(document, dict) else (document,)
    lists = [value for value in values if isinstance(value, list)]
    return bool(lists) and not any(lists)
