# SPDX-License-Identifier: Apache-2.0
"""The decisions that HAProxy may keep. A route is the same for each request with the same key.

The key has the method, the endpoint, the class of the path, the text of the scope in ``X-Scope``, and the text after the token
in ``X-Auth-Token`` and, to Keystone, in ``X-Subject-Token``. :func:`cached_route` returns a route only where a decision depends
on no other part of the request:

- The path decides by its class alone: an answer that the Python service may rewrite, Keystone's token or catalog, or a
  WebSocket. HAProxy sends ambiguous paths, paths with a scope, and logins whose body may hold a scope to the Python service.
- A workflow begins with an id and a row, so a write that begins one is not kept.
- The policy judges tokens of other clouds, so no local request with one is kept. HAProxy keeps an admission of it
  (:mod:`openstackoid.routing.admission`).
- A service's token without a mark does not matter. HAProxy sends a marked one to the Python service, and removes or marks one
  that leaves.
- Sender, ``Via`` and ``Expect`` matter to a request that leaves; HAProxy sends requests with them to the Python service.
- A peer's announcement decides the form of the mark. The route has the newer form, from which HAProxy makes the older one.
- The clouds of ``around`` change with the times between gateways, so no such scope is kept.
- Of several clouds for a service, each request finds out anew which one can serve it. HAProxy may ask the first for a read, if
  it is this cloud; where that has no answer, the Python service decides. ``A & B`` of another service is sent on in another form.
- The mesh is that of the HAProxy process, whose maps begin empty: :func:`generation` names it in both programs.
"""

import re
from dataclasses import dataclass, field
from hashlib import blake2b

from openstackoid.mesh import Endpoint, Mesh
from openstackoid.routing.decision import Decision, MoreInput, Otherwise, ScopeSource, Single
from openstackoid.routing.links import links_are_followed
from openstackoid.routing.reading import AUTH, PLAIN, SERVICE, SUBJECT
from openstackoid.routing.request import Headers, Request
from openstackoid.routing.token_routes import CATALOG_PATH, TOKENS_PATH
from openstackoid.routing.workflows import READS, watched_services
from openstackoid.scope import BOUND, IDENTITY, is_marked, join_token, split_token
from openstackoid.scope import MARK as MARK_IN_TOKEN

PREFIX = "x-openstackoid-route"
"""The prefix of the headers in which HAProxy and the Python service exchange routes."""

KEY = PREFIX
"""The header of a request: the source, the number of slots, the generation, and the key, which may hold spaces."""

SLOT, MARK, CLOUD, HOME = f"{PREFIX}-slot", f"{PREFIX}-mark", f"{PREFIX}-cloud", f"{PREFIX}-home"
"""Headers of an answer: the slot of the route, and the route."""

FORGET = f"{PREFIX}-forget"
"""The header of an answer by which HAProxy forgets the route of the request."""

IN_TURNS = "|"
"""The beginning of a route of ``A | B``: the number of clouds follows, then the mark for the first, which is this one."""

ADMISSION = f"{PREFIX}-admission"
"""The header of an answer that brings an admission in the place of a route."""

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "COPY")
"""The methods of requests whose routes are kept."""

REWRITTEN, SOCKET = "rewritten", "websocket"
"""Classes of paths: answers that the Python service may rewrite (versions, lists, images), and WebSockets.

Keystone's token and catalog are classes by their paths; all other paths have none.
"""

LONGEST_KEY = 3072
"""The most characters of a key: room for the longest scope in base64url. HAProxy's buffer is bounded."""

BARE = "="
"""In a key, stands for any token before its mark."""

_TOKEN = re.compile(rf"({re.escape(BOUND)})?[^!~%]+")


@dataclass(frozen=True, slots=True)
class CachedRoute:
    """The cached part of a decision: the mark after the token, and the peer, or None for a service of this cloud.

    The mark of a request that leaves lacks its first character, by which HAProxy knows a local one. ``home``: the issuer of
    the token of a request that leaves, if it is another cloud.
    """

    mark: str = field(repr=False)
    cloud: str | None = None
    home: str | None = None


