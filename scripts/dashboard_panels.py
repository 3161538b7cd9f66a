# SPDX-License-Identifier: Apache-2.0
"""The panels of each dashboard, with their queries."""

from typing import Any

from scripts.panel import Panel

_CLOUD, _PEER = 'cloud=~"$cloud"', 'peer=~"$peer"'
_RATE = "[$__rate_interval]"
_RED_FROM_ONE: list[dict[str, Any]] = [{"color": "green", "value": None}, {"color": "red", "value": 1}]
_RED_AT_ZERO: list[dict[str, Any]] = [{"color": "red", "value": None}, {"color": "green", "value": 1}]


def _share(part: str, whole: str) -> str:
    return f"{part} / ({whole} > 0)"


def _errors(more: str, by: str) -> str:
    return f"sum by ({by}) (rate(openstackoid_errors_total{{{_CLOUD}{more}}}{_RATE}))"


def _requests(more: str, by: str) -> str:
    return f"sum by ({by}) (rate(openstackoid_requests_total{{{_CLOUD}{more}}}{_RATE}))"


def _slowest(quantile: float, more: str, by: str) -> str:
    buckets = f"rate(openstackoid_request_duration_seconds_bucket{{{_CLOUD}{more}}}{_RATE})"
    return f"histogram_quantile({quantile}, sum by ({by}, le) ({buckets}))"


OVERVIEW = [
    Panel(
        "Gateways that answer",
        {f'up{{job="openstackoid", {_CLOUD}}}': "{{cloud}} {{instance}}"},
        "0: Prometheus gets no metrics of the gateway.",
        "stat",
        width=8,
        steps=_RED_AT_ZERO,
    ),
    Panel(
        "Alerts",
        {'count by (fault) (ALERTS{alertname=~"OpenStackoid.+", alertstate="firing"})': "{{fault}}"},
        "Firing alerts by the part at fault: this gateway, a service of its cloud, or a peer.",
        "stat",
        width=8,
        steps=_RED_FROM_ONE,
    ),
    Panel(
        "Different descriptions",
        {"count(count by (hash) (openstackoid_mesh_info)) - 1": "more than one"},
        "From 1 on, gateways have different descriptions of the clouds: requests between them may end in 508.",
        "stat",
        width=8,
        steps=_RED_FROM_ONE,
    ),
    Panel("Requests", {_requests("", "cloud"): "{{cloud}}"}, "Answered requests of each gateway.", unit="reqps"),
    Panel(
        "Whose errors",
        {_errors("", "cloud, by"): "{{cloud}}: {{by}}"},
        "Answers from 500 on, by the part at fault.",
        unit="reqps",
    ),
    Panel(
        "The gateways' own errors",
        {_share(_errors(', by="gateway"', "cloud"), _requests("", "cloud")): "{{cloud}}"},
        "The objective is 0.1 %; 1.44 % for an hour is urgent.",
        unit="percentunit",
    ),
    Panel(
        "Slowest of a hundred",
        {_slowest(0.99, "", "cloud"): "{{cloud}}"},
        "The time in which 99 % of the requests are answered, the services' own time included.",
        unit="s",
    ),
]

ONE_CLOUD = [
    Panel(
        "Services",
        {f'haproxy_backend_active_servers{{{_CLOUD}, proxy=~"local[.].*"}}': "{{proxy}}"},
        "Backends that pass their check. 0: the service is down.",
        "stat",
        width=24,
        steps=_RED_AT_ZERO,
    ),
    Panel("Requests by service", {_requests("", "service"): "{{service}}"}, "Answered requests.", unit="reqps"),
    Panel("Errors by service", {_errors("", "service, by"): "{{service}}: {{by}}"}, "Answers from 500 on.", unit="reqps"),
    Panel(
        "Slowest of a hundred by service",
        {_slowest(0.99, "", "service"): "{{service}}"},
        "The time in which 99 % of the requests are answered.",
        unit="s",
    ),
    Panel(
        "Refusals",
        {f"sum by (reason) (rate(openstackoid_refusals_total{{{_CLOUD}}}{_RATE}))": "{{reason}}"},
        "Requests that the gateway has refused.",
        unit="reqps",
    ),
    Panel(
        "Restarts and reloads",
        {
            f"increase(openstackoid_part_restarts_total{{{_CLOUD}}}[1h])": "restarts of {{part}} in an hour",
            f"1 - openstackoid_config_last_reload_successful{{{_CLOUD}}}": "broken description",
        },
        "Parts that died, and a description that cannot be read.",
    ),
    Panel(
        "Certificates",
        {f"openstackoid_certificate_expiry_timestamp_seconds{{{_CLOUD}}} - time()": "{{use}} {{file}}"},
        "The time to their end.",
        unit="s",
    ),
    Panel(
        "Lost lines",
        {
            f"increase(openstackoid_audit_lost_total{{{_CLOUD}}}[1h])": "audit, {{place}}",
            f"increase(haproxy_process_dropped_logs_total{{{_CLOUD}}}[1h])": "HAProxy's log",
        },
        "Lines that are missing in the audit log, and in HAProxy's log, in an hour.",
    ),
    Panel("Workflows", {f"openstackoid_workflows{{{_CLOUD}}}": "{{instance}}"}, "Workflows in the memory of the gateway."),
]

