# SPDX-License-Identifier: Apache-2.0
"""``A & B`` for one request: the plan for each of the clouds, and the kind of their common answer. Pure."""

from openstackoid.composition import ItemKind, Kind, builtin_kinds
from openstackoid.routing.decision import All, Refuse, Turn
from openstackoid.routing.received import Received
from openstackoid.scope import Scope


def at_once(received: Received, scope: Scope, branches: tuple[Turn, ...]) -> All | Refuse:
    """Return the plan for a request to all clouds of ``branches``.

    The request keeps its id for each of them: a read stores no scope, and the records of a trace are found by it. A write to a
    resource is sent to its cloud alone. If the policy or the mesh refuses all branches, so is the request.

    Raises :class:`~openstackoid.routing.reading.RefusedError` for a request of which no common answer can be made.
    """
    kind = _kind(received)
    expression = scope.text_for(received.endpoint.service, received.at)
    if kind is None:
        service, method = received.endpoint.service, received.request.method
        message = (
            f"{service} of {expression}: of several clouds at once, lists, limits and versions can be read, and single resources"
            f" read and changed; name one cloud for this {method}"
        )
        raise received.reading.bad_request(message)
    refused = [branch.plan for branch in branches if isinstance(branch.plan, Refuse)]
    return refused[0] if len(refused) == len(branches) else All(expression, kind, branches)


def _kind(received: Received) -> Kind | None:
    """Return the kind of the answer, or None if it is not composed."""
    request, endpoint = received.request, received.endpoint
    kind = builtin_kinds().of(endpoint.service, request.path[len(endpoint.frontend.prefix) :])
    if isinstance(kind, ItemKind):
        return kind
    return kind if request.method == "GET" else None