def cached_route(mesh: Mesh, at: str, request: Request, decision: Decision | MoreInput) -> CachedRoute | None:
    """Return the route of a decision that HAProxy may take alone from now on, or whose first cloud it may ask."""
    turns = _turns(mesh, at, request, decision)
    if turns and isinstance(decision, Decision):
        return CachedRoute(f"{IN_TURNS}{turns}{_mark(decision)}")
    plan = _followed(mesh, request, decision)
    if plan is None or isinstance(decision, MoreInput) or plan.guest is not None:
        return None
    mark = _mark(decision)
    if plan.local:
        return CachedRoute(mark)
    home = None if decision.issuer == at else str(decision.issuer)
    return CachedRoute(mark.removeprefix(MARK_IN_TOKEN), plan.endpoint.cloud, home)


def guest_mark(mesh: Mesh, request: Request, decision: Decision | MoreInput) -> str | None:
    """Return the mark behind the token of a guest whose request differs in nothing else from one that HAProxy sends alone."""
    plan = _followed(mesh, request, decision)
    if plan is None or isinstance(decision, MoreInput) or plan.guest is None:
        return None
    sent, came = _other_headers(plan.headers), _other_headers(request.headers)
    return _mark(decision) if sent == came else None


def delegated_mark(mesh: Mesh, request: Request, decision: Decision | MoreInput) -> str | None:
    """Return the mark behind the token of this cloud that a peer has brought bound; None as :func:`guest_mark` does."""
    plan = _followed(mesh, request, decision, delegated=True)
    if plan is None or isinstance(decision, MoreInput) or plan.guest is not None or not plan.local or request.sender is None:
        return None
    tokens = request.values(AUTH)
    if decision.issuer != plan.endpoint.cloud or len(tokens) != 1 or not tokens[0].startswith(BOUND):
        return None
    return _mark(decision) if _other_headers(plan.headers) == _other_headers(request.headers) else None


def _followed(mesh: Mesh, request: Request, decision: Decision | MoreInput, *, delegated: bool = False) -> Single | None:
    """Return the plan of a decision that depends on the key of the request alone, but for the guest.

    ``delegated``: also of one by a bound token of this cloud, which delegation has judged.
    """
    if isinstance(decision, MoreInput) or decision.scope is None or not isinstance(decision.plan, Single):
        return None
    plan = decision.plan
    # Of several clouds, a gateway that has chosen this one sends the same scope: an admission is for that gateway alone.
    is_chosen = plan.guest is not None and request.sender is not None
    of_several = not is_chosen and len(decision.scope.clouds_for(plan.frontend_endpoint.service, "")) > 1
    # A peer that reads no operators gets another scope.
    if of_several or (decision.scope.is_compound and plan.endpoint.cloud in request.plain):
        return None
    return plan if _depends_on_key(mesh, request, decision, plan, admitted=delegated or plan.guest is not None) else None


def _turns(mesh: Mesh, at: str, request: Request, decision: Decision | MoreInput) -> int:
    """Return the number of clouds of ``A | B`` if HAProxy may ask the first, else 0."""
    if isinstance(decision, MoreInput) or not isinstance(decision.plan, Otherwise) or request.method not in READS:
        return 0
    first = decision.plan.turns[0].plan
    if not isinstance(first, Single) or not first.local or first.guest is not None or mesh.clouds[at].shared_sockets:
        return 0
    return len(decision.plan.turns) if _depends_on_key(mesh, request, decision, first, admitted=False) else 0


