# SPDX-License-Identifier: Apache-2.0
"""Compile the mesh to the HAProxy configuration of a cloud's gateway."""

import math
import shlex
from dataclasses import dataclass

from openstackoid.errors import OpenstackoidError
from openstackoid.haproxy import hardening, route_cache, sources, upstream, wire_version
from openstackoid.haproxy.answers import LOCAL, local_rules, peer_answers, peer_rules
from openstackoid.haproxy.egress import LEFT_FORMAT, LONGEST_LINE, leaving, told_by_peers, told_by_services, told_by_the_bridge
from openstackoid.haproxy.errors import GENERAL, answer, failures, http_error, milliseconds
from openstackoid.haproxy.maps import Addresses, all_maps, has_names, most_hosts
from openstackoid.haproxy.peers import account, naming, prefix_rules, reaching, remembering, servers, spot
from openstackoid.haproxy.repeating import repeated, repeating
from openstackoid.haproxy.rules import rules
from openstackoid.haproxy.tls import bind_options, global_lines, nothing_of_the_scheme, scheme_for_services
from openstackoid.haproxy.trace import LOG_FORMAT, observing
from openstackoid.mesh import Cloud, Endpoint, Mesh, Tls, check_tls, some_of
from openstackoid.routing import IDENTITY, READS
from openstackoid.routing.backend_names import (
    ACCOUNT,
    BRIDGE,
    FRONTEND,
    PEER,
    UPSTREAM,
    bind_ids,
    local_backend,
)
from openstackoid.routing.links import ASTRAY
from openstackoid.routing.pages import HEALTH
from openstackoid.routing.route_cache import generation

LOG_VARIABLE = "OPENSTACKOID_LOG"
"""The environment variable that holds where HAProxy's log goes, if it is not the log socket."""

UPSTREAM_SOCKET = "upstream.sock"
"""The name of the socket where HAProxy sends on what it is sent."""

_BASE = "gateway"
_PYTHON = "the Python service behind the gateway"
LOOPBACK: Addresses = {"localhost": "127.0.0.1"}


class CompileError(OpenstackoidError):
    """The mesh lacks a value that this cloud's gateway needs."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """The unix sockets between the parts of one gateway.

    The Python service listens at ``bridge_socket``, and receives HAProxy's log at ``log_socket`` and its lines about traced
    requests at ``records_socket``; HAProxy is controlled at ``stats_socket``, and sends on what it is sent at
    ``upstream_socket``.
    """

    bridge_socket: str
    upstream_socket: str
    stats_socket: str
    records_socket: str
    log_socket: str

    @classmethod
    def of(cls, folder: str) -> "Runtime":
        """Return the sockets in ``folder``."""
        names = ("bridge.sock", UPSTREAM_SOCKET, "haproxy.sock", "records.sock", "log.sock")
        return cls(*(f"{folder}/{name}" for name in names))


def compile_gateway(
    mesh: Mesh,
    cloud: str,
    runtime: Runtime,
    tls: Tls | None = None,
    addresses: Addresses = LOOPBACK,
    *,
    system_authorities: str = "",
) -> dict[str, str]:
    """Return the files of the gateway of ``cloud``, by name: ``haproxy.cfg`` and the maps beside it.

    ``tls`` is where HAProxy finds certificate and authority, if elsewhere than the mesh says; ``addresses`` are those of host
    names that are known without DNS. ``system_authorities`` is the file or folder of the authorities that the system believes,
    where a reader account logs in at a Keystone whose certificate is of one of them.

    Raises :class:`CompileError` for a cloud that the mesh does not know, and for an endpoint of it without a backend;
    :class:`~openstackoid.mesh.MeshError` for what keeps the traffic from being protected.
    """
    if cloud not in mesh.clouds:
        raise CompileError(f"the mesh has no cloud '{cloud}'; known: {some_of(mesh.clouds)}")
    here = mesh.clouds[cloud]
    for endpoint in here.endpoints:
        if not endpoint.backends:
            spot = f"clouds.{cloud}.services.{endpoint.catalog_type}.backend"
            raise CompileError(f"{spot}: the gateway of {cloud} needs the address of the service for {endpoint.interfaces[0]}")
    check_tls(mesh, cloud)
    files = None if here.tls is None else tls or here.tls
    names = has_names(mesh, cloud, addresses)
    sections = [
        _section("global", [*_global(runtime), *route_cache.global_lines(generation(mesh, cloud)), *global_lines(here)]),
        _section(f"defaults {_BASE}", _defaults(here)),
        _section(f"frontend {FRONTEND} from {_BASE}", _frontend(here, runtime, files)),
        _section(f"backend {BRIDGE} from {_BASE}", _bridge(here, runtime)),
        _section(
            f"defaults {LOCAL} from {_BASE}",
            [
                upstream.ABORT,
                *scheme_for_services(here),
                *sources.told_to_services(),
                *route_cache.local_rules(),
                *told_by_services(),
                *upstream.answer_for_python(),
                *local_rules(mesh, here),
            ],
        ),
        *(_section(f"backend {local_backend(endpoint)} from {LOCAL}", _local(here, endpoint)) for endpoint in here.endpoints),
        _section(f"backend {PEER} from {_BASE}", _peers(mesh, here, files, names)),
    ]
    way_out = upstream.frontend_lines(here, runtime.upstream_socket, accounts=bool(system_authorities))
    sections.append(_section(f"frontend {UPSTREAM} from {_BASE}", way_out))
    if system_authorities:
        sections.append(_section(f"backend {ACCOUNT} from {_BASE}", account(system_authorities)))
    if names:
        sections.append(_section("resolvers dns", ["parse-resolv-conf"]))
    title = f"# The gateway of {cloud}, written by `openstackoid gateway`; edits are lost.\n\n"
    return {"haproxy.cfg": title + "\n".join(sections), **all_maps(mesh, cloud, addresses)}


def listener_variable(number: int) -> str:
    """Return the name of the environment variable that holds a socket's address, if it is not the one of the description."""
    return f"OPENSTACKOID_LISTENER_{number}"


