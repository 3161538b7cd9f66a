# SPDX-License-Identifier: Apache-2.0
"""The gateway's own pages, and lines about traced requests, for the Python service."""

import shlex

from openstackoid.haproxy.listeners import listener
from openstackoid.mesh import Cloud
from openstackoid.redaction import REMOVED, shown_method, shown_path
from openstackoid.routing import TOKENS_PATH
from openstackoid.routing.pages import PAGES
from openstackoid.routing.workflows import REQUEST_ID, TRACE_ID

LOG_FORMAT = "%ci %HM %HPO -> %b %[var(txn.cloud)] %ST %Ta ms %tsc %[var(txn.record),concat(' via=',txn.via)]"
"""A line of the log. HAProxy writes spaces and control characters of a path as ``#20``, so that each field is one word.

The peer's name follows its backend; elsewhere a dash. ``%HPO``: the path as the client sent it, without the query; ``%Ta``
leaves out the idle time of a connection.
"""

ANSWERED = " answered="
"""Precedes the milliseconds in which Keystone has answered a question about a token, up to the head of its answer."""

BY_PYTHON = "/python"
"""Ends HAProxy's letters about the end of a request that the Python service has sent; the client's request has a line as well."""

LOG_FORMAT_BY_PYTHON = LOG_FORMAT.replace("%tsc", f"%tsc{BY_PYTHON}")

_METHOD_AT, _PATH_AT, _ARROW_AT = (LOG_FORMAT.split(" ").index(word) for word in ("%HM", "%HPO", "->"))
_NO_REQUEST = (b"<BADREQ>", b"<BADREQ>")

LONGEST_LINE = 4096
"""Bytes of a line to the Python service: the path, which HAProxy cuts at 1024, and the rest."""


def observing(records_socket: str) -> list[str]:
    """Return the frontend's line that also sends messages of the level ``notice`` to the Python service.

    It is a datagram: without the socket, or with a full one, the record is lost and the request is not.
    """
    return [f"log {shlex.quote(records_socket)} len {LONGEST_LINE} format raw local0 notice"]


def shown_lines(lines: bytes) -> tuple[list[bytes], list[bytes]]:
    """Return the lines of a log with redacted methods and paths, and of those about requests the parts behind the arrow.

    A line about no request is unchanged. HAProxy has no cheap way to redact, and the Python service reads its log anyway.
    """
    shown, answers = [], []
    for line in lines.splitlines(keepends=True):
        words = line.split(b" ", _ARROW_AT + 1)
        if len(words) <= _ARROW_AT or words[_ARROW_AT] != b"->":
            shown.append(line)
            continue
        method, path = words[_METHOD_AT], words[_PATH_AT]
        if (method, path) != _NO_REQUEST:
            words[_METHOD_AT] = shown_method(method.decode("latin-1")).encode("ascii")
            words[_PATH_AT] = (shown_path(path.decode("latin-1")) or REMOVED).encode("ascii")
        answers.append(words[-1])
        shown.append(b" ".join(words))
    return shown, answers


def own_pages_and_traces(cloud: Cloud) -> list[str]:
    """Return the rules for the gateway's own pages, and those that raise the level of traced requests.

    The id is checked before it is logged: it comes from the client.
    """
    return [
        "# The gateway's own pages, and traced requests.",
        f"acl is_for_python path -m beg {PAGES}",
        f"acl has_trace_id req.fhdr({REQUEST_ID}) -m reg '^{TRACE_ID}$'",
        f"acl has_one_id req.fhdr_cnt({REQUEST_ID}) eq 1",
        f'http-request set-var-fmt(txn.record) "trace=%[req.fhdr({REQUEST_ID})] at=%[date(0,us)] socket=%[{listener(cloud)}]"'
        " if has_trace_id has_one_id",
        "http-request set-log-level notice if { var(txn.record) -m found }",
    ]


def timed_token_answers(prefix: str) -> list[str]:
    """Return the rules of the backend of the Keystone at ``prefix`` that note how long it takes for a question about a token.

    ``%Tr`` begins after the head of the request, and is -1 for an answer of HAProxy's own. So a slow client counts for nothing:
    a request with a body has no note. Nor has one that Keystone refuses, as anyone can send those. The rules come before the
    others, some of which end the list.
    """
    asks = f"METH_GET {{ path {prefix}{TOKENS_PATH} }}"
    body = "{ req.fhdr(content-length) -m found } or { req.fhdr(transfer-encoding) -m found }"
    return [
        f"http-request set-var(txn.asks_about_token) bool(true) if {asks}",
        f"http-request unset-var(txn.asks_about_token) if {body}",
        f'http-after-response set-var-fmt(txn.record) "%[var(txn.record)]{ANSWERED}%Tr"'
        " if { var(txn.asks_about_token) -m found } { status 200 404 }",
    ]


def scope_carrier() -> list[str]:
    """Return the rules that note the header of the scope of a traced request; they need ``has_scope``."""
    return [
        "acl is_recorded var(txn.record) -m found",
        "http-request set-var(txn.via) req.fhdr_cnt(x-scope),bool,iif(header,token) if is_recorded has_scope",
    ]