def _depends_on_key(mesh: Mesh, request: Request, decision: Decision, plan: Single, *, admitted: bool) -> bool:
    """Return whether ``plan`` is the same for each request with the same key. ``admitted``: and the same tokens."""
    if decision.scope is None or request.method not in METHODS or plan.rewrite_links or plan.remember is not None:
        return False
    if decision.scope.has_all or decision.scope.written is not None:
        return False
    # The body may decide about such a request, from any sender.
    if request.method not in READS and plan.frontend_endpoint.service in watched_services(mesh):
        return False
    return decision.source not in (ScopeSource.RECALLED, ScopeSource.URL) and _says_one_scope(request, plan, admitted=admitted)


def _other_headers(headers: Headers) -> list[tuple[str, str]]:
    return sorted((name.lower(), value) for name, value in headers if name.lower() not in (AUTH, PLAIN))


def _mark(decision: Decision) -> str:
    return "" if decision.scope is None else join_token("", decision.scope.to_header())


def route_key(request: Request, endpoint: Endpoint) -> str:
    """Return the key of a request to ``endpoint`` as HAProxy makes it. A route is kept only if both keys are equal."""
    scope, auth, subject = (next(iter(request.values(name)), "") for name in (PLAIN, AUTH, SUBJECT))
    mark = f"|{_marked(auth)}|{_marked(subject)}" if endpoint.service == IDENTITY else _marked(auth)
    return "|".join((request.method, endpoint.key, _path_class(request, endpoint), scope, mark, "."))


def _path_class(request: Request, endpoint: Endpoint) -> str:
    below = request.path[len(endpoint.frontend.prefix) :]
    if any("websocket" in value.lower() for value in request.values("upgrade")):
        return SOCKET
    if endpoint.service == IDENTITY and below in (TOKENS_PATH, CATALOG_PATH):
        return request.path
    return REWRITTEN if links_are_followed(endpoint, request) else ""


def _marked(token: str) -> str:
    found = _TOKEN.match(token)
    return token if found is None else f"{BARE}{found[1] or ''}{token[found.end() :]}"


def _says_one_scope(request: Request, plan: Single, *, admitted: bool) -> bool:
    """Return whether the scope is in one header alone, and HAProxy would split each token at the same position."""
    carriers = (AUTH, SUBJECT) if plan.endpoint.service == IDENTITY else (AUTH,)
    values = [value for name in carriers for value in request.values(name) if value]
    # An admission is kept under this token as well, a route under no token.
    if not admitted and any(is_marked(value) for value in request.values(SERVICE)):
        return False
    # HAProxy writes the form that a peer reads into the user's token alone.
    if not plan.local and any(is_marked(value) for value in request.values(SUBJECT)):
        return False
    tokens = [split_token(value)[0] for value in values]
    if any(_marked(token) not in (BARE, BARE + BOUND) for token in tokens):
        return False
    # A bound token of this cloud is opened, and one of another cloud may have to be bound anew.
    if any(token.startswith(BOUND) for token in tokens) and not admitted:
        return False
    return len(request.values(PLAIN)) + sum(map(is_marked, values)) == 1


def generation(mesh: Mesh, at: str) -> str:
    """Return a name for all input of decisions but the request: meshes that decide differently have different names."""
    seen = {name: own.layout.seen_by_peers for name, own in mesh.frontends.items()}
    layouts = {layout: number for number, layout in enumerate(dict.fromkeys(seen.values()))}
    clouds = [(name, layouts[seen[name]], own.hosts[: seen[name].frontend_hosts]) for name, own in mesh.frontends.items()]
    here = mesh.clouds[at]
    sharing = mesh.sharing(at) if here.tls is None else None
    told = (
        [layout.endpoints for layout in layouts],
        clouds,
        here.endpoints,
        mesh.collaborations,
        sharing,
        here.policy,
        sorted(mesh.blocked),
    )
    return blake2b(repr(told).encode(), digest_size=8).hexdigest()


def with_key(generation: str, key: str) -> str:
    """Return a generation with the fingerprint of the key of bound tokens: HAProxy keeps none that another key has sealed."""
    return f"{generation}.{key}"


def generation_in(named: str) -> str:
    """Return the generation in a name, with or without a fingerprint."""
    return named.partition(".")[0]