def _section(title: str, lines: list[str]) -> str:
    return f"{title}\n" + "".join(f"    {line}\n" for line in lines)


def _global(runtime: Runtime) -> list[str]:
    return [
        "# The Python service reads this log, redacts its lines, and writes the audit log.",
        f"presetenv {LOG_VARIABLE} {shlex.quote(runtime.log_socket)}",
        f'log "${{{LOG_VARIABLE}}}" len {LONGEST_LINE} format raw local0 info',
        "default-path config",
        "# The lowest level: it shows no request that HAProxy could not read (`show errors`), which would hold its headers.",
        f"stats socket {shlex.quote(runtime.stats_socket)} mode 600 level user expose-fd listeners",
        *hardening.global_lines(),
        "# A process that was replaced finishes its requests, downloads included, for this long.",
        "hard-stop-after 30m",
    ]


def _defaults(cloud: Cloud) -> list[str]:
    timeouts = cloud.timeouts
    return [
        "mode http",
        "log global",
        f'log-format "{LOG_FORMAT} {LEFT_FORMAT}"',
        f"timeout connect {milliseconds(timeouts.connect)}",
        f"timeout client {milliseconds(timeouts.client)}",
        f"timeout server {milliseconds(timeouts.server)}",
        f"timeout check {milliseconds(timeouts.connect)}",
        f"timeout http-request {milliseconds(min(timeouts.client, 10))}",
        f"timeout tunnel {milliseconds(timeouts.tunnel)}",
        "retries 1",
        "# A process that is replaced ends an idle connection behind its next answer, not under a request that is on its way.",
        "option idle-close-on-response",
        *(http_error(status, f"gateway of {cloud.name}: {what}") for status, what in GENERAL.items()),
    ]


def _frontend(cloud: Cloud, runtime: Runtime, files: Tls | None) -> list[str]:
    binds = [
        f'bind "${{{listener_variable(number)}-{cloud.bind or listener.host}:{listener.port}}}" id {number}'
        + bind_options(cloud, listener, files)
        for listener, number in bind_ids(cloud).items()
    ]
    often = f"gateway of {cloud.name}: %[src] sends more than {cloud.limits.source_requests} requests a second"
    return [
        "# The supervisor opens these sockets, so that they outlive HAProxy, and names them in the environment.",
        *binds,
        *hardening.frontend_lines(cloud.limits),
        *sources.connection_rules(cloud, answer(429, often, retry=sources.RATE_WINDOW)),
        *observing(runtime.records_socket),
        *upstream.stripped(),
        f"monitor-uri {HEALTH}",
        *rules(cloud),
    ]


