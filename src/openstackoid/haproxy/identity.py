# SPDX-License-Identifier: Apache-2.0
"""Requests to Keystone as HAProxy rules: paths and bodies that the Python service must read."""

from openstackoid.haproxy.listeners import listener
from openstackoid.haproxy.route_cache import mark_of
from openstackoid.haproxy.tokens import IN_BODY
from openstackoid.mesh import Cloud
from openstackoid.routing import CATALOG_PATH, IDENTITY, TOKENS_PATH
from openstackoid.routing.backend_names import bind_ids
from openstackoid.scope import BOUND

_ONE_BYTE_JSON = r'^[ \t\r\n]*\{[ \t\r\n]*["}]'


def body_rules(cloud: Cloud, bridge: str) -> list[str]:
    """Return the rules that look for a scope in the body of a login; ``bridge`` leaves a request to the Python service."""
    roots = _roots(cloud)
    if not roots:
        return []
    tokens, catalogs = (" ".join(f"{root}{path}/" for root in roots) for path in (TOKENS_PATH, CATALOG_PATH))
    return [
        "# A login: its body may hold a scope, unless all of it is here, in one byte a character, and was looked through.",
        f"acl is_tokens {listener(cloud)},concat(,txn.path,/) -m str {tokens}",
        f"acl is_catalog {listener(cloud)},concat(,txn.path,/) -m str {catalogs}",
        "acl hides_scope req.body_size,sub(txn.arrived) gt 0",
        "acl hides_scope req.fhdr(transfer-encoding) -m found",
        f"acl hides_scope req.body -m sub {IN_BODY}{'' if cloud.tls is None else f' {BOUND}'}",
        "acl has_no_body req.body_len 0",
        f"acl is_plain_json req.body -m reg '{_ONE_BYTE_JSON}'",
        "http-request wait-for-body time 10s if is_tokens METH_POST !is_pythons",
        "http-request set-var(txn.arrived) req.body_len if is_tokens METH_POST",
        f"{bridge} if is_tokens METH_POST hides_scope or is_tokens METH_POST !has_no_body !is_plain_json",
    ]


def identity_key_rules(cloud: Cloud) -> list[str]:
    """Return the rules that add to the key: the mark of the second token, and a path with a token or a catalog in its answer.

    They define ``is_respelt``: a path that Keystone reads in another spelling, or in which its second API has a token.
    """
    respelt = "acl is_respelt path -m reg '%|;|//|/\\.|/auth/.*/$|(?i:/v2[.]0)'"
    if not _roots(cloud):
        return [respelt]
    return [
        respelt,
        f"http-request set-var(txn.subject_mark) {mark_of('x-subject-token')} if is_identity",
        "http-request set-var(txn.mark) str(|),concat(,txn.mark,|),concat(,txn.subject_mark) if is_identity",
        "http-request set-var(txn.class) path if is_tokens or is_catalog",
    ]


def _roots(cloud: Cloud) -> list[str]:
    """Return listener and path prefix of each endpoint of this cloud's Keystone."""
    ids = bind_ids(cloud)
    own = (endpoint for endpoint in cloud.endpoints if endpoint.service == IDENTITY)
    return sorted({f"{ids[endpoint.listener]}{endpoint.frontend.prefix}" for endpoint in own})
