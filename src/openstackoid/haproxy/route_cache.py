# SPDX-License-Identifier: Apache-2.0
"""The cache of routes as HAProxy rules: look up where a scope leads, send the request so, store what the Python service teaches.

Two maps begin empty with each HAProxy process. ``routes.map`` has the mark to put behind the token, which begins with a tilde;
for a route that leaves, the row of ``clouds.map``, the mark without its tilde, and the home of a user of a third cloud.
``slots.map`` has the key in each slot. The Python service names the slot, so there are never more routes than slots, also when
that service was started again. :mod:`openstackoid.routing.route_cache` says which routes may be stored, and why the key is
enough.
"""

from collections.abc import Collection, Sequence

from openstackoid.haproxy import delegated_downloads, guests
from openstackoid.haproxy.maps import CLOUDS, ROUTES, SLOTS, WIRES
from openstackoid.haproxy.sources import SOURCE_OF
from openstackoid.haproxy.turns import may_turn
from openstackoid.mesh import Cloud, Endpoint
from openstackoid.routing.peer_reads import ITEMS, bytes_paths
from openstackoid.routing.route_cache import (
    ADMISSION,
    BARE,
    CLOUD,
    FORGET,
    HOME,
    IN_TURNS,
    KEY,
    LONGEST_KEY,
    MARK,
    PREFIX,
    REWRITTEN,
    SLOT,
    SOCKET,
)
from openstackoid.scope import BOUND, IDENTITY, SEPARATOR, WIRE, Scope, join_token
from openstackoid.scope import MARK as IN_TOKEN

CAPACITY, CAPACITY_BEFORE_2_9 = 16_384, 1_000
"""The most routes. Before 2.9, HAProxy walks a whole map to change one entry of it."""

_MARK_OF = f"regsub('^({BOUND.replace('.', '[.]')})?[^!~%]+','=\\\\1')"

_BARE = f"^(?!{BOUND.replace('.', '[.]')})[^!~%]+$"
"""A token without a mark that is not bound. HAProxy keeps the results of matches, so it is cheaper than to replace the token."""

_ROUTED, _MARKED = "{ var(txn.route) -m found }", "^([^!~]+).*$"
_MARK = "var(txn.route),field(-2,|)"
"""The last part but one, the home: from the end it is found soonest."""

_WRITE = 'http-request replace-header X-Auth-Token (?s)^.+ "'
_SLOTS = "OPENSTACKOID_ROUTES"
_REWRITTEN = f"http-request set-var(txn.class) str({REWRITTEN})"
_PARTS = "method", "var(txn.endpoint)", "var(txn.class)", "req.fhdr(x-scope,1)", "var(txn.mark)"
_KEY = f'http-request set-var-fmt(txn.key) "{"".join(f"%[{part}]|" for part in _PARTS)}."'


def mark_of(header: str) -> str:
    """Return the expression that puts one character in the place of a token, and how a bound one begins, and leaves the rest."""
    return f'"req.fhdr({header},1),{_MARK_OF}"'


def global_lines(generation: str) -> list[str]:
    """Return the lines that say how many routes this HAProxy keeps, and the name of the mesh that they follow from."""
    return [
        "# How many routes of scopes are kept, and of which description.",
        ".if version_atleast(2.9)",
        f'setenv {_SLOTS} "{CAPACITY} {generation}"',
        ".else",
        f'setenv {_SLOTS} "{CAPACITY_BEFORE_2_9} {generation}"',
        ".endif",
    ]


def key_rules(documents: str, followed_writes: str, services: Collection[str]) -> list[str]:
    """Return the rules that make the key of an ordinary request.

    The patterns are of the paths of version documents, and of those with their queries of writes to the image service, whose
    answers the Python service may rewrite. ``services``: of this cloud.
    """
    without_list = [ITEMS] if (of_bytes := bytes_paths(services)) is None else [ITEMS, of_bytes]
    return [
        "# The key of a route: method, endpoint, class of the path, scope as it is written, mark of the token.",
        "acl has_route var(txn.route) -m found",
        f"acl is_here var(txn.route) -m beg {IN_TOKEN}",
        f"acl leaves var(txn.route) -m reg ^[^{IN_TOKEN}{IN_TURNS}]",
        f"acl is_document path -m reg '{documents}'",
        *(f"acl has_no_list var(txn.endpoint),concat(|,txn.path) -m reg '{paths}'" for paths in without_list),
        f"acl is_followed_write pathq -m reg '{followed_writes}'",
        f"acl is_odd_document var(txn.path_read) -m reg '{documents}'",
        f"acl is_bare req.fhdr(x-auth-token,1) -m reg {_BARE}",
        f"http-request set-var(txn.mark) str({BARE}) if is_bare",
        f"http-request set-var(txn.mark) {mark_of('x-auth-token')} if !{{ var(txn.mark) -m found }}",
        f"{_REWRITTEN} if {{ method GET }} !has_no_list or METH_GET is_document or !METH_GET !METH_DELETE is_followed_write",
        _KEY,
    ]


def look_up(condition: str) -> str:
    """Return the rule that looks up the route of a request for which ``condition`` holds."""
    return f"http-request set-var(txn.route) var(txn.key),map_str({ROUTES}) if {condition}"


def further_key_rules() -> list[str]:
    """Return the rules that complete the key of any other request; ``txn.mark`` has all marks by now."""
    return [
        f"acl is_short var(txn.key) -m len le {LONGEST_KEY}",
        f"http-request set-var(txn.class) str({SOCKET}) if upgrades !is_identity",
        _KEY,
    ]


