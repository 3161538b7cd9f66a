# SPDX-License-Identifier: Apache-2.0
"""Compile the mesh to the HAProxy configuration of a cloud's gateway."""

import math
import shlex
from dataclasses import replace

from openstackoid.errors import OpenstackoidError
from openstackoid.haproxy import (
    bound_tokens,
    delegated_downloads,
    draining,
    guests,
    hardening,
    header_names,
    listeners,
    metrics,
    otherwise,
    places,
    route_cache,
    sources,
    upstream,
    wire_version,
)
from openstackoid.haproxy.answers import kept_host, peer_answers, peer_rules
from openstackoid.haproxy.egress import LEFT_FORMAT, LOG_BY_PYTHON, LONGEST_LINE, leaving, told_by_peers, told_by_the_bridge
from openstackoid.haproxy.error_answers import GENERAL, answer, failures, http_error, milliseconds
from openstackoid.haproxy.maps import LISTENERS, NAMES, PATHS, Addresses, all_maps, has_names, listeners_map, most_hosts
from openstackoid.haproxy.peers import account, naming, prefix_rules, reaching, remembering, servers, spot
from openstackoid.haproxy.repeating import repeated, repeating
from openstackoid.haproxy.rules import rules
from openstackoid.haproxy.runtime import Runtime
from openstackoid.haproxy.services import service_sections
from openstackoid.haproxy.timeouts import peers_patience, server_rules
from openstackoid.haproxy.tls import (
    NO_COPIES,
    PEERS_LIST,
    Copies,
    bind_options,
    global_lines,
    nothing_of_the_scheme,
    peers_list,
    sender_connections,
    stranger_error,
    told_to_the_bridge,
)
from openstackoid.haproxy.trace import LOG_FORMAT, observing
from openstackoid.mesh import Cloud, Mesh, Tls, check_tls, some_of
from openstackoid.routing import READS
from openstackoid.routing.backend_names import ACCOUNT, BRIDGE, DRAIN, FRONTEND, PEER, TOKENS, UPSTREAM
from openstackoid.routing.hosts import has_named_peers
from openstackoid.routing.links import ASTRAY
from openstackoid.routing.pages import HEALTH
from openstackoid.routing.route_cache import generation, with_key

LOG_VARIABLE = "OPENSTACKOID_LOG"
"""The environment variable that holds where HAProxy's log goes, if it is not the log socket."""

_BASE = "gateway"
_REPLACED = 1800.0
"""Seconds that a replaced HAProxy may take for its requests, at least."""
_PYTHON = "the Python service behind the gateway"
LOOPBACK: Addresses = {"localhost": "127.0.0.1"}


class CompileError(OpenstackoidError):
    """The mesh lacks a value that this cloud's gateway needs."""


