# SPDX-License-Identifier: Apache-2.0
"""HAProxy rules for guests: look up the admission of a token by the Python service, and send the request to the service here.

An admission stands in ``routes.map`` under a digest (:mod:`openstackoid.routing.admission`). It gives a request its route where
all of this holds: it has not ended, it names the path in ``paths.map``, it has requests left, and the process is not being
replaced, for its successor may have another policy. Guests have backends of their own, so that the users of this cloud meet none
of their rules; each server there is up when that of the other backend is.

The admission of a peer's downloads is found by the same rules, and sent on by :mod:`openstackoid.haproxy.delegated_downloads`.
"""

import math

from openstackoid.haproxy import bound_tokens
from openstackoid.haproxy.maps import PATHS, ROUTES
from openstackoid.mesh import Cloud, Endpoint
from openstackoid.routing.admission import ALLOWED, LEFT_OUT, MARK, NUMBER, OURS, SERVICE_TOKEN, TELLING_HEADERS, THEIRS, USE
from openstackoid.routing.delegated_downloads import delegates_downloads, download_paths
from openstackoid.routing.egress import ADMISSION_HEADER, ID_FORM
from openstackoid.routing.guest_paths import guest_paths, learnt_methods
from openstackoid.routing.own_project import before_project
from openstackoid.routing.route_cache import ADMISSION
from openstackoid.routing.workflows import REQUEST_ID
from openstackoid.scope import BOUND, IDENTITY

GUESTS = "guests"
"""The ``defaults`` section of the backends for guests."""

COUNTS = "admissions"
"""The backend that holds the table of how often an admission was used."""

SALT_VARIABLE = "OPENSTACKOID_SALT"
"""The environment variable with the salt of the digests: new with each HAProxy, and in no file."""

NO_SALT = "none"
"""The salt of a process that was given none."""

ADMITTED = " admitted="
"""The beginning of the part for the audit log in the log's line about a guest; no other part can hold it."""

_FOUND = "{ var(txn.admission) -m found }"
DIGEST = "var(txn.guest),concat(|,txn.key,|),concat(,sess.from,|),concat(,proc.salt),sha2(256),hex"
"""The expression of the digest under which an admission is kept."""

_ODD = (
    "(^|,)([^,]*_|upgrade|authorization|x-s(torage|ubject)-token|x-scope,(.*,)?x-scope"
    "|x-auth-token,(.*,)?x-auth-token|x-service-token,(.*,)?x-service-token)"
)
"""In the names of headers of a request that the rules about odd ones must see first."""
_PART = "var(txn.admission),field({},|)"


def admits(cloud: Cloud) -> bool:
    """Return whether HAProxy serves guests of the cloud alone."""
    policy = cloud.policy
    return policy.seconds >= 1 and bool(learnt_methods(policy.audit)) and any(peer.people for peer in policy.peers)


def paths_map(cloud: Cloud) -> str:
    """Return the expressions that paths are looked up by, each for path, query, and the part of the admission that names it."""
    paths = guest_paths(cloud) if admits(cloud) else {}
    if delegates_downloads(cloud):
        paths |= download_paths(cloud)
    return "".join(f"{path}\\|[0-9]*:{name}$ 1\n" for name, path in paths.items())


def _keeps_admissions(cloud: Cloud) -> bool:
    """Return whether HAProxy keeps any: of guests, or of downloads by a peer in the name of users here."""
    return admits(cloud) or delegates_downloads(cloud)


def global_lines(cloud: Cloud) -> list[str]:
    """Return the lines that give the process its salt."""
    if not _keeps_admissions(cloud):
        return []
    return [f"presetenv {SALT_VARIABLE} {NO_SALT}", f'set-var proc.salt str("${{{SALT_VARIABLE}}}")']


