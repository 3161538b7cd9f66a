# SPDX-License-Identifier: Apache-2.0
"""Reads of ``A | B`` in HAProxy, once the Python service has taught the route: A, which is this cloud, has its turn first.

The backend has two servers. Both are a frontend of this HAProxy at a unix socket: the first one's request goes to A. Where A has
no answer for the client, the request is repeated to the second, which leads to the Python service: it decides about A and all
further turns, as for any request of ``A | B``. So a turn of HAProxy has two outcomes only: the answer, or the Python service.

A cloud that fails before the first byte of a body, or within a short document, has given no answer, so these are waited for, by
A's part of the time.
"""

import shlex

from openstackoid.haproxy import header_names, listeners, route_cache, sources
from openstackoid.haproxy.error_answers import failures, milliseconds
from openstackoid.haproxy.timeouts import server_rules
from openstackoid.haproxy.turns import may_turn
from openstackoid.mesh import Cloud, Endpoint
from openstackoid.routing import CLOUD_HEADER
from openstackoid.routing.backend_names import BRIDGE, FIRST, FURTHER, OTHERWISE, TURN, TURN_BEGAN, TURN_SAID, TURN_TO, TURNS
from openstackoid.routing.links import SOURCE
from openstackoid.routing.route_cache import IN_TURNS, KEY
from openstackoid.scope import MARK

DEFAULTS = "turn"
"""The ``defaults`` section of the backends for first turns."""

_REPEATED = 404, 500, 501, 502, 503, 504
"""Statuses after which HAProxy repeats a request. Any other failure is made one of them."""

_PROTO = "X-Forwarded-Proto"
_LONGER, _KEEP_ALIVE = 30, 10

_LONGEST_WHOLE = 24 * 1024
"""Bytes of a document that is read as a whole before a part of it is sent: they fit into HAProxy's buffer."""
_MISSED, _MISSED_SECONDS = 10_000, 10


def acls(cloud: Cloud) -> list[str]:
    """Return the conditions of a request whose first cloud HAProxy can ask.

    The body of a list by name decides, which no rule sees; and a request with a body may not fit into the buffer.
    """
    if not may_turn(cloud):
        return []
    return [
        f"acl in_turns var(txn.route) -m beg {IN_TURNS}",
        "acl may_look_up query -m reg '(^|&)[^=&]*(name|%)'",
        "acl has_body req.hdr_names -m reg '(^|,)(content-length|transfer-encoding)(,|$)'",
    ]


def where_to(cloud: Cloud) -> list[str]:
    """Return the line that chooses the backend."""
    return [f"use_backend {OTHERWISE} if in_turns"] if may_turn(cloud) else []


def sections(cloud: Cloud, socket: str) -> list[tuple[str, list[str]]]:
    """Return the titles and the lines of backend and frontend."""
    if not may_turn(cloud):
        return []
    return [(f"backend {OTHERWISE}", _backend_lines(cloud, socket)), (f"frontend {TURNS}", _frontend_lines(cloud, socket))]


def _backend_lines(cloud: Cloud, socket: str) -> list[str]:
    """Return the lines of the backend. Headers have all that the Python service must know of a repeated request."""
    timeouts = cloud.timeouts
    scheme = [f"http-request del-header {_PROTO}", f"http-request set-header {_PROTO} https if {{ ssl_fc }}"]
    return [
        "balance first",
        "http-reuse always",
        "# Once, and to the other server.",
        "retries 1",
        "option redispatch 1",
        f"retry-on conn-failure empty-response response-timeout {' '.join(map(str, _REPEATED))}",
        f"timeout server {milliseconds(timeouts.server + 2 * timeouts.connect + 5)}",
        *server_rules(cloud, 2 * timeouts.connect + 5),
        *listeners.told_to_the_bridge(cloud),
        *sources.told_to_python(),
        *([] if cloud.tls is None else scheme),
        route_cache.ask_python(),
        f'http-request set-header {TURN_TO} "%[var(txn.endpoint)]%[var(txn.route)]"',
        f"http-request set-header {TURN_BEGAN} %[date(0,ms)]-%[rand]",
        f"http-send-name-header {TURN}",
        *failures(cloud, "the gateway itself"),
        *(f"server {turn} unix@{shlex.quote(socket)}" for turn in (FIRST, FURTHER)),
    ]