def compile_gateway(
    mesh: Mesh,
    cloud: str,
    runtime: Runtime,
    tls: Tls | None = None,
    addresses: Addresses = LOOPBACK,
    *,
    own_addresses: Addresses | None = None,
    copies: Copies = NO_COPIES,
    met_at: Copies = NO_COPIES,
    system_authorities: str = "",
    key: str = "",
) -> dict[str, str]:
    """Return the files of the gateway of ``cloud``, by name: ``haproxy.cfg`` and the maps beside it.

    ``tls``: the place of certificate and authority for HAProxy, if not the mesh's; ``addresses``: of host names known without
    DNS; ``own_addresses``: of the hosts of this cloud, if others are known. ``copies``: the places of further files for
    HAProxy, by their paths in the mesh. ``met_at``: the place of the certificate that users without SNI meet at an address, by
    the address; elsewhere it is the first. ``system_authorities``: the file or folder of the authorities that the system
    trusts, if a reader account logs in at a Keystone with a certificate of one of them. ``key``: the fingerprint of the key of
    bound tokens: with another one, HAProxy is another, and has kept none.

    Raises :class:`CompileError` for an unknown cloud, and for an endpoint without a backend;
    :class:`~openstackoid.mesh.MeshError` for unprotected traffic.
    """
    if cloud not in mesh.clouds:
        raise CompileError(f"the mesh has no cloud '{cloud}'; known: {some_of(mesh.clouds)}")
    here = replace(mesh.clouds[cloud], addresses=addresses if own_addresses is None else own_addresses)
    for endpoint in here.endpoints:
        if not endpoint.backends:
            spot = f"clouds.{cloud}.services.{endpoint.catalog_type}.backend"
            raise CompileError(f"{spot}: the gateway of {cloud} needs the address of the service for {endpoint.interfaces[0]}")
    check_tls(mesh, cloud)
    files = None if here.tls is None else tls or here.tls
    names = has_names(mesh, cloud, addresses)
    told = upstream.global_lines(tls=here.tls is not None or bool(system_authorities or here.secure_backends))
    sections = [
        _section(
            "global", [*_global(here, runtime), *_learning(mesh, here, key), *told, *global_lines(here), *places.global_lines()]
        ),
        _section(f"defaults {_BASE}", _defaults(here)),
        _section(f"peers {places.HANDOVER}", places.handover(shlex.quote(runtime.handover_socket))),
        _section(f"frontend {FRONTEND} from {_BASE}", _frontend(here, runtime, files, met_at)),
        _section(f"backend {BRIDGE} from {_BASE}", _bridge(here, runtime)),
        _section(f"backend {TOKENS} from {_BASE}", places.token_table()),
        *(_section(title, lines) for title, lines in service_sections(mesh, here, _BASE, copies)),
        _section(f"backend {PEER} from {_BASE}", _peers(mesh, here, files, names)),
    ]
    way_out = upstream.frontend_lines(here, runtime.upstream_socket, accounts=bool(system_authorities))
    sections.append(_section(f"frontend {UPSTREAM} from {_BASE}", [LOG_BY_PYTHON, *way_out]))
    sections.append(_section(f"frontend {DRAIN} from {_BASE}", draining.section_lines(runtime.drain_socket)))
    sections += [_section(f"{title} from {_BASE}", lines) for title, lines in otherwise.sections(here, runtime.turns_socket)]
    sections += [_section(f"{title} from {_BASE}", lines) for title, lines in metrics.section_lines(here, runtime.metrics_socket)]
    if system_authorities:
        sections.append(_section(f"backend {ACCOUNT} from {_BASE}", account(system_authorities)))
    if names:
        sections.append(_section("resolvers dns", ["parse-resolv-conf"]))
    if forgotten := delegated_downloads.forgotten(here):
        sections.append(_section("global", forgotten))
    title = f"# The gateway of {cloud}, written by `openstackoid gateway`; edits are lost.\n\n"
    tables = {**all_maps(mesh, cloud, addresses), PATHS: guests.paths_map(here), NAMES: header_names.names_map()}
    if files is not None and files.users and here.secure_listeners:
        tables[PEERS_LIST] = peers_list(here, files)
    if here.shared_sockets:
        tables[LISTENERS] = listeners_map(here)
    return {"haproxy.cfg": title + "\n".join(sections), **tables}


def listener_variable(number: int) -> str:
    """Return the name of the environment variable that holds a socket's address, if it is not the one of the description."""
    return f"OPENSTACKOID_LISTENER_{number}"


def _section(title: str, lines: list[str]) -> str:
    return f"{title}\n" + "".join(f"    {line}\n" for line in lines)


def _learning(mesh: Mesh, here: Cloud, key: str) -> list[str]:
    named = generation(mesh, here.name)
    kept = route_cache.global_lines(with_key(named, key) if key else named)
    return [*kept, *guests.global_lines(here), *delegated_downloads.global_lines(here)]


