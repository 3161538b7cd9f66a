# SPDX-License-Identifier: Apache-2.0
"""The waits for single services as HAProxy rules; a cloud without such has none."""

from collections.abc import Callable, Iterator

from openstackoid.haproxy.error_answers import milliseconds
from openstackoid.mesh import Cloud, Timeouts

PATIENCE = "txn.patience"
"""The variable with the seconds that a peer has for the next bytes, for an error."""


def client_rules(cloud: Cloud) -> list[str]:
    """Return the frontend's lines about the waits for clients. Before 3.0, the longest one is for all services."""
    rules = [f"http-request set-timeout client {milliseconds(wait)} if {of}" for wait, of in _of(cloud, lambda each: each.client)]
    if not rules:
        return []
    longest = f"timeout client {milliseconds(cloud.longest_waits.client)}"
    return ["# How long clients of single services may pause.", ".if version_atleast(3.0)", *rules, ".else", longest, ".endif"]


def server_rules(cloud: Cloud, more: float = 0, *, named: bool = False) -> list[str]:
    """Return the rules about the waits for servers, each longer by ``more``; ``named``: they are kept for an error."""
    lines = []
    for wait, of in _of(cloud, lambda each: each.server):
        lines.append(f"http-request set-timeout server {milliseconds(wait + more)} if {of}")
        if named:
            lines.append(f"http-request set-var({PATIENCE}) str({wait:g}) if {of}")
    if lines and named:
        lines.insert(0, f"http-request set-var({PATIENCE}) str({cloud.timeouts.server:g})")
    return lines


def peers_patience(cloud: Cloud) -> str:
    """Return the seconds that a peer has, as the error names them."""
    return f"%[var({PATIENCE})]" if server_rules(cloud) else f"{cloud.timeouts.server:g}"


def _of(cloud: Cloud, wait: Callable[[Timeouts], float]) -> Iterator[tuple[float, str]]:
    """Yield each wait that is not the gateway's, with the condition for its services."""
    keys: dict[float, list[str]] = {}
    for endpoint in cloud.endpoints:
        seconds = wait(cloud.timeouts_of(endpoint))
        if seconds != wait(cloud.timeouts):
            keys.setdefault(seconds, []).append(endpoint.key)
    for seconds, own in keys.items():
        # HAProxy takes 64 words of a line.
        for at in range(0, len(own), 32):
            yield seconds, f"{{ var(txn.endpoint) -m str {' '.join(own[at : at + 32])} }}"
