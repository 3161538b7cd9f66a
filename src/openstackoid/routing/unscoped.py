# SPDX-License-Identifier: Apache-2.0
"""Requests without a scope, to every service but Keystone: they stay here, or the store has the scope of their workflow."""

from dataclasses import dataclass, replace

from openstackoid.mesh import Endpoint
from openstackoid.routing.decision import MoreInput, Plan, ReadBody, ReadStore, Single
from openstackoid.routing.reading import AUTH, RefusedError
from openstackoid.routing.received import Received
from openstackoid.routing.request import NotRead
from openstackoid.routing.scoped import changes_watched, needs_body
from openstackoid.routing.sending import Changes, Sending
from openstackoid.routing.target import targets_of
from openstackoid.routing.turns import in_turn
from openstackoid.routing.workflows import is_marked, may_be_remembered
from openstackoid.scope import Issuer, Scope


@dataclass(frozen=True, slots=True)
class UnscopedRequest:
    """A request under ``scope``: that of its workflow, with ``recalled``; else everything here."""

    received: Received
    scope: Scope
    recalled: bool
    request_id: str


def read_unscoped(received: Received) -> UnscopedRequest | ReadStore:
    """Return the request with its workflow's scope. Raises :class:`RefusedError` if the store has none for a marked id."""
    request_id = "" if received.auth is None else received.request_id()
    recalled = received.request.recalled if may_be_remembered(request_id) else None
    if isinstance(recalled, NotRead):
        return ReadStore()
    if recalled is None and is_marked(request_id):
        raise RefusedError(
            received.at,
            503,
            "Service Unavailable",
            f"the gateway has no record of workflow {request_id}, so the cloud of its {received.endpoint.service} is unknown;"
            " start the operation again",
        )
    if recalled is None:
        return UnscopedRequest(received, Scope.everything_in(received.at), recalled=False, request_id=request_id)
    # The credentials are those of a service of this cloud, whichever cloud issued the user's token.
    return UnscopedRequest(received, recalled.issued_by(Issuer(received.at)), recalled=True, request_id=request_id)


def plan_unscoped(asked: UnscopedRequest) -> Plan | MoreInput:
    """Return the plan for the request. Raises :class:`~openstackoid.routing.reading.RefusedError`."""
    received = asked.received
    targets = targets_of(received.reading, received.endpoint, asked.scope)
    return in_turn(received, asked.scope, targets, lambda _, target: _plan(_projected(asked, target), target))


def _projected(asked: UnscopedRequest, target: Endpoint) -> UnscopedRequest:
    """Return the request as it is sent to a target: with ``A & B`` for no service."""
    return replace(asked, scope=asked.scope.projected(asked.received.endpoint.service, target.cloud))


def _plan(asked: UnscopedRequest, target: Endpoint) -> Single | MoreInput:
    received, scope = asked.received, asked.scope
    received.reading.refuse_blocked(target.cloud)
    sending = Sending(received, target)
    if not sending.may_leave():
        message = (
            f"a service's own request of the workflow {asked.request_id} would go to {received.endpoint.service} of"
            f" {sending.target.cloud}; a token of a service of {received.at} leaves only for a cloud that shares a data plane"
            " with it ('shared' in the mesh)"
        )
        raise RefusedError(received.at, 403, "Forbidden", message)
    # Otherwise the id of an allowed workflow would let requests through that another service refuses.
    if asked.recalled and changes_watched(received) and needs_body(received, scope):
        return ReadBody()
    changes = Changes()
    if received.auth is not None and not sending.local:
        changes[AUTH] = sending.marked(received.auth.bare, scope)
    return sending.single(changes | sending.service_token())