def _bridge(cloud: Cloud, runtime: Runtime) -> list[str]:
    timeouts = cloud.timeouts
    # The bridge gives up first, so that its answer, which names the hop, is the one that arrives.
    patience = timeouts.server + timeouts.connect + 5
    return [
        f"timeout server {milliseconds(patience)}",
        *repeating(READS),
        *told_by_the_bridge(cloud.tls is not None),
        *route_cache.taught_by_python(),
        *nothing_of_the_scheme(cloud),
        *sources.told_to_python(),
        *hardening.bridge_lines(cloud.limits),
        *failures(cloud, _PYTHON, trouble="%[var(txn.bridge_trouble)]", unanswered="%[var(txn.bridge_unanswered)]", retry=1),
        f"server bridge unix@{shlex.quote(runtime.bridge_socket)} maxconn {cloud.limits.bridge}",
    ]


def _local(cloud: Cloud, endpoint: Endpoint) -> list[str]:
    path = endpoint.backends[0].path
    lines = _new_prefix(endpoint.frontend.prefix, path)
    if endpoint.service == IDENTITY:
        lines += route_cache.keystone_rules()
    if endpoint.forwarded_prefix is not None:
        lines.append(f"http-request set-header X-Forwarded-Prefix {endpoint.forwarded_prefix}")
    lines += failures(cloud, f"{endpoint.catalog_type} of {cloud.name}")
    if len(endpoint.backends) > 1:
        lines += ["# Each server is tried once.", "option redispatch 1", f"retries {len(endpoint.backends) - 1}"]
    lines += [
        f"option httpchk GET {path}/",
        "http-check expect status 200-499",
        _checks(cloud.timeouts.check),
    ]
    return lines + [
        f"server s{number} {address.host}:{address.port}" for number, address in enumerate(endpoint.backends, start=1)
    ]


def _peers(mesh: Mesh, here: Cloud, files: Tls | None, names: bool) -> list[str]:
    """The backend of all peers: the place of each is looked up; with ``names``, some addresses must be asked for."""
    hosts = most_hosts(mesh, here.name)
    service = f"%[var(txn.endpoint),field(1,.)] of %[var(txn.cloud)] at {spot(hosts)}"
    seconds = max(1, round(here.timeouts.check))
    # A connection is tried twice.
    trial = seconds + math.ceil(2 * here.timeouts.connect)
    down = f"gateway of {here.name}: {service} cannot be reached"
    astray = f"gateway of {here.name}: {service} {ASTRAY}"
    return [
        upstream.ABORT,
        *hardening.final_answers(),
        *repeated(READS),
        *naming(),
        *route_cache.leaving_rules(here, mesh.sharing(here.name)),
        *leaving(here),
        *hardening.peer_request(here),
        *sources.told_to_peers(),
        *wire_version.peer_request(),
        *reaching(hosts, names, answer(503, down, retry=seconds, more=upstream.not_tried()), trial),
        *prefix_rules(here),
        *remembering(seconds),
        *wire_version.told_by_peers(),
        *peer_answers(),
        *told_by_peers(),
        *hardening.peer_lines(),
        *upstream.answer_for_python(),
        *peer_rules(mesh, here, answer(502, astray)),
        *failures(here, service),
        *servers(files),
    ]


def _checks(seconds: float) -> str:
    """Return how servers are checked: four times as often while one is down, so that it is back soon after it answers."""
    return f"default-server check inter {milliseconds(seconds)} downinter {milliseconds(seconds / 4)} fall 2 rise 1"


def _new_prefix(old: str, new: str) -> list[str]:
    """Return the rule that puts one path prefix in another's place, where they differ."""
    if old == new:
        return []
    escaped = old.replace(".", "\\.")
    if not new:
        # What is left of a path begins with a slash, even of one that was the prefix alone.
        return [f"http-request replace-path '^{escaped}/?(.*)$' '/\\1'"]
    return [f"http-request replace-path '^{escaped}(.*)$' '{new}\\1'"]
