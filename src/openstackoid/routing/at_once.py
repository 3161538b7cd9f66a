# SPDX-License-Identifier: Apache-2.0
"""``A & B`` for one request, alone or beside ``A | B``: the plan for each of the clouds, and the kind of their answer. Pure."""

from collections.abc import Mapping

from openstackoid.composition import HeadersKind, ItemKind, Kind, ListKind, NamedKind, builtin_kinds
from openstackoid.composition.kinds import OBJECT_STORE
from openstackoid.routing.decision import All, Otherwise, Refuse, Single, Turn
from openstackoid.routing.received import Received
from openstackoid.scope import All as AllOf
from openstackoid.scope import Cloud, Expression, clouds_of, parts
from openstackoid.scope import Otherwise as InTurn

_Part = Single | Refuse | Otherwise | All


def at_once(received: Received, expression: Expression, plans: Mapping[str, Single | Refuse]) -> _Part:
    """Return the plan for a request under ``expression``, which has ``A & B``; ``plans``: of each cloud.

    The request keeps its id for each of them, which is the services' global one; docs/understand/decisions.md says why. One for a
    resource, and each write, is for the cloud that has it, wherever that is in the expression. If the policy or the mesh refuses
    all clouds, so is the request.

    Raises :class:`~openstackoid.routing.reading.RefusedError` for a request of which no common answer can be made.
    """
    kind = _kind(received)
    if kind is None:
        service, method = received.endpoint.service, received.request.method
        message = (
            f"{service} of {expression.to_text()}: of several clouds at once, lists, limits and versions can be read, and single"
            f" resources read and changed; name one cloud for this {method}"
        )
        raise received.reading.bad_request(message)
    twice = next((cloud for part in parts(expression) if isinstance(part, AllOf) for cloud in _repeated(part)), None)
    if isinstance(kind, ItemKind | NamedKind):
        return _all(expression, kind, tuple(Turn(cloud, plan) for cloud, plan in plans.items()))
    if twice is not None:
        # A list would have its items twice.
        raise received.reading.bad_request(
            f"{received.endpoint.service} of {expression.to_text()}: '&' has {twice} on both sides; name it once"
        )
    return _part(expression, kind, plans)


def _repeated(expression: AllOf) -> list[str]:
    """Return the clouds that several members have."""
    named = [cloud for member in expression.members for cloud in clouds_of(member)]
    return [cloud for cloud in named if named.count(cloud) > 1]


def _part(expression: Expression, kind: Kind, plans: Mapping[str, Single | Refuse]) -> _Part:
    match expression:
        case Cloud(name):
            return plans[name]
        case AllOf(members):
            return _all(expression, kind, tuple(Turn(each.to_text(), _part(each, kind, plans)) for each in members))
        case InTurn(members):
            turns = tuple(Turn(each.to_text(), _part(each, kind, plans)) for each in members)
            return _refused(turns) or Otherwise(expression.to_text(), turns)
    raise AssertionError("a function is resolved before")


def _all(expression: Expression, kind: Kind, branches: tuple[Turn, ...]) -> All | Refuse:
    return _refused(branches) or All(expression.to_text(), kind, branches)


def _refused(turns: tuple[Turn, ...]) -> Refuse | None:
    """Return the first refusal if all turns are refused."""
    refused = [turn.plan for turn in turns if isinstance(turn.plan, Refuse)]
    return refused[0] if len(refused) == len(turns) else None


def _kind(received: Received) -> Kind | None:
    """Return the kind of the answer, or None if it is not composed."""
    request, endpoint = received.request, received.endpoint
    path = request.path[len(endpoint.frontend.prefix) :]
    named = builtin_kinds().named(endpoint.service, path, request.method)
    if named is not None:
        return named
    kind = builtin_kinds().of(endpoint.service, path)
    if isinstance(kind, ItemKind):
        return kind
    if request.method == "HEAD" and isinstance(kind, ListKind) and kind.service == OBJECT_STORE:
        return HeadersKind(kind.service)
    return kind if request.method == "GET" else None
