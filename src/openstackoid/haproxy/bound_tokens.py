# SPDX-License-Identifier: Apache-2.0
"""Bound tokens as HAProxy rules: what leaves has the bound token that the Python service has taught; what comes back is Python's.

``bound.map`` has bound tokens under the digest of a token, the key of the route, and the hour; ``bound_slots.map`` the key in
each slot. The Python service names the slot, so there are never more than slots, and a new hour has new keys. No table leads from
a bound token to a token. Without certificates between gateways nothing is bound.

The digest decides as which user a request leaves, so it is SHA-256. It is most of what a bound token costs, so a connection keeps
its last token and the digest of that: the next request with an equal token needs no other. If the digest cannot be stored, the
token is forgotten.

The look-ups are conditions of the rules that need them: they note what they find.
"""

from openstackoid.haproxy.maps import BOUND_SLOTS, BOUND_TOKENS
from openstackoid.haproxy.turns import may_turn
from openstackoid.mesh import Cloud
from openstackoid.routing.bound_tokens import SERVICE_SLOT, SERVICE_TOKEN, USER_SLOT, USER_TOKEN
from openstackoid.scope import BOUND

WINDOW = 3600
ALONE = f"-m reg '^{BOUND.replace('.', '[.]')}[^~!%]*$'"
"""The match of a bound token without the mark of a scope."""

_OTHERS = "authorization|x-storage-(token|pass)|x-auth-key|x-subject-token|x-target-auth-token".replace("-", "[-_]")
_BODIES = "/auth/tokens /v2.0/tokens /saml2"
_USERS = "req.fhdr(x-auth-token,1)"
_LOOKED_UP = f"map_str({BOUND_TOKENS})"


def arriving_acls(cloud: Cloud) -> list[str]:
    """Return the conditions of a bound token in the place of the user's, and of a request of a peer's gateway."""
    if cloud.tls is None:
        return []
    return [f"acl is_marked req.fhdr(x-auth-token,1) -m beg {BOUND}", "acl is_peers var(sess.from) -m found"]


def for_python(cloud: Cloud) -> list[str]:
    """Return the conditions of requests for the Python service: bound tokens without a scope, or in another header."""
    if cloud.tls is None:
        return []
    return [
        f"acl is_for_python req.fhdr(x-auth-token,1) {ALONE}",
        f"acl is_misplaced req.fhdr(x-service-token) {ALONE}",
        f"acl is_misplaced req.fhdr(x-subject-token) -m beg {BOUND}",
        f"acl is_misplaced req.fhdr(x-storage-token) -m beg {BOUND}",
        f"acl is_misplaced req.fhdr(authorization) -m sub {BOUND}",
    ]


def leaving_acls(cloud: Cloud) -> list[str]:
    """Return the conditions of a request whose tokens HAProxy can bind: each looks one up."""
    if cloud.tls is None:
        return []
    return [
        "# What leaves has tokens that are bound to the peer: those that Python has taught in this hour.",
        "acl has_token var(txn.mark) -m beg = |=",
        "acl has_service_token req.fhdr(x-service-token) -m len gt 0",
        f"acl must_stay req.hdr_names -m reg '(^|,)({_OTHERS})(,|$)'",
        f"acl must_stay path -m sub -i {_BODIES}",
        f"acl has_hour date,div({WINDOW}),set-var(txn.hour) -m int gt 0",
        f"acl has_digest {_USERS},strcmp(sess.token) eq 0",
        f"acl has_digest {_USERS},set-var(sess.token),sha2(256),hex,set-var(sess.digest) -m found",
        "acl has_digest str(-),set-var(sess.token) -m str none",
        "acl binds_user var(sess.digest),concat(|,txn.key,|),concat(,txn.hour),set-var(txn.bound_key),"
        f"{_LOOKED_UP},set-var(txn.bound) -m found",
        "acl binds_service req.fhdr(x-service-token,1),concat(|,txn.bound_key),sha2(256),hex,set-var(txn.service_key),"
        f"{_LOOKED_UP},set-var(txn.bound_service) -m found",
    ]


def ordinary_rules(cloud: Cloud) -> list[str]:
    """Return the rule that lets an ordinary request with a route go; one that leaves needs its bound token.

    One to several clouds in turn may go if :mod:`openstackoid.haproxy.otherwise` can ask the first.
    """
    leaves, turns = (" !in_turns", " or in_turns !may_look_up !has_body") if may_turn(cloud) else ("", "")
    if cloud.tls is None:
        return [f"http-request allow if is_here or has_route{leaves}{turns}"]
    bound = f"has_route !has_token{leaves} or has_route has_hour has_digest binds_user{leaves}"
    return [f"http-request allow if is_here or {bound}{turns}"]


def unbound_rules(cloud: Cloud) -> list[str]:
    """Return the rules by which no request goes to a peer with a token that has no known bound one.

    A request without a route needs the key, under which the Python service may teach a bound token. The digest is looked at right
    before the key is made: that of a connection's last token may be another one's.
    """
    if cloud.tls is None:
        return []
    needs = "!is_here has_scope has_token has_hour"
    return [
        f"http-request unset-var(txn.route) if {needs} !has_digest",
        f"http-request unset-var(txn.route) if {needs} has_digest !binds_user or leaves has_service_token !binds_service",
    ]


def taught_by_python(cloud: Cloud) -> list[str]:
    """Return the rules for answers of the Python service: store the bound tokens that one teaches."""
    if cloud.tls is None:
        return []
    rules = ["# The bound tokens that Python teaches: each takes the place of the one in its slot."]
    for name, slot, token, key in (
        ("user", USER_SLOT, USER_TOKEN, "txn.bound_key"),
        ("service", SERVICE_SLOT, SERVICE_TOKEN, "txn.service_key"),
    ):
        teaches = f"if teaches_{name} {{ status lt 400 }} {{ var({key}) -m found }}"
        rules += [
            f"acl teaches_{name} res.fhdr({slot}) -m found",
            "http-response unset-var(txn.replaced)",
            f"http-response set-var(txn.replaced) res.fhdr({slot}),map_str({BOUND_SLOTS}) {teaches}",
            f"http-response del-map({BOUND_TOKENS}) %[var(txn.replaced)] if {{ var(txn.replaced) -m found }}",
            f"http-response set-map({BOUND_SLOTS}) %[res.fhdr({slot})] %[var({key})] {teaches}",
            f"http-response set-map({BOUND_TOKENS}) %[var({key})] %[res.fhdr({token})] {teaches}",
        ]
    return [*rules, "http-response unset-var(txn.replaced)"]
