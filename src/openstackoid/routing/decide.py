# SPDX-License-Identifier: Apache-2.0
"""The routing decision: the one meaning of a scope, of which the generated HAProxy configuration is a compilation."""

from dataclasses import replace

from openstackoid.mesh import Endpoint, Mesh
from openstackoid.routing.collaborations import FORCE, broken, explanation, separated
from openstackoid.routing.decision import Decision, Guarded, ReadBody, ReadStore
from openstackoid.routing.identity import decide_identity
from openstackoid.routing.normal_path import called_path
from openstackoid.routing.paths import refuse_confusing
from openstackoid.routing.reading import AUTH, PLAIN, SERVICE, Reading, RefusedError, Token, is_visible
from openstackoid.routing.request import NotRead, Request
from openstackoid.routing.sending import Changes, Sending
from openstackoid.routing.workflows import READS, REQUEST_ID, Workflow, is_marked, may_be_remembered, watched_services
from openstackoid.scope import IDENTITY, Scope


def decide(mesh: Mesh, at: str, request: Request) -> Decision:
    """Return what the gateway of the cloud ``at`` does with ``request``.

    Every scope that the request carries is read strictly, completed with its home and, where two of them speak of the same
    thing, compared: a difference is refused, never chosen between.
    """
    return judge(mesh, at, request)[0]


def judge(mesh: Mesh, at: str, request: Request) -> tuple[Decision, Scope | None]:
    """Return the decision of :func:`decide`, and the completed scope that it followed.

    There is none where the request was refused before a scope was known: a malformed one, or a path of no service.
    """
    gateway = _Gateway(mesh, at, request)
    try:
        decision = gateway.decide()
    except RefusedError as refused:
        decision = refused.decision
    except _NotReadError:
        decision = ReadStore()
    return decision, gateway.reading.in_force


class _NotReadError(Exception):
    """Ends the decision: it needs the scope that the store has for the request's id."""


