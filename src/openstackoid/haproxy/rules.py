# SPDX-License-Identifier: Apache-2.0
"""The rules of the frontend, from top to bottom: HAProxy looks up, and the Python service decides the rest.

A request that says no scope ends at one of the first rules. One with a scope goes where the cache of routes says
(:mod:`openstackoid.haproxy.route_cache`), looked up early for an ordinary request and again behind the rules about odd ones; that
of a guest goes where its admission says (:mod:`openstackoid.haproxy.guests`). Any other request gets ``txn.bridge``: the Python
service decides, serves and, where it may, teaches the route.
"""

from collections.abc import Sequence

from openstackoid.haproxy import bound_tokens, delegated_downloads, guests, hardening, header_names, otherwise, route_cache
from openstackoid.haproxy.identity import body_rules, identity_key_rules
from openstackoid.haproxy.listeners import in_order, listener, listener_rules
from openstackoid.haproxy.maps import ENDPOINTS
from openstackoid.haproxy.path_patterns import document_paths, image_paths
from openstackoid.haproxy.timeouts import client_rules
from openstackoid.haproxy.tls import gateways_headers, sender_rules
from openstackoid.haproxy.tokens import ANYWHERE, MARKS
from openstackoid.haproxy.trace import own_pages_and_traces, scope_carrier
from openstackoid.haproxy.turns import may_turn
from openstackoid.haproxy.wire_version import spoken_rules
from openstackoid.mesh import Cloud, Endpoint
from openstackoid.routing import IDENTITY, MARK, REQUEST_ID, TRACE
from openstackoid.routing.backend_names import PEER
from openstackoid.routing.images import FOLLOWED_WRITES
from openstackoid.routing.loops import PRODUCT, VIA
from openstackoid.routing.reading import NOT_FOR_SCOPES

LONGEST_RULE = 160
"""The most characters of a rule, so that an operator can read it."""

MOST_RULES = 50
"""The most rules of the frontend of a cloud with two services."""

_BRIDGE = "http-request set-var(txn.bridge) bool(true)"
_TOKENS = "x-auth-token", "x-scope", "x-subject-token", "x-service-token"
_UNDERSCORED = (
    "^x(?=.*_)[-_](auth[-_]token|storage[-_]token|subject[-_]token|service[-_]token|"
    rf"{REQUEST_ID[2:].replace('-', '[-_]')})$"
)


def rules(cloud: Cloud) -> list[str]:
    """Return the ``http-request`` and ``use_backend`` rules of the gateway of ``cloud``."""
    return [
        *sender_rules(cloud),
        *listener_rules(cloud),
        *_endpoint(cloud),
        *_ordinary_scope(cloud),
        *spoken_rules(cloud),
        *hardening.underscore_rules(),
        *gateways_headers(),
        *own_pages_and_traces(cloud),
        *guests.frontend_rules(cloud, "!has_route !may_mean_more"),
        *hardening.url_rules(cloud),
        *hardening.scoped_url_rules(cloud),
        *_no_scope(cloud),
        *body_rules(cloud, _BRIDGE),
        *_any_scope(cloud),
        *_where_to(cloud),
    ]


def _endpoint(cloud: Cloud) -> list[str]:
    return [
        "# The endpoint of the socket and the path. Most requests have no scope, and end here.",
        header_names.find(),
        "http-request set-var(txn.path) path",
        f"http-request set-var(txn.endpoint) {listener(cloud)},concat(,txn.path,/),map_beg({ENDPOINTS}){in_order(cloud)}",
        *client_rules(cloud),
        "acl is_served var(txn.endpoint) -m found",
        *_endpoints("is_identity", [endpoint for endpoint in cloud.endpoints if endpoint.service == IDENTITY]),
        *_endpoints("is_service", [endpoint for endpoint in cloud.endpoints if endpoint.service != IDENTITY]),
        "acl is_pythons var(txn.bridge) -m found",
        f"acl may_mean_more url -m reg -i '{hardening.MAY_MEAN_MORE}'",
        *header_names.acls(),
        f"acl is_marked req.fhdr(x-auth-token,1) -m sub {MARKS}",
        *bound_tokens.arriving_acls(cloud),
        f"acl in_workflow req.fhdr({REQUEST_ID}) -m beg {MARK} {TRACE}",
        "http-request allow if !tells_more is_service !may_mean_more !is_marked !in_workflow" + _users_alone(cloud),
    ]


def _endpoints(name: str, endpoints: Sequence[Endpoint]) -> list[str]:
    """Return the condition that a request is for one of the endpoints. HAProxy takes 64 words of a line."""
    keys = [endpoint.key for endpoint in endpoints] or ["none"]
    return [f"acl {name} var(txn.endpoint) -m str {' '.join(keys[at : at + 32])}" for at in range(0, len(keys), 32)]


def _ordinary_scope(cloud: Cloud) -> list[str]:
    services = {endpoint.service for endpoint in cloud.endpoints}
    return [
        *route_cache.key_rules(document_paths(cloud), image_paths(cloud, FOLLOWED_WRITES), services),
        "# An ordinary request with a scope: the route, if Python has taught it.",
        f"acl is_traced req.fhdr({REQUEST_ID}) -m beg {TRACE}",
        route_cache.look_up(f"is_service !may_mean_more !tells_odd !is_traced{_users_alone(cloud)}"),
        *otherwise.acls(cloud),
        *bound_tokens.leaving_acls(cloud),
        *bound_tokens.ordinary_rules(cloud),
    ]