def _global(cloud: Cloud, runtime: Runtime) -> list[str]:
    return [
        "# The Python service reads this log, redacts its lines, and writes the audit log.",
        f"presetenv {LOG_VARIABLE} {shlex.quote(runtime.log_socket)}",
        f'log "${{{LOG_VARIABLE}}}" len {LONGEST_LINE} format raw local0 info',
        "default-path config",
        "# The lowest level: it shows no request that HAProxy could not read (`show errors`), which would hold its headers.",
        f"stats socket {shlex.quote(runtime.stats_socket)} mode 600 level user expose-fd listeners",
        *hardening.global_lines(),
        "# A process that was replaced finishes its requests, downloads included, for this long.",
        f"hard-stop-after {milliseconds(max(_REPLACED, cloud.drain.longest))}",
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


def _frontend(cloud: Cloud, runtime: Runtime, files: Tls | None, met_at: Copies) -> list[str]:
    binds = [
        f'bind "${{{listener_variable(number)}-{cloud.bind or listeners[0].host}:{listeners[0].port}}}" id {number}'
        + bind_options(cloud, listeners, files, met_at)
        for number, listeners in cloud.sockets.items()
    ]

    def error(status: int, message: str) -> str:
        return f"http-error {answer(status, message, retry=sources.RATE_WINDOW if status == 429 else None)}"

    return [
        "# The supervisor opens these sockets, so that they outlive HAProxy, and names them in the environment.",
        *binds,
        *hardening.frontend_lines(cloud.limits),
        *kept_host(),
        *sources.error_lines(cloud, error),
        *stranger_error(cloud, error),
        "# In the order in which HAProxy applies them.",
        *sources.connection_rules(cloud),
        *sender_connections(cloud),
        *listeners.named_connections(cloud),
        *sources.forwarded_addresses(cloud),
        f"monitor-uri {HEALTH}",
        *draining.health_lines(cloud),
        *observing(runtime.records_socket),
        *upstream.stripped(),
        *sources.forwarded_rules(cloud),
        *sources.rate_rules(cloud),
        *rules(cloud),
    ]


def _bridge(cloud: Cloud, runtime: Runtime) -> list[str]:
    timeouts = cloud.timeouts
    # The bridge gives up first, so that its answer, which names the hop, is the one that arrives.
    patience = timeouts.server + timeouts.connect + 5
    return [
        f"timeout server {milliseconds(patience)}",
        *server_rules(cloud, timeouts.connect + 5),
        *repeating(READS),
        *listeners.told_to_the_bridge(cloud),
        *told_to_the_bridge(cloud),
        *delegated_downloads.told_to_python(cloud),
        *told_by_the_bridge(cloud.tls is not None),
        *bound_tokens.taught_by_python(cloud),
        *route_cache.taught_by_python(cloud),
        *places.told_by_python(),
        *nothing_of_the_scheme(cloud),
        *sources.told_to_python(),
        *places.place_rules(cloud, lambda status, message: answer(status, message, retry=1)),
        *places.trouble(cloud),
        *failures(cloud, _PYTHON, trouble="%[var(txn.bridge_trouble)]", unanswered="%[var(txn.bridge_unanswered)]", retry=1),
        *places.servers(cloud, shlex.quote(runtime.bridge_socket)),
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
    named = has_named_peers(mesh, here.name)
    return [
        *hardening.final_answers(),
        *repeated(READS),
        *naming(),
        *server_rules(here, named=True),
        *route_cache.leaving_rules(here, mesh.sharing(here.name)),
        *leaving(here),
        *hardening.peer_request(here),
        *sources.told_to_peers(),
        *wire_version.peer_request(),
        *reaching(hosts, names, answer(503, down, retry=seconds, more=upstream.not_tried()), trial, named=named),
        *prefix_rules(here),
        *remembering(seconds),
        *wire_version.told_by_peers(),
        *peer_answers(),
        *told_by_peers(),
        *hardening.peer_lines(),
        *upstream.answer_for_python(),
        *peer_rules(mesh, here, answer(502, astray)),
        *failures(here, service, patience=peers_patience(here)),
        *servers(files),
    ]
