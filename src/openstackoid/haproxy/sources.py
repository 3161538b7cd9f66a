# SPDX-License-Identifier: Apache-2.0
"""The address of the client as HAProxy rules: trusted proxies, headers for the next hop, and limits for each source.

Log, counts and cache of routes read it as ``src``. A peer's gateway with a certificate is the client itself, also
of requests that it forwards.
"""

from collections.abc import Callable

from openstackoid.haproxy.header_names import HAS_CLAIMS
from openstackoid.mesh import Cloud, Limits
from openstackoid.routing.links import CLAIMS, CLAIMS_AND_SCHEME, SOURCE
from openstackoid.routing.places import DELAY

Answer = Callable[[int, str], str]
"""Returns the rest of a rule that answers by a status and a message."""

Error = Callable[[int, str], str]
"""Returns the line of the error of a status, with its message."""

RATE_WINDOW = 10
"""Seconds over which the requests of one source address are counted."""

SOURCE_OF = "src,ipmask(32,64)"
"""The source of a connection or request: an address, or of IPv6 a network of 64 bits, whose addresses are all of one client."""


def connection_rules(cloud: Cloud) -> list[str]:
    """Return the rules for connections: the PROXY protocol, and the most of one source."""
    return [*_kinds_of_sources(cloud), *_proxy_protocol(cloud), *_counting(cloud)]


def _kinds_of_sources(cloud: Cloud) -> list[str]:
    # HAProxy takes 64 words of a line: each list has a line of its own.
    kinds = (("is_proxy", cloud.trusted_proxies), ("is_exempt", cloud.limits.exempt if _is_counted(cloud.limits) else ()))
    return [f"acl {name} src {' '.join(addresses)}" for name, addresses in kinds if addresses]


def _proxy_protocol(cloud: Cloud) -> list[str]:
    if not cloud.proxy_protocol:
        return []
    named = set(cloud.proxy_protocol)
    ids = [number for number, listeners in cloud.sockets.items() if not named.isdisjoint(map(str, listeners))]
    return [
        "# Trusted proxies begin with the PROXY protocol here; from any other address it is no HTTP.",
        *(f"acl is_for_proxies so_id {number}" for number in ids),
        "tcp-request connection expect-proxy layer4 if is_for_proxies is_proxy",
    ]


def _is_counted(limits: Limits) -> bool:
    return limits.source_connections is not None or limits.source_requests is not None


def _counting(cloud: Cloud) -> list[str]:
    """Return the rules that count the connections of a source. A trusted proxy is none: its requests count for its clients."""
    limits = cloud.limits
    if not _is_counted(limits):
        return []
    others = [f"!{name}" for name, addresses in (("is_exempt", limits.exempt), ("is_proxy", cloud.trusted_proxies)) if addresses]
    rates = f",http_req_rate({RATE_WINDOW}s)" if limits.source_requests is not None else ""
    lines = [
        f"stick-table type ipv6 size 100k expire {3 * RATE_WINDOW}s store conn_cur{rates}",
        f"tcp-request connection track-sc0 {SOURCE_OF}{' if ' if others else ''}{' '.join(others)}",
    ]
    if limits.source_connections is not None:
        # An answer would need the whole request, which a slow client does not send.
        lines.append(f"tcp-request connection reject if {{ sc0_conn_cur gt {limits.source_connections} }}")
    if cloud.proxy_protocol:
        # The address of the client is known behind the PROXY protocol.
        lines.append(f"tcp-request session track-sc0 {SOURCE_OF} if !{{ sc0_tracked }} {' '.join(others)}")
        if limits.source_connections is not None:
            lines.append(f"tcp-request session reject if {{ sc0_conn_cur gt {limits.source_connections} }}")
    return lines


def error_lines(cloud: Cloud, error: Error) -> list[str]:
    """Return the lines with the error for a source that is over its limit of requests, and the time until it comes."""
    limits, excess = cloud.limits, []
    if limits.source_requests is not None:
        excess.append(f"sends more than {limits.source_requests} requests a second")
    if cloud.trusted_proxies and limits.source_connections is not None:
        excess.append(f"has more than {limits.source_connections} requests at a time")
    if not excess:
        return []
    return [f"timeout tarpit {DELAY}s", error(429, f"gateway of {cloud.name}: %[src] {', or '.join(excess)}")]


def rate_rules(cloud: Cloud) -> list[str]:
    """Return the rule for a source that is over its rate. A peer's gateway is none: the policy has a rate for the peer."""
    most = cloud.limits.source_requests
    if most is None:
        return []
    no_peer = " !{ var(sess.from) -m found }" if cloud.secure_listeners else ""
    return [f"http-request tarpit deny_status 429 if {{ sc0_http_req_rate gt {most * RATE_WINDOW} }}{no_peer}"]


def forwarded_addresses(cloud: Cloud) -> list[str]:
    """Return the rules that take the address forwarded by trusted proxies: the last one that is not theirs.

    Of three trusted proxies in a row, the first counts as the client.
    """
    if not cloud.trusted_proxies:
        return []
    proxies = " ".join(cloud.trusted_proxies)
    no_peer = " !{ var(sess.from) -m found }" if cloud.secure_listeners else ""
    return [
        "# The address that a trusted proxy has forwarded; where that is of a trusted proxy, too, the one before it.",
        f"acl is_by_two_proxies req.hdr_ip({SOURCE},-1) {proxies}",
        f"tcp-request content set-src req.hdr_ip({SOURCE},-1) if is_proxy{no_peer}",
        f"tcp-request content set-src req.hdr_ip({SOURCE},-2) if is_proxy is_by_two_proxies{no_peer}",
    ]


def forwarded_rules(cloud: Cloud) -> list[str]:
    """Return the rules that count the requests of a forwarded address as connections are."""
    limits = cloud.limits
    if not cloud.trusted_proxies or not _is_counted(limits):
        return []
    exempt = " !is_exempt" if limits.exempt else ""
    lines = [f"http-request track-sc0 {SOURCE_OF} if !{{ sc0_tracked }} !is_proxy{exempt}"]
    if limits.source_connections is not None:
        most = limits.source_connections
        lines.append(f"http-request return status 429 default-errorfiles if {{ sc0_conn_cur gt {most} }}")
    return lines


def told_to_services() -> list[str]:
    """Return the lines that set the client's address for services of this cloud, in place of other claims.

    Services that read ``X-Forwarded-Proto`` (oslo.middleware's ``enable_proxy_headers_parsing``) read the other claims as well.
    """
    return [
        "option forwardfor",
        f"http-request del-header {CLAIMS} -m reg if {HAS_CLAIMS}",
    ]


def told_to_python() -> list[str]:
    """Return the lines that set the client's address for the Python service, in the header of the services."""
    return ["option forwardfor", f"http-request del-header {SOURCE.title()}"]


def told_to_peers() -> list[str]:
    """Return the rule that removes what is about the client from requests to peers."""
    return [f"http-request del-header {CLAIMS_AND_SCHEME} -m reg if {HAS_CLAIMS}"]