def ask_python(condition: str = "") -> str:
    """Return the rule that has the Python service teach the route."""
    asked = f'http-request set-header {KEY} "%[{SOURCE_OF}] ${{{_SLOTS}}} %[var(txn.key)]"'
    return f"{asked} if {condition} is_short" if condition else asked


def local_rules(endpoint: Endpoint) -> list[str]:
    """Return the rules for every request to a service of this cloud. They are the last: one without a route skips them."""
    keystone = _keystone_rules() if endpoint.service == IDENTITY else []
    return [f"http-request allow unless {_ROUTED}", *scoped_rules(), *keystone]


def scoped_rules() -> list[str]:
    """Return the rules for a request with a route: the completed scope stands behind the token alone."""
    return [_bare(), f'{_WRITE}\\0%[var(txn.route)]"', "http-request del-header X-Scope"]


def guest_rules() -> list[str]:
    """Return the same rules for guests, whose tokens come with a mark."""
    return [f'http-request replace-header X-Auth-Token {_MARKED} "\\1%[var(txn.route)]"', "http-request del-header X-Scope"]


def _keystone_rules() -> list[str]:
    """Return the rules for requests with a scope to this cloud's Keystone: tokens come alone."""
    return [f"http-request replace-header {name} {_MARKED} \\1" for name in ("X-Auth-Token", "X-Subject-Token")]


def _bare() -> str:
    """Return the rule that removes the mark that a token came with. Most have none, and a mark is put behind one as it is."""
    return f"http-request replace-header X-Auth-Token {_MARKED} \\1 if {{ var(txn.mark) -m len gt 1 }}"


def leaving_rules(cloud: Cloud, sharing: Sequence[str]) -> list[str]:
    """Return the rules for every request to a peer: the completed scope in the form that the peer reads.

    A service's token has a mark that names its issuer. As it is, it leaves only for the clouds in ``sharing``; bound, for all. A
    request of the Python service has no route, and is written already.
    """
    own = Scope.everything_in(cloud.name).to_header()
    user, service, leaves = f"{_WRITE}\\0", "%[req.fhdr(x-service-token)]", "!is_pythons is_sharing"
    if cloud.tls is not None:
        sharing = ()
        user, service, leaves = (
            'http-request set-header X-Auth-Token "%[var(txn.bound)]',
            "%[var(txn.bound_service)]",
            "!is_pythons",
        )
    older, newer = (join_token(service, own, wire).replace('"', '\\"') for wire in (1, WIRE))
    named = "http-request set-header X-Service-Token"
    # HAProxy takes 64 words of a line.
    service_token = [
        "acl has_service_token req.fhdr(x-service-token) -m len gt 0",
        f'{named} "{newer}" if {leaves} has_service_token reads_newer',
        f'{named} "{older}" if {leaves} has_service_token !reads_newer',
    ]
    shares = [f"acl is_sharing var(txn.cloud) -m str {' '.join(sharing[at : at + 32])}" for at in range(0, len(sharing), 32)]
    stays = [f"http-request del-header X-Service-Token{' if !is_sharing' if sharing else ''}"] if cloud.tls is None else []
    return [
        "# The scope behind the token, and who has issued that.",
        "acl is_pythons var(txn.to) -m found",
        "acl has_token var(txn.mark) -m beg = |=",
        "acl reads_newer var(txn.wire) -m found",
        *shares,
        f"http-request set-var(txn.wire) var(txn.cloud),map_str({WIRES})",
        "http-request set-var(txn.home) var(txn.route),field(6,|) if !{ var(txn.route) -m end | }",
        "http-request del-header X-Scope if !is_pythons",
        f'http-request set-header X-Scope "%[{_MARK},ub64dec]" if !has_token !is_pythons',
        *([] if cloud.tls is not None else [_bare()]),
        f'{user}{IN_TOKEN}%[{_MARK}]" if has_token reads_newer !is_pythons',
        f'{user}{SEPARATOR}%[{_MARK},ub64dec]" if has_token !reads_newer !is_pythons',
        *stays,
        *(service_token if sharing or cloud.tls is not None else []),
    ]


def taught_by_python(cloud: Cloud) -> list[str]:
    """Return the rules for answers of the Python service: store the route that one teaches in the place of that in its slot."""
    teaches, leaves = "if teaches may_keep { status lt 400 }", f"{{ res.fhdr({CLOUD}) -m found }}"
    peer = f"%[res.fhdr({CLOUD}),map_str({CLOUDS})]%[res.fhdr({MARK})]|%[res.fhdr({HOME})]"
    return [
        "# The route that Python teaches: it takes the place of the one in its slot.",
        f"acl teaches res.fhdr({SLOT}) -m found",
        "# An admission is kept under the digest of its tokens or not at all.",
        f"acl may_keep res.fhdr_cnt({ADMISSION}) eq 0",
        "acl may_keep var(txn.guest) -m found",
        *delegated_downloads.taught_by_python(cloud),
        *guests.taught_by_python(cloud),
        f"http-response set-var(txn.replaced) res.fhdr({SLOT}),map_str({SLOTS}) {teaches}",
        f"http-response del-map({ROUTES}) %[var(txn.replaced)] if {{ var(txn.replaced) -m found }}",
        f"http-response set-map({SLOTS}) %[res.fhdr({SLOT})] %[var(txn.key)] {teaches}",
        f"http-response set-map({ROUTES}) %[var(txn.key)] %[res.fhdr({MARK})] {teaches} !{leaves}",
        f"http-response set-map({ROUTES}) %[var(txn.key)] {peer} {teaches} {leaves}",
        *([f"http-response del-map({ROUTES}) %[var(txn.key)] if {{ res.fhdr({FORGET}) -m found }}"] if may_turn(cloud) else []),
        f"http-response del-header {PREFIX} -m beg",
    ]