PEERS = [
    Panel(
        "Requests with each peer",
        {_requests(f", {_PEER}", "peer, route"): "{{peer}}: {{route}}"},
        "Requests that leave (remote), and of the peer's users here (local).",
        unit="reqps",
    ),
    Panel(
        "Errors of the peers",
        {_share(_errors(f', by="peer", {_PEER}', "peer"), _requests(f", {_PEER}", "peer")): "{{peer}}"},
        "Of the requests with a peer, those that fail there or on the way. From a half on, the peer is unreachable.",
        unit="percentunit",
    ),
    Panel(
        "Slowest of a hundred by peer",
        {_slowest(0.99, f", {_PEER}", "peer"): "{{peer}}"},
        "The time in which 99 % of the requests are answered.",
        unit="s",
    ),
    Panel(
        "Uses",
        {
            f"sum by (direction, peer, outcome) (rate(openstackoid_uses_total{{{_CLOUD}, {_PEER}}}{_RATE}))": (
                "{{direction}} {{peer}}: {{outcome}}"
            )
        },
        "Lines of the audit log: uses of one cloud by users of another.",
        unit="reqps",
    ),
    Panel(
        "Validations of tokens",
        {
            f"sum by (home, result) (rate(openstackoid_token_validations_total{{{_CLOUD}}}{_RATE}))": "{{home}}: {{result}}",
        },
        "Questions to Keystones about tokens. Cached answers are not counted.",
        unit="reqps",
    ),
    Panel(
        "Descriptions",
        {f"openstackoid_mesh_info{{{_CLOUD}}}": "{{cloud}} {{hash}}"},
        "The hash of each gateway's description: the same where descriptions are.",
        "table",
    ),
]

COST = [
    Panel(
        "Requests by route",
        {_requests("", "route"): "{{route}}"},
        "HAProxy alone takes local and remote ones once it has learnt their route.",
        unit="reqps",
    ),
    Panel(
        "Share of the Python service",
        {
            _share(_requests(', route=~"bridge|otherwise|all"', "cloud"), _requests("", "cloud")): "{{cloud}}",
        },
        "Requests whose answer needs more than a route.",
        unit="percentunit",
    ),
    Panel(
        "Mean time by route",
        {
            _share(
                f"sum by (route) (rate(openstackoid_request_duration_seconds_sum{{{_CLOUD}}}{_RATE}))",
                f"sum by (route) (rate(openstackoid_request_duration_seconds_count{{{_CLOUD}}}{_RATE}))",
            ): "{{route}}"
        },
        "The services' own time included.",
        unit="s",
    ),
    Panel(
        "Time of services and peers",
        {
            f'haproxy_backend_response_time_average_seconds{{{_CLOUD}, proxy=~"local[.].*|peer"}}': "{{proxy}}",
            f'haproxy_backend_queue_time_average_seconds{{{_CLOUD}, proxy="bridge"}}': "waiting for the Python service",
        },
        "HAProxy's mean over its last 1024 requests.",
        unit="s",
    ),
    Panel(
        "HAProxy idle",
        {f"haproxy_process_idle_time_percent{{{_CLOUD}}}": "{{cloud}} {{instance}}"},
        "0: its cores are full.",
        unit="percent",
    ),
    Panel(
        "Places in the Python service",
        {
            f"openstackoid_bridge_requests_in_progress{{{_CLOUD}}}": "{{cloud}}: in progress",
            f"openstackoid_bridge_requests_limit{{{_CLOUD}}}": "{{cloud}}: limit",
            f'sum by (cloud) (haproxy_server_current_queue{{{_CLOUD}, proxy="bridge"}})': "{{cloud}}: waiting",
        },
        "Requests that wait get 503 after limits.wait.",
    ),
    Panel(
        "Validations per request",
        {
            _share(
                f"sum by (cloud) (rate(openstackoid_token_validations_total{{{_CLOUD}}}{_RATE}))", _requests("", "cloud")
            ): "{{cloud}}"
        },
        "Questions to Keystones for each request: few, as answers are cached.",
    ),
    Panel(
        "Bytes",
        {
            f"sum by (cloud) (rate(haproxy_frontend_bytes_in_total{{{_CLOUD}}}{_RATE}))": "{{cloud}}: from clients",
            f"sum by (cloud) (rate(haproxy_frontend_bytes_out_total{{{_CLOUD}}}{_RATE}))": "{{cloud}}: to clients",
        },
        "Bytes through the frontends of HAProxy.",
        unit="Bps",
    ),
]
