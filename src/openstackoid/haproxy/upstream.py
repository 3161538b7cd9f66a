# SPDX-License-Identifier: Apache-2.0
"""The way out of the Python service: a frontend on a unix socket, which leads to peers and to this cloud's services alone.

Python names the target in a header, by :func:`~openstackoid.routing.backend_names.target_value`, and has written path and headers
already. Where a target gives no answer, HAProxy's own has a header that says why. No rule here leads to the Python service.
"""

import shlex

from openstackoid.haproxy import header_names
from openstackoid.haproxy.maps import CLOUDS, SAME, WIRES
from openstackoid.mesh import Cloud
from openstackoid.routing.backend_names import ACCOUNT, DOWN, FAILED, PEER, ROUND_TRIP, TARGET
from openstackoid.routing.links import SOURCE
from openstackoid.routing.pages import HEALTH
from openstackoid.routing.wire_version import HEADER as WIRE

OF_PYTHON = "{ var(txn.to) -m found }"
"""Whether a request came from the Python service."""

_FAULT = "OPENSTACKOID_FAULT"
_LONGER = 30
_KEEP_ALIVE = 10


def global_lines(*, tls: bool) -> list[str]:
    """Return the line that sets the expression for the fault of TLS of a connection."""
    return [f'setenv {_FAULT} "{"%[ssl_bc_err_str]" if tls else "-"}"']


def failed(why: str) -> str:
    """Return the header of HAProxy's own answer, for ``http-error``: a word, the server's address, and the fault of TLS."""
    return f'hdr {FAILED} "{why} %si:%sp ${{{_FAULT}}}"'


def not_tried() -> str:
    """Return the header for a request that was not sent as its peer is down, as ``http-request return`` takes it."""
    return f"hdr {FAILED} {DOWN}"


def stripped() -> list[str]:
    """Return the rule for the clients' frontend, which keeps that header from them."""
    return [f"http-after-response del-header {FAILED} if {{ status ge 400 }}"]


def frontend_lines(cloud: Cloud, socket: str, *, accounts: bool) -> list[str]:
    """Return the lines of the frontend. It waits longer than the Python service does for the next bytes of a client.

    ``accounts``: there is a backend for Keystones that the authorities of the system know.
    """
    of_system = "{ var(txn.to),field(8,|) -m len gt 0 }"
    return [
        f"bind unix@{shlex.quote(socket)} mode 600",
        f"timeout client {round((cloud.longest_waits.client + cloud.longest_waits.server + _LONGER) * 1000)}ms",
        "# The Python service ends an idle connection first; a process that is replaced ends all at once.",
        f"timeout http-keep-alive {_KEEP_ALIVE}s",
        "no option idle-close-on-response",
        header_names.find(),
        f"http-request set-var(txn.to) req.fhdr({TARGET})",
        "http-request set-var(txn.endpoint) var(txn.to),field(1,|)",
        f"http-request set-var(txn.route) var(txn.to),field(2,|),map_str({CLOUDS})",
        f"http-request set-var(txn.at) var(txn.to),field(3,|,2),concat(|{SAME}) if {{ var(txn.to),field(4,|) -m len gt 0 }}",
        "http-request set-var(txn.home) var(txn.to),field(5,|)",
        'http-request set-var-fmt(txn.route) "%[var(txn.to),field(2,|)]||%[var(txn.to),field(6,|,2)]|"'
        " if { var(txn.to),field(6,|) -m len gt 0 }",
        "http-request del-header x-openstackoid- -m beg",
        f"http-request set-log-level silent if {{ path {HEALTH} }}",
        f"http-request set-var(txn.health) bool(true) if {{ path {HEALTH} }}",
        "# The client of the Python service, for the log and for services.",
        f"http-request set-src req.hdr_ip({SOURCE},-1) if {{ req.fhdr({SOURCE}) -m found }}",
        "# The wire version of the peer, for the next decision of the Python service.",
        f"http-after-response set-header {WIRE} %[var(txn.cloud),map_str({WIRES})] if {{ var(txn.cloud) -m found }}",
        ".if version_atleast(2.8)",
        "# The round-trip time to the peer.",
        f"http-after-response set-header {ROUND_TRIP} %[bc_rtt(us)] if {{ var(txn.cloud) -m found }}",
        ".endif",
        "# After NTLM, HAProxy keeps a server's connection for the one of the client. Here the next request is of another user.",
        "http-after-response set-header Connection close if { status 401 407 }",
        f"use_backend {ACCOUNT} if {of_system}" if accounts else f"http-request return status 503 {not_tried()} if {of_system}",
        f"use_backend {PEER} if {{ var(txn.route) -m found }}",
        "use_backend local.%[var(txn.endpoint)]",
    ]


def answer_for_python() -> list[str]:
    """Return the rule that leaves the links of an answer to the Python service, which rewrites them itself."""
    return [f"http-response allow if {OF_PYTHON}"]
