# SPDX-License-Identifier: Apache-2.0
"""The routing decision: the only implementation of a scope's meaning. See :mod:`openstackoid.routing.route_cache` for HAProxy."""

from openstackoid.mesh import Mesh
from openstackoid.routing.decision import Decision, MoreInput, Plan, ScopeSource
from openstackoid.routing.identity import IdentityRequest, plan_identity, read_identity
from openstackoid.routing.reading import SERVICE, InputNeededError, RefusedError
from openstackoid.routing.received import Received, receive, scope_source
from openstackoid.routing.request import Request
from openstackoid.routing.scoped import ScopedRequest, plan_scoped
from openstackoid.routing.unscoped import UnscopedRequest, plan_unscoped, read_unscoped
from openstackoid.scope import IDENTITY, Issuer


def decide(mesh: Mesh, at: str, request: Request) -> Decision | MoreInput:
    """Return the decision of the gateway of ``at`` on ``request``, or the input that it needs first.

    Parse every scope of the request strictly and complete it with the home cloud; refuse scopes that differ.
    """
    source = scope_source(mesh, at, request)
    try:
        asked = _read(receive(mesh, at, request))
    except RefusedError as refused:
        return Decision(refused.refusal, None, Issuer(at), source)
    except InputNeededError as error:
        return error.needed
    if isinstance(asked, MoreInput):
        return asked
    try:
        plan = _planned(asked)
    except RefusedError as refused:
        plan = refused.refusal
    except InputNeededError as error:
        return error.needed
    if isinstance(plan, MoreInput):
        return plan
    if isinstance(asked, UnscopedRequest) and asked.recalled:
        source = ScopeSource.RECALLED
    return Decision(plan, asked.scope, asked.scope.issuer(at), source)


def _read(received: Received) -> IdentityRequest | ScopedRequest | UnscopedRequest | MoreInput:
    """Return the request with the scope in force."""
    if received.endpoint.service == IDENTITY:
        return read_identity(received)
    return read_unscoped(received) if received.scope is None else ScopedRequest(received, received.scope)


def _planned(asked: IdentityRequest | ScopedRequest | UnscopedRequest) -> Plan | MoreInput:
    reading, at = asked.received.reading, asked.received.at
    if reading.mesh.blocked:
        service = reading.token(SERVICE)
        reading.refuse_blocked(asked.scope.issuer(at), None if service is None else service.issuer(at))
    match asked:
        case IdentityRequest():
            return plan_identity(asked)
        case ScopedRequest():
            return plan_scoped(asked)
        case UnscopedRequest():
            return plan_unscoped(asked)