def frontend_rules(cloud: Cloud, condition: str) -> list[str]:
    """Return the rules that give a guest's request its route, and let it go.

    They stand before those about odd requests, for speed: an odd one gets no route here. ``condition`` holds for a request
    without a route whose URL is in the usual form.
    """
    if not _keeps_admissions(cloud):
        return []
    counted = admits(cloud) and any(peer.rate is not None or peer.budget is not None for peer in cloud.policy.peers)
    number, is_admitted = _PART.format(NUMBER), "is_current is_by_path !tells_of_guest"
    # A request that comes to the Python service leaves this counter to that backend.
    count = [
        f"acl may_count {number},table_gpc0({COUNTS}),sub(txn.allowed) lt 0",
        "acl has_left var(txn.allowed) -m beg :",
        "acl has_left sc2_inc_gpc0,sub(txn.allowed) le 0",
        f"http-request track-sc2 {number} table {COUNTS} if {is_admitted} may_count",
    ]
    tokens = "%[req.fhdr(x-auth-token)]|%[req.fhdr(x-service-token)]"
    return [
        "# A guest, if Python has let it in: until when, by which paths and how often. A process that is replaced lets none in.",
        "acl has_mark var(txn.mark) -m len gt 1",
        "acl has_mark req.fhdr(x-scope) -m found",
        f"acl is_odd var(txn.endpoint) -m beg {IDENTITY}.",
        "acl is_odd var(txn.record) -m found",
        f"acl is_odd req.hdr_names -m reg {_ODD}",
        f"acl is_odd var(txn.mark) -m str ={BOUND}",
        *([f"acl is_odd req.fhdr(x-service-token) {bound_tokens.ALONE}"] if cloud.tls is not None else []),
        f"acl is_current date,neg,add(txn.admission) 1:{math.ceil(cloud.policy.seconds)}",
        f"acl is_by_path pathq,concat(|,txn.allowed),map_reg({PATHS}) -m found",
        f"acl tells_of_guest req.hdr_names -m reg '{TELLING_HEADERS}'",
        "acl tells_of_guest req.fhdr(content-type) -m sub -i form",
        "acl tells_of_guest stopping",
        f'http-request set-var-fmt(txn.guest) "{tokens}" if has_mark {condition} !is_odd',
        f"http-request set-var(txn.admission) {DIGEST},map_str({ROUTES})",
        f"http-request set-var(txn.allowed) {_PART.format(ALLOWED)} if {_FOUND}",
        *(count if counted else []),
        f"http-request set-var(txn.route) {_PART.format(MARK)} if {is_admitted}" + (" has_left" if counted else ""),
        "http-request allow if is_here",
    ]


def where_to(cloud: Cloud) -> list[str]:
    """Return the line that sends a guest to the services."""
    return [f"use_backend {GUESTS}.%[var(txn.endpoint)] if {_FOUND}"] if admits(cloud) else []


def request_rules() -> list[str]:
    """Return the rules for every guest's request: they keep the values for the audit log, which go into the line of the log."""
    return [
        "# A guest: for the audit log here, and for the gateway that asked.",
        f"http-request set-var(txn.use) \"var(txn.admission),regsub('^(?:[^|]*[|]){{{USE - 1}}}','')\"",
        f"http-request del-header X-Service-Token if {{ {_PART.format(SERVICE_TOKEN)} -m str {LEFT_OUT} }}",
        f"http-request set-var(txn.id) req.fhdr({REQUEST_ID},1) if {{ req.fhdr_cnt({REQUEST_ID}) eq 1 }}"
        f" {{ req.fhdr({REQUEST_ID}) -m reg '^{ID_FORM}$' }}",
        "http-request set-var(txn.left) str(admitted=),concat(,txn.endpoint,' from='),concat(,sess.from,' id='),concat(,txn.id)",
    ]


def answer_rules(cloud: Cloud) -> list[str]:
    """Return the rule that tells the gateway that asked, if it has proved to be one, how the user was admitted."""
    if not cloud.secure_listeners:
        return []
    told = f"http-response set-header {ADMISSION_HEADER} \"%[var(txn.use),regsub('[|].*','')]\""
    return [f"{told} if {{ var(sess.from) -m found }}"]


def project_rules(endpoint: Endpoint) -> list[str]:
    """Return the rules that replace the guest's project in paths of the catalog's URL."""
    before = before_project(endpoint)
    if before is None:
        return []
    behind = f"path,bytes({len(before)})"
    ours = f"%[{_PART.format(OURS)}]"
    return [
        f"http-request set-var(txn.theirs) {_PART.format(THEIRS)}",
        f"http-request set-path \"{before}{ours}%[{behind},regsub('^[^/]*','')]\""
        f" if {{ path -m beg {before} }} {{ {behind},field(1,/),strcmp(txn.theirs) eq 0 }}",
    ]


def counts(cloud: Cloud) -> list[str]:
    """Return the lines of the backend that counts; an entry outlives its admission."""
    return [f"stick-table type string len 32 size 100k expire {math.ceil(cloud.policy.seconds) + 1}s store gpc0"]


def taught_by_python(cloud: Cloud) -> list[str]:
    """Return the rule by which an admission is stored in the place of a route. It stands before the rules that store."""
    if not _keeps_admissions(cloud):
        return []
    return [f"http-response set-var(txn.key) {DIGEST} if {{ res.fhdr({ADMISSION}) -m found }} {{ var(txn.guest) -m found }}"]