def _users_alone(cloud: Cloud) -> str:
    return "" if cloud.tls is None else " !is_peers"


def _no_scope(cloud: Cloud) -> list[str]:
    return [
        "# Requests for the Python service for other reasons, and requests without a scope after all.",
        *(f"acl is_for_python req.fhdr_cnt({name}) gt 1" for name in _TOKENS),
        "acl has_path path -m beg /",
        f"acl says_scope req.hdrs -m sub {MARK} {TRACE}",
        f"acl says_scope req.hdrs -m sub -i {ANYWHERE}",
        f"acl says_scope req.fhdr(x-auth-token) -m sub {MARKS}",
        f"acl says_scope req.fhdr(x-service-token) -m sub {MARKS}",
        "acl says_scope req.fhdr_cnt(x-scope) gt 0",
        *bound_tokens.for_python(cloud),
        f"{_BRIDGE} if is_for_python or !is_served or !has_path or {hardening.IN_URL}",
        f"http-request allow if !is_pythons !is_identity !says_scope{_users_alone(cloud)}"
        + (" !is_misplaced" if cloud.tls is not None else ""),
    ]


def _any_scope(cloud: Cloud) -> list[str]:
    # The token of a peer's service comes by that peer's gateway, and is admitted together with a user's.
    service = f" -m sub {MARKS}" if cloud.tls is None else f",concat(|,sess.from) -m reg '({MARKS.replace(' ', '|')}).*[|]$'"
    return [
        "# Headers that a WSGI server reads as others, and scopes in headers that are not for them.",
        f"http-request del-header '{_UNDERSCORED}' -m reg",
        *(f"acl is_misplaced req.fhdr({name}) -m sub -i {ANYWHERE}" for name in NOT_FOR_SCOPES),
        f"acl is_misplaced req.fhdr(x-service-token){service}",
        "acl has_auth req.fhdr(x-auth-token) -m len gt 0",
        "acl has_scope req.fhdr_cnt(x-scope) gt 0",
        f"acl has_scope req.fhdr(x-auth-token) -m sub {MARKS}",
        f"acl has_scope var(txn.subject_mark) -m sub {MARKS}",
        *identity_key_rules(cloud),
        f"{_BRIDGE} if is_misplaced or is_odd_document or is_identity is_respelt METH_POST or is_identity is_respelt has_scope",
        "# Any other request with a scope: the route, if Python has taught it. Python is asked to.",
        *route_cache.further_key_rules(),
        *scope_carrier(),
        "# A route is for users. What a peer's gateway sends, if it is not a guest's, is judged by delegation.",
        route_cache.look_up(f"has_scope !is_pythons{_users_alone(cloud)}"),
        "# A request from a gateway goes to no other one, and no interim answer of a peer passes.",
        f"acl must_stay req.fhdr({VIA}) -m sub {PRODUCT}",
        "acl must_stay req.fhdr(expect) -m found",
        *(["acl must_stay var(sess.from) -m found"] if cloud.secure_listeners else []),
        f"http-request unset-var(txn.route) if leaves must_stay{' or in_turns' if may_turn(cloud) else ''}",
        *bound_tokens.unbound_rules(cloud),
        route_cache.ask_python("has_scope !is_pythons !has_route"),
        *_more_than_a_probe(cloud),
        f"{_BRIDGE} if has_scope !has_route or in_workflow has_auth !is_identity !has_scope"
        + (" or is_peers !has_route asks_more" if cloud.tls is not None else ""),
    ]


def _more_than_a_probe(cloud: Cloud) -> list[str]:
    """Return the condition that a peer's gateway asks for more than a version document, as its probes do without a token.

    HAProxy serves those as it serves any client: they wait for no place of the Python service, which others may have taken.
    """
    if cloud.tls is None:
        return []
    return [
        "acl asks_more method -m reg '^(?!GET$)'",
        f"acl asks_more path -m reg '^(?!{document_paths(cloud)[1:]})'",
        "acl asks_more req.hdr_names -m sub -i token authorization scope x-auth- x-storage-",
    ]


def _without_server(cloud: Cloud) -> list[str]:
    """Return the lines by which the Python service says why no backend of https can be used: HAProxy does not keep the reason."""
    keys = [endpoint.key for endpoint in cloud.endpoints if any(address.secure for address in endpoint.backends)]
    if not keys:
        return []
    # HAProxy takes 64 words of a line.
    secure = [f"acl is_secure_backend var(txn.endpoint) -m str {' '.join(keys[at : at + 32])}" for at in range(0, len(keys), 32)]
    return [
        *secure,
        "acl has_server str(local.),concat(,txn.endpoint),nbsrv gt 0",
        "use_backend bridge if is_secure_backend !has_server !has_route",
    ]


def _where_to(cloud: Cloud) -> list[str]:
    return [
        "# The backend. The default is the Python service, so that an unknown name does not end in another cloud.",
        "use_backend bridge if is_pythons",
        *_without_server(cloud),
        *otherwise.where_to(cloud),
        f"use_backend {PEER} if has_route !is_here",
        *delegated_downloads.where_to(cloud),
        *guests.where_to(cloud),
        "use_backend local.%[var(txn.endpoint)]",
        "default_backend bridge",
    ]
