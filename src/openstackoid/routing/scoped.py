# SPDX-License-Identifier: Apache-2.0
"""Requests with a scope, to every service but Keystone."""

from dataclasses import dataclass, replace

from openstackoid.mesh import Endpoint
from openstackoid.routing.collaborations import FORCE, broken, explanation, separated
from openstackoid.routing.decision import MoreInput, Plan, ReadBody, ReadStore, Single
from openstackoid.routing.normal_path import called_path
from openstackoid.routing.reading import AUTH, PLAIN, RefusedError, is_visible
from openstackoid.routing.received import Received
from openstackoid.routing.request import NotRead
from openstackoid.routing.sending import Changes, Sending
from openstackoid.routing.target import readable, resolved, targets_of
from openstackoid.routing.turns import in_turn
from openstackoid.routing.workflows import READS, REQUEST_ID, Workflow, further_id, may_be_remembered, watched_services
from openstackoid.scope import BOUND, Scope


@dataclass(frozen=True, slots=True)
class ScopedRequest:
    """A request under its own ``scope``."""

    received: Received
    scope: Scope


def plan_scoped(asked: ScopedRequest) -> Plan | MoreInput:
    """Return the plan for the request. Raises :class:`~openstackoid.routing.reading.RefusedError`."""
    received = asked.received
    targets = targets_of(received.reading, received.endpoint, asked.scope)
    return in_turn(received, asked.scope, targets, lambda number, target: _plan(_projected(asked, target), number, target))


def _projected(asked: ScopedRequest, target: Endpoint) -> ScopedRequest:
    """Return the request as it is sent to a target: with ``A & B`` for no service."""
    return replace(asked, scope=asked.scope.projected(asked.received.endpoint.service, target.cloud))


def _plan(asked: ScopedRequest, number: int, target: Endpoint) -> Single | MoreInput:
    """Return the plan for a target; ``number``: of its turn."""
    received, scope = asked.received, asked.scope
    received.reading.refuse_blocked(target.cloud)
    sending = Sending(received, target)
    watched, auth, changes = changes_watched(received), received.auth, Changes()
    # A bound token is bound to the scope as it came.
    is_bound = auth is not None and auth.bare.startswith(BOUND)
    if watched:
        chosen = resolved(received.reading.mesh, scope, received.endpoint.service, target.cloud, partners=not is_bound)
        if needs_body(received, chosen):
            return ReadBody()
        scope = scope if is_bound else chosen
    scope = scope if is_bound else readable(received, scope, target.cloud, writes=watched)
    workflow = _workflow(received, scope, number, narrowed=scope != asked.scope) if watched and auth is not None else None
    if isinstance(workflow, ReadStore):
        return workflow
    if workflow is not None:
        changes[REQUEST_ID] = workflow.id
    if auth is not None:
        changes[AUTH] = sending.marked(auth.bare, scope)
    elif not sending.local:
        changes[PLAIN] = scope.to_header()
    changes |= sending.service_token()
    user = None if auth is None else received.credentials(auth, scope)
    plan = sending.single(changes, user, workflow)
    # A service strips white space of any script from a token, and would read it as another one.
    if plan.guest is not None and not is_visible(plan.guest.token):
        message = f"{AUTH.title()}: a token of {plan.guest.issuer} has visible characters of ASCII alone"
        raise received.reading.bad_request(message)
    return plan


def changes_watched(received: Received) -> bool:
    """Return whether the request changes a resource of a service that begins or continues workflows."""
    return received.request.method not in READS and received.endpoint.service in watched_services(received.reading.mesh)


def needs_body(received: Received, scope: Scope) -> bool:
    """Refuse a collaboration that cannot work; return whether the body is needed to know."""
    reading, request, endpoint = received.reading, received.request, received.endpoint
    rules = separated(reading.mesh, scope, endpoint.service, request.method, called_path(endpoint, request.path))
    force = reading.single(FORCE)
    if force not in (None, "true"):
        raise reading.bad_request("X-Scope-Force is not understood; 'true' is accepted")
    allowed = reading.mesh.clouds[received.at].force
    if not rules or (force and allowed):
        return False
    if request.body is None and any(rule.asks_for_body for rule in rules):
        return True
    rule = broken(rules, request.body)
    if rule is not None:
        over = "X-Scope-Force: true overrides it" if allowed else f"{received.at} does not allow to override it"
        raise RefusedError(received.at, 409, "Conflict", explanation(reading.mesh, rule, scope, over))
    return False


def _workflow(received: Received, scope: Scope, number: int, *, narrowed: bool) -> Workflow | ReadStore:
    """Return the workflow to store: under the request's marked id, else under a new one.

    A store keeps one scope for an id, so the scope for a further turn, or one that is ``narrowed`` otherwise than by an earlier
    request, has an id of its own.
    """
    request, request_id = received.request, received.request_id()
    if number or not may_be_remembered(request_id):
        return Workflow(further_id(request.fresh_id, number) if number else request.fresh_id, scope.workflow())
    known = request.recalled
    if isinstance(known, NotRead):
        return ReadStore()
    if known is not None and known != scope.workflow() and narrowed:
        return Workflow(request.fresh_id, scope.workflow())
    if known is not None and known != scope.workflow():
        raise RefusedError(
            received.at,
            409,
            "Conflict",
            f"the request id {request_id} is that of a workflow with the scope {known.to_header()}; the scope of this"
            f" request is {scope.workflow().to_header()}; give each workflow an id of its own",
        )
    return Workflow(request_id, scope.workflow())
