# SPDX-License-Identifier: Apache-2.0
"""The one backend for all peers: the target of a request, and whether it was down, are looked up by the name of the cloud.

No peer has a server of its own, nor a health check of HAProxy's: of ten thousand clouds, each would check each. After a failed
connection, other requests to the same place are answered at once for a few seconds. A request that only keeps a connection
(:mod:`openstackoid.bridge.upstream.kept_connections`) does not count: a peer that comes back serves the next user.
"""

from openstackoid.haproxy.maps import DOWN, HOSTS, SAME, TARGETS
from openstackoid.haproxy.tls import account_options, peer_options
from openstackoid.mesh import Cloud, Tls
from openstackoid.routing import READS
from openstackoid.routing.backend_names import FAILED, UNREACHED
from openstackoid.routing.hosts import NAMED

_PURGE = 60
"""Seconds after which HAProxy closes half of the idle connections that it has not needed, again and again."""

_ENTRY, _FOUND_DOWN = "%[var(txn.cloud)]|%[var(txn.at)]", "{ var(txn.until) -m found }"
_TRIED, _BY_A_USER = "{ var(txn.tried) -m found }", "!{ var(txn.health) -m found }"


def at_rule(condition: str) -> str:
    """Return the rule that finds out at which host, port and path prefix clouds of the layout in ``txn.route`` serve it."""
    return f"http-request set-var(txn.at) var(txn.route),field(2,|),concat(/,txn.endpoint),map_str({TARGETS}) if {condition}"


def spot(hosts: int) -> str:
    """Return the address of the peer, as an error names it. ``hosts`` is the largest number of hosts that a peer has."""
    return f"%[{_host(hosts)}]:%[var(txn.at),field(2,|)]"


def _host(hosts: int) -> str:
    return "var(txn.where),field(1,|)" if hosts > 1 else "var(txn.route),field(3,|)"


def naming() -> list[str]:
    """Return the rules for the cloud's name, and for the address at which it serves the endpoint."""
    return [
        "http-request set-var(txn.cloud) var(txn.route),field(1,|)",
        at_rule("!{ var(txn.at) -m found }"),
    ]


def reaching(hosts: int, names: bool, down: str, trial: int, *, named: bool) -> list[str]:
    """Return the rules that give a request its destination, and answer ``down`` where it was down a moment ago.

    ``hosts`` is the largest number of hosts that a peer has; with ``names``, some have no address that is known by now; with
    ``named``, a peer is told by which of its hosts it is asked. When the moment is over, one request tries (one of each thread,
    if they come at the same instant): for ``trial`` seconds, or until it has found out, the others are still told. One that
    finds out nothing in that time has a connection, or its client has left; all others are let through then.
    """
    other = "if !{ var(txn.at) -m beg 0| }"
    further = [
        "http-request set-var(txn.where) var(txn.route),field(3,|,2)",
        f"http-request set-var(txn.other) var(txn.at),field(1,|) {other}",
        f"http-request set-var(txn.where) var(txn.cloud),concat(/,txn.other),map_str({HOSTS}) {other}",
    ]
    address = "var(txn.where),field(2,|)" if hosts > 1 else "var(txn.route),field(4,|)"
    asking = [
        "# A host without an address: ask DNS, and keep its answer for its time.",
        f"http-request set-var(txn.peer_host) {_host(hosts)}",
        f"http-request set-var(txn.address) {address}",
        "http-request do-resolve(txn.address,dns,ipv4) var(txn.peer_host) if !{ var(txn.address) -m len gt 0 }",
        f"http-request return {down} if !{{ var(txn.address) -m len gt 0 }} or {{ var(txn.address) -m str 0.0.0.0 :: }}",
    ]
    until = f"var(txn.cloud),concat(|,txn.at),map_str_int({DOWN})"
    return [
        "# The peer's address, and whether a request has just found it down.",
        *(further if hosts > 1 else []),
        *([f"http-request set-header {NAMED.title()} %[{_host(hosts)}]"] if named else []),
        *(asking if names else []),
        f"http-request set-dst {'var(txn.address)' if names else address}",
        "http-request set-dst-port var(txn.at),field(2,|)",
        "# Most requests end here: the peer is not known to be down, and its path prefix is ours.",
        f"http-request allow if {{ var(txn.at) -m end |{SAME} }} !{{ {until} -m found }}",
        f"http-request set-var(txn.until) {until}",
        f"http-request set-var(txn.tried) bool(true) if {_FOUND_DOWN} {{ var(txn.until) -m int lt 0 }}",
        f"http-request set-var(txn.until) var(txn.until),neg if {_TRIED}",
        f"http-request return {down} if {_FOUND_DOWN} {{ date,neg,add(txn.until) gt 0 }}",
        f"http-request del-map({DOWN}) {_ENTRY} if {_TRIED}",
        f"http-request set-map({DOWN}) {_ENTRY} -%[date({trial})] if {_FOUND_DOWN} !{_TRIED}",
        f"http-request set-var(txn.tries) bool(true) if {_FOUND_DOWN} !{_TRIED}",
    ]


