# SPDX-License-Identifier: Apache-2.0
"""The address of the client as HAProxy rules: trusted proxies, headers for the next hop, and limits for each source.

Log, counts and cache of routes read it as ``src``. A peer's gateway with a certificate is the client itself, whatever it
forwards.
"""

from openstackoid.mesh import Cloud, Limits
from openstackoid.routing.backend_names import bind_ids
from openstackoid.routing.links import ABOUT_THE_CLIENT, CLAIMS_OF_PROXIES, SOURCE

RATE_WINDOW = 10
"""Seconds over which the requests of one source address are counted."""


def connection_rules(cloud: Cloud, too_many: str) -> list[str]:
    """Return the rules for connections; ``too_many``: the rest of the rule that answers a source over its rate."""
    return [*_proxy_protocol(cloud), *_per_source(cloud.limits, too_many)]


def _proxy_protocol(cloud: Cloud) -> list[str]:
    if not cloud.proxy_protocol:
        return []
    ids = " ".join(str(number) for listener, number in bind_ids(cloud).items() if str(listener) in cloud.proxy_protocol)
    return [
        "# Trusted proxies begin with the PROXY protocol here; from any other address it is no HTTP.",
        f"tcp-request connection expect-proxy layer4 if {{ so_id {ids} }} {{ src {' '.join(cloud.trusted_proxies)} }}",
    ]


def _per_source(limits: Limits, too_many: str) -> list[str]:
    if limits.source_connections is None and limits.source_requests is None:
        return []
    others = f" if !{{ src {' '.join(limits.exempt)} }}" if limits.exempt else ""
    lines = [
        f"stick-table type ipv6 size 100k expire {3 * RATE_WINDOW}s store conn_cur,http_req_rate({RATE_WINDOW}s)",
        f"tcp-request connection track-sc0 src{others}",
    ]
    if limits.source_connections is not None:
        # An answer would need the whole request, which a slow client does not send.
        lines.append(f"tcp-request connection reject if {{ sc0_conn_cur gt {limits.source_connections} }}")
    if limits.source_requests is not None:
        most = limits.source_requests * RATE_WINDOW
        lines.append(f"http-request return {too_many} if {{ sc0_http_req_rate gt {most} }}")
    return lines


def forwarded_rules(cloud: Cloud) -> list[str]:
    """Return the rules that take the address forwarded by trusted proxies: the last one that is not theirs.

    Of three trusted proxies in a row, the first counts as the client.
    """
    if not cloud.trusted_proxies:
        return []
    proxies = " ".join(cloud.trusted_proxies)
    no_peer = " !{ var(sess.from) -m found }" if cloud.secure_listeners else ""
    return [
        "# The address that a trusted proxy has forwarded; where that is of a trusted proxy, too, the one before it.",
        f"acl is_proxy src {proxies}",
        f"acl is_by_two_proxies req.hdr_ip({SOURCE},-1) {proxies}",
        f"http-request set-src req.hdr_ip({SOURCE},-1) if is_proxy{no_peer}",
        f"http-request set-src req.hdr_ip({SOURCE},-2) if is_proxy is_by_two_proxies{no_peer}",
    ]


def told_to_services() -> list[str]:
    """Return the lines that set the client's address for services of this cloud, in place of other claims.

    Services that read ``X-Forwarded-Proto`` (oslo.middleware's ``enable_proxy_headers_parsing``) read the other claims as well.
    """
    claims = "|".join((*CLAIMS_OF_PROXIES, SOURCE))
    return [
        "option forwardfor",
        f"http-request del-header ^({claims})$ -m reg if {{ req.hdr_names -m sub forwarded }}",
    ]


def told_to_python() -> list[str]:
    """Return the lines that set the client's address for the Python service, in the header of the services."""
    return ["option forwardfor", f"http-request del-header {SOURCE.title()}"]


def told_to_peers() -> list[str]:
    """Return the rules that remove the client's address from requests to peers."""
    others = [name for name in ABOUT_THE_CLIENT if "forwarded" not in name]
    return ["http-request del-header forwarded -m sub", *(f"http-request del-header {name.title()}" for name in others)]