class _Gateway:
    """One request at the gateway of the cloud ``at``."""

    def __init__(self, mesh: Mesh, at: str, request: Request) -> None:
        self.mesh = mesh
        self.at = at
        self.request = request
        self.reading = Reading(mesh, at, request)
        self.sending = Sending(self.reading)

    def decide(self) -> Decision:
        request, cloud = self.request, self.mesh.clouds[self.at]
        endpoint = cloud.locate(request.listener, request.path)
        if endpoint is None:
            roots = sorted({known.frontend.root() for known in cloud.endpoints if known.listener == request.listener})
            message = f"no service is served at this path; served are: {', '.join(roots)}"
            raise RefusedError(self.at, 404, "Not Found", message)
        self.reading.refuse_scopes_elsewhere()
        refuse_confusing(self.reading, endpoint)
        in_url = self.reading.url_scope(endpoint)
        self.request = self.reading.request
        auth = self.reading.token(AUTH)
        scope = self.reading.agreed(
            "X-Scope and the scope in X-Auth-Token", self.reading.plain_scope(), auth.scope if auth else None
        )
        scope = self.reading.agreed("the scopes of the URL and of the request", in_url, scope)
        if endpoint.service == IDENTITY:
            return decide_identity(self.reading, endpoint, auth, scope)
        return self._unscoped(endpoint, auth) if scope is None else self._scoped(endpoint, auth, scope)

    def _request_id(self) -> str:
        """Return the id of the request where it means something: HAProxy, which sends on the rest alone, does not look at it."""
        ids = self.request.values(REQUEST_ID)
        if len(ids) > 1 and any(map(may_be_remembered, ids)):
            raise self.reading.bad_request(
                f"{REQUEST_ID.title()} stands {len(ids)} times, with that of a workflow; once is accepted"
            )
        return ids[0] if len(ids) == 1 else ""

    def _scoped(self, endpoint: Endpoint, auth: Token | None, scope: Scope) -> Decision:
        target = self.sending.target(endpoint, scope)
        changes: Changes = {PLAIN: None}
        workflow = None
        if self._changes_watched(endpoint):
            if self._wants_body(endpoint, scope):
                return ReadBody()
            if auth is not None:
                workflow = self._workflow(self._request_id(), scope)
                changes[REQUEST_ID] = workflow.id
        if auth is not None:
            changes[AUTH] = self.sending.marked(auth.bare, scope, target)
        elif target.cloud != self.at:
            changes[PLAIN] = scope.to_header()
        self._add_service_token(changes, target)
        decision = self.sending.forward(endpoint, target, changes, workflow)
        if auth is None:
            return decision
        user = self._guarded(scope.cloud_for(IDENTITY, self.at), auth)
        foreign = decision.local and user.issuer != self.at
        # A service strips white space of any script from a token, and knows the rest by the claims of another one.
        if foreign and not is_visible(auth.bare):
            raise self.reading.bad_request(f"{AUTH.title()}: a token of {user.issuer} has visible characters of ASCII alone")
        return replace(decision, guard=user if foreign else None, user=None if workflow is None else user)

    def _guarded(self, issuer: str, auth: Token) -> Guarded:
        vouching = self.reading.token(SERVICE)
        if vouching is None:
            return Guarded(issuer, auth.bare)
        mark = vouching.scope
        return Guarded(issuer, auth.bare, vouching.bare, self.at if mark is None else mark.cloud_for(IDENTITY, self.at))

    def _unscoped(self, endpoint: Endpoint, auth: Token | None) -> Decision:
        """A request of somebody who says no scope, or a hop with a service's own credentials, whose scope is remembered."""
        recalled = None
        request_id = "" if auth is None else self._request_id()
        if may_be_remembered(request_id):
            recalled = self._recalled()
            if recalled is None and is_marked(request_id):
                raise RefusedError(
                    self.at,
                    503,
                    "Service Unavailable",
                    f"the scope of the workflow {request_id} is not remembered here (any more), so it is not known which cloud's"
                    f" {endpoint.service} is meant; begin the workflow anew",
                )
        # The credentials are those of a service of this cloud, whoever issued the token of the workflow's user.
        scope = None if recalled is None else recalled.issued_by(self.at)
        target = self.sending.target(endpoint, scope)
        if not self.sending.may_leave(target):
            message = (
                f"a service's own request of the workflow {request_id} would go to {endpoint.service} of {target.cloud}; a token"
                f" of a service of {self.at} leaves only for a cloud that shares a data plane with it ('shared' in the mesh)"
            )
            raise RefusedError(self.at, 403, "Forbidden", message)
        # Or the id of a workflow that was let through would let through what another service refuses.
        if scope is not None and self._changes_watched(endpoint) and self._wants_body(endpoint, scope):
            return ReadBody()
        changes: Changes = {PLAIN: None}
        if auth is not None and scope is not None and target.cloud != self.at:
            changes[AUTH] = self.sending.marked(auth.bare, scope, target)
        self._add_service_token(changes, target)
        return self.sending.forward(endpoint, target, changes, recalled=scope is not None)

    def _changes_watched(self, endpoint: Endpoint) -> bool:
        return self.request.method not in READS and endpoint.service in watched_services(self.mesh)

    def _add_service_token(self, changes: Changes, target: Endpoint) -> None:
        service_token = self.reading.token(SERVICE)
        if service_token is not None:
            changes[SERVICE] = self.sending.service_token(service_token, target)

    def _recalled(self) -> Scope | None:
        if isinstance(self.request.recalled, NotRead):
            raise _NotReadError
        return self.request.recalled

    def _workflow(self, request_id: str, scope: Scope) -> Workflow:
        """Return what is to be remembered: under the id that the request has, if that is one of a workflow's, else a new one."""
        if not may_be_remembered(request_id):
            return Workflow(self.request.fresh_id, scope.workflow())
        known = self._recalled()
        if known is not None and known != scope.workflow():
            raise RefusedError(
                self.at,
                409,
                "Conflict",
                f"the request id {request_id} is that of a workflow with the scope {known.to_header()}; the scope of this"
                f" request is {scope.workflow().to_header()}; give each workflow an id of its own",
            )
        return Workflow(request_id, scope.workflow())

    def _wants_body(self, endpoint: Endpoint, scope: Scope) -> bool:
        """Refuse a collaboration that cannot work; return whether the body must be read to know."""
        rules = separated(self.mesh, scope, endpoint.service, self.request.method, called_path(endpoint, self.request.path))
        force = self.reading.single(FORCE)
        if force not in (None, "true"):
            raise self.reading.bad_request("X-Scope-Force is not understood; 'true' is accepted")
        allowed = self.mesh.clouds[self.at].force
        if not rules or (force and allowed):
            return False
        if self.request.body is None and any(rule.asks_for_body for rule in rules):
            return True
        rule = broken(rules, self.request.body)
        if rule is not None:
            over = "X-Scope-Force: true overrides it" if allowed else f"{self.at} does not allow to override it"
            raise RefusedError(self.at, 409, "Conflict", explanation(self.mesh, rule, scope, over))
        return False