def prefix_rules(cloud: Cloud) -> list[str]:
    """Return the rules that put the peer's path prefix in the place of ours, where they differ; they are the last."""
    lengths: dict[int, list[str]] = {}
    for endpoint in cloud.endpoints:
        lengths.setdefault(len(endpoint.frontend.prefix), []).append(endpoint.key)
    rules = [
        f"http-request allow if {{ var(txn.at) -m end |{SAME} }}",
        "http-request set-var(txn.prefix) var(txn.at),field(3,|)",
    ]
    for length, keys in sorted(lengths.items()):
        # HAProxy takes 64 words of a line.
        for at in range(0, len(keys), 32):
            ours = f"{{ var(txn.endpoint) -m str {' '.join(keys[at : at + 32])} }}"
            rules.append(f'http-request set-path "%[var(txn.prefix)]%[path,bytes({length})]" if {ours}')
    # The rest of a path begins with a slash, also after a path of the prefix alone.
    return [*rules, "http-request set-path /%[path] if !{ path -m beg / }"]


def servers(files: Tls | None) -> list[str]:
    """Return the lines of the servers for peers, and of the connections to them.

    An idle connection is used again, also for the first request of a client. The peer may be about to end it, so a request that
    must not be sent twice has a connection of its own then. A client that has had an answer on its connection can send again.
    """
    return [
        "http-reuse always",
        f"server gateway 0.0.0.0:0{peer_options(files)} pool-purge-delay {_PURGE}s",
        f"server once 0.0.0.0:0{peer_options(files)} pool-max-conn 0 weight 0",
        f"use-server once if !{{ method {' '.join(READS)} }} {{ http_first_req }}",
    ]


def account(authorities: str) -> list[str]:
    """Return the lines of the backend for Keystones of peers that have a certificate of an authority of the system."""
    return [
        "http-request set-var(txn.cloud) var(txn.route),field(3,|)",
        "http-request set-dst var(txn.route),field(4,|)",
        "http-request set-dst-port var(txn.at),field(2,|)",
        f"server keystone 0.0.0.0:0{account_options(authorities)}",
    ]


def remembering(seconds: int) -> list[str]:
    """Return the rules that remember for ``seconds`` that a peer could not be reached.

    Before 2.8, HAProxy cannot write into a table when it answers by itself: there each request finds out anew. The header is
    HAProxy's own: from a peer's answer it is removed with all others of gateways.
    """
    unreached = f"{{ res.fhdr({FAILED}) -m beg {UNREACHED} }}"
    return [
        "# An unreachable peer is not tried again for a moment, unless the request only kept a connection.",
        ".if version_atleast(2.8)",
        f"http-after-response set-map({DOWN}) {_ENTRY} %[date({seconds})] if {{ status 503 }} {unreached} {_BY_A_USER}",
        f"http-after-response del-map({DOWN}) {_ENTRY} if {{ var(txn.tries) -m found }} !{unreached}",
        ".endif",
    ]
