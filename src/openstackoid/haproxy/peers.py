# SPDX-License-Identifier: Apache-2.0
"""The one backend for all peers: where a request goes is looked up by the name of the cloud, and so is whether it was down.

No peer has a server of its own, nor a health check: of ten thousand clouds, each would check each. What a request finds out is
remembered for a few seconds, in which others are told at once.
"""

from openstackoid.haproxy.maps import CLOUDS, DOWN, HOSTS, SAME, TARGETS
from openstackoid.mesh import Cloud

UNREACHED = "X-Openstackoid-Unreached"
"""The header by which the section knows its own answer that a peer could not be reached; it never leaves the gateway."""

SPOT = "%[var(txn.host_at)]:%[var(txn.at),field(2,|)]"
"""Where the peer was looked for, as an error names it."""

_SAME_PREFIX = f"{{ var(txn.at) -m end |{SAME} }}"


def place_rules(condition: str = "") -> list[str]:
    """Return the rules that look up where the cloud that ``txn.named`` names serves the endpoint."""
    return [
        f"http-request set-var(txn.place) var(txn.named),map_str({CLOUDS}){condition}",
        "http-request set-var(txn.target) var(txn.place),field(2,|),concat(/,txn.endpoint)"
        + (" if { var(txn.place) -m found }" if condition else ""),
        f"http-request set-var(txn.at) var(txn.target),map_str({TARGETS})"
        + (" if { var(txn.target) -m found }" if condition else ""),
    ]


def reaching(hosts: int, names: bool, down: str) -> list[str]:
    """Return the rules that give a request its destination, and answer ``down`` where it was down a moment ago.

    ``hosts`` is the largest number of hosts that a peer has; with ``names``, some have no address that is known by now.
    """
    first = [
        "http-request set-var(txn.host_at) var(txn.place),field(3,|)",
        "http-request set-var(txn.address) var(txn.place),field(4,|)",
    ]
    other = "if !{ var(txn.at) -m beg 0| }"
    further = [
        f"http-request set-var(txn.other) var(txn.at),field(1,|) {other}",
        f"http-request set-var(txn.other) var(txn.cloud),concat(/,txn.other),map_str({HOSTS}) {other}",
        f"http-request set-var(txn.host_at) var(txn.other),field(1,|) {other}",
        f"http-request set-var(txn.address) var(txn.other),field(2,|) {other}",
    ]
    unknown = "if !{ var(txn.address) -m len gt 0 }"
    asking = [
        "# A host that has a name only: DNS is asked, and its answer kept as long as it says.",
        f"http-request do-resolve(txn.found,dns,ipv4) var(txn.host_at) {unknown}",
        f"http-request return {down} if !{{ var(txn.address) -m len gt 0 }} !{{ var(txn.found) -m found }}",
        "http-request set-var(txn.address) var(txn.found) if { var(txn.found) -m found }",
    ]
    return [
        "# Where it is, and whether somebody has found it down just now.",
        *first,
        *(further if hosts > 1 else []),
        f"http-request set-var(txn.until) var(txn.cloud),concat(|,txn.at),map_str_int({DOWN})",
        f"http-request return {down} if {{ var(txn.until) -m found }} {{ date,neg,add(txn.until) gt 0 }}",
        *(asking if names else []),
        "http-request set-dst var(txn.address)",
        "http-request set-dst-port var(txn.at),field(2,|)",
    ]


def prefix_rules(cloud: Cloud) -> list[str]:
    """Return the rules that put the peer's path prefix in the place of ours, where they differ."""
    lengths: dict[int, list[str]] = {}
    for endpoint in cloud.endpoints:
        lengths.setdefault(len(endpoint.frontend.prefix), []).append(endpoint.key)
    rules = [f"http-request set-var(txn.prefix) var(txn.at),field(3,|) if !{_SAME_PREFIX}"]
    for length, keys in sorted(lengths.items()):
        # HAProxy takes 64 words of a line.
        for at in range(0, len(keys), 32):
            ours = f"{{ var(txn.endpoint) -m str {' '.join(keys[at : at + 32])} }}"
            path = f'"%[var(txn.prefix)]%[path,bytes({length})]"'
            rules.append(f"http-request set-path {path} if !{_SAME_PREFIX} {ours}")
    # What is left of a path begins with a slash, even of one that was the prefix alone.
    return [*rules, f"http-request set-path /%[path] if !{_SAME_PREFIX} !{{ path -m beg / }}"]


def remembering(seconds: int) -> list[str]:
    """Return the rules that remember for ``seconds`` that a peer could not be reached."""
    return [
        "# Whom nobody reaches is not tried again for a moment.",
        f"http-after-response set-map({DOWN}) %[var(txn.cloud)]|%[var(txn.at)] %[date({seconds})]"
        f" if {{ status 503 }} {{ res.fhdr({UNREACHED}) -m found }}",
        f"http-after-response del-header {UNREACHED} if {{ status 503 }}",
    ]