def _frontend_lines(cloud: Cloud, socket: str) -> list[str]:
    """Return the lines of the frontend. The other frontend has written the request to the log."""
    return [
        f"bind unix@{shlex.quote(socket)} mode 600",
        f"timeout client {milliseconds(cloud.longest_waits.client + cloud.longest_waits.server + _LONGER)}",
        f"timeout http-keep-alive {_KEEP_ALIVE}s",
        "no option idle-close-on-response",
        "http-request set-log-level silent",
        header_names.find(),
        f"http-request set-src req.hdr_ip({SOURCE},-1)",
        f"http-request set-var(txn.turns) req.fhdr({TURN_TO})",
        f"http-request set-var(txn.endpoint) var(txn.turns),field(1,{IN_TURNS})",
        f"http-request set-var(txn.clouds) var(txn.turns),field(2,{IN_TURNS}),field(1,{MARK})",
        f"http-request set-var(txn.route) var(txn.turns),field(2,{IN_TURNS}),regsub('^[0-9]+','')",
        f"http-request set-var(txn.key) \"req.fhdr({KEY}),regsub('^([^ ]+ ){{3}}','')\"",
        f"http-request set-var(txn.mark) {route_cache.mark_of('x-auth-token')}",
        "# A cloud that lacks the item is not asked again.",
        f"stick-table type string len 32 size {_MISSED} expire {_MISSED_SECONDS}s store gpt0",
        f"acl is_further req.fhdr({TURN}) -m str {FURTHER}",
        f"http-request set-var(txn.turn) req.fhdr({TURN_BEGAN}) if !is_further",
        f"http-request set-header {TURN_SAID} %[req.fhdr({TURN_BEGAN}),table_gpt0({TURNS})] if is_further",
        "http-response track-sc2 var(txn.turn) if { var(txn.turn) -m found } { status 404 }",
        "http-response sc-set-gpt0(2) 404 if { var(txn.turn) -m found } { status 404 }",
        "# The next request on a connection may be another user's.",
        "http-after-response set-header Connection close if { status 401 407 }",
        f"use_backend {BRIDGE} if is_further",
        "use_backend turn.%[var(txn.endpoint)]",
    ]


def first_turn(cloud: Cloud, endpoint: Endpoint) -> list[str]:
    """Return the lines of the backend for the first turn at an endpoint: its part of the time, for each step of the answer."""
    waits = cloud.timeouts_of(endpoint)
    most = round((waits.connect + waits.server) * 1000)
    wait = milliseconds((waits.connect + waits.server) / 2)
    return [
        "http-request del-header x-openstackoid- -m beg",
        f"http-request set-timeout server int({most}),div(txn.clouds)",
        "retries 0",
        f"acl is_short res.hdr_val(content-length) lt {_LONGEST_WHOLE}",
        "acl is_document res.hdr(content-type) -m sub json",
        f"http-response wait-for-body time {wait} if METH_GET is_document is_short",
        f"http-response wait-for-body time {wait} at-least 1 if METH_GET",
        "http-response set-var(txn.size) res.body_size if METH_GET",
        "acl is_cut res.body_len,sub(txn.size) lt 0",
        "http-response set-status 502 if METH_GET is_cut is_document is_short or METH_GET is_cut { res.body_len eq 0 }",
        f"http-response set-header {CLOUD_HEADER} {shlex.quote(cloud.name)}",
    ]


def answer_rules() -> list[str]:
    """Return the rule for the head of an answer: further failures get a status that is repeated, as does a link to rewrite."""
    return ["http-response set-status 502 if { status ge 505 } or { res.fhdr(location) -m found }"]
