# SPDX-License-Identifier: Apache-2.0
"""The backends of this cloud's services: one for its own users, and one for guests that HAProxy admits."""

from collections.abc import Iterator

from openstackoid.haproxy import delegated_downloads, guests, otherwise, route_cache, sources
from openstackoid.haproxy.answers import LOCAL, local_rules
from openstackoid.haproxy.egress import told_by_services
from openstackoid.haproxy.error_answers import failures, milliseconds
from openstackoid.haproxy.hardening import service_request
from openstackoid.haproxy.tls import Copies, backend_options, scheme_for_services
from openstackoid.haproxy.trace import timed_token_answers
from openstackoid.haproxy.turns import may_turn
from openstackoid.mesh import Cloud, Endpoint, Mesh
from openstackoid.routing import IDENTITY
from openstackoid.routing.backend_names import delegated_backend, guests_backend, local_backend, turn_backend
from openstackoid.routing.delegated_downloads import delegates_downloads, image_endpoints

Section = tuple[str, list[str]]
"""The title of a section, and its lines."""


def service_sections(mesh: Mesh, here: Cloud, base: str, copies: Copies) -> list[Section]:
    """Return the sections of the services of ``here``, with defaults from the section ``base``.

    ``copies``: the places of the files of authorities.
    """
    shared = [*service_request(), *scheme_for_services(here), *sources.told_to_services()]
    sections = [
        (f"defaults {LOCAL} from {base}", [*shared, *told_by_services(), *local_rules(mesh, here)]),
        *((f"backend {local_backend(endpoint)} from {LOCAL}", _local(here, endpoint, copies)) for endpoint in here.endpoints),
    ]
    if may_turn(here):
        # Keystone is one.
        endpoints = [endpoint for endpoint in here.endpoints if endpoint.service != IDENTITY]
        rules = [
            *sources.told_to_services(),
            *route_cache.scoped_rules(),
            *told_by_services(),
            *otherwise.answer_rules(),
        ]
        sections.append((f"defaults {otherwise.DEFAULTS} from {base}", rules))
        sections += [(f"backend {turn_backend(each)} from {otherwise.DEFAULTS}", _turn(here, each, copies)) for each in endpoints]
    if delegates_downloads(here):
        base_of_downloads = delegated_downloads.DEFAULTS
        sections.append((f"defaults {base_of_downloads} from {base}", delegated_downloads.section_lines(here)))
        sections += [
            (f"backend {delegated_backend(each)} from {base_of_downloads}", _download(here, each, copies))
            for each in image_endpoints(here)
        ]
    if not guests.admits(here):
        return sections
    answers = [*told_by_services(), *guests.answer_rules(here), *local_rules(mesh, here)]
    # A policy can name no requests to Keystone.
    endpoints = [endpoint for endpoint in here.endpoints if endpoint.service != IDENTITY]
    return [
        *sections,
        (f"defaults {guests.GUESTS} from {base}", [*shared, *route_cache.guest_rules(), *guests.request_rules(), *answers]),
        *((f"backend {guests_backend(endpoint)} from {guests.GUESTS}", _guest(here, endpoint, copies)) for endpoint in endpoints),
        (f"backend {guests.COUNTS} from {base}", guests.counts(here)),
    ]


def _guest(cloud: Cloud, endpoint: Endpoint, copies: Copies) -> list[str]:
    """Return the backend that sends guests to the servers of :func:`_local`, whose checks count for it, too."""
    return [*guests.project_rules(endpoint), *_to_service(cloud, endpoint), *_tracking(endpoint, copies)]


def _download(cloud: Cloud, endpoint: Endpoint, copies: Copies) -> list[str]:
    """Return the backend by which peers read images at the same servers in the name of users here."""
    return [*_to_service(cloud, endpoint), *_tracking(endpoint, copies)]


def _turn(cloud: Cloud, endpoint: Endpoint, copies: Copies) -> list[str]:
    """Return the backend that has the first turn of several clouds at the same servers."""
    return [
        *_to_service(cloud, endpoint),
        *otherwise.first_turn(cloud, endpoint),
        *_each_once(endpoint),
        *_tracking(endpoint, copies),
    ]


def _tracking(endpoint: Endpoint, copies: Copies) -> list[str]:
    return [f"{server} track {local_backend(endpoint)}/s{number}" for number, server in _servers(endpoint, copies)]


def _each_once(endpoint: Endpoint) -> list[str]:
    if len(endpoint.backends) == 1:
        return []
    return ["# Each server is tried once.", "option redispatch 1", f"retries {len(endpoint.backends) - 1}"]


def _servers(endpoint: Endpoint, copies: Copies) -> Iterator[tuple[int, str]]:
    for number, address in enumerate(endpoint.backends, start=1):
        yield number, f"server s{number} {address.host}:{address.port}{backend_options(address, copies)}"


def _to_service(cloud: Cloud, endpoint: Endpoint) -> list[str]:
    lines = _new_prefix(endpoint.frontend.prefix, endpoint.backends[0].path)
    if endpoint.forwarded_prefix is not None:
        lines.append(f"http-request set-header X-Forwarded-Prefix {endpoint.forwarded_prefix}")
    wait = cloud.timeouts_of(endpoint).server
    if endpoint.timeouts.server is not None:
        lines.append(f"timeout server {milliseconds(wait)}")
    return lines + failures(cloud, f"{endpoint.catalog_type} of {cloud.name}", patience=f"{wait:g}")


def _local(cloud: Cloud, endpoint: Endpoint, copies: Copies) -> list[str]:
    path = endpoint.backends[0].path
    lines = [
        *(timed_token_answers(endpoint.frontend.prefix) if endpoint.service == IDENTITY else ()),
        *_to_service(cloud, endpoint),
        *route_cache.local_rules(endpoint),
        *_each_once(endpoint),
        f"option httpchk GET {path}/",
        "http-check expect status 200-499",
        _checks(cloud.timeouts.check),
    ]
    return lines + [server for _, server in _servers(endpoint, copies)]


def _checks(seconds: float) -> str:
    """Return how servers are checked: four times as often while one is down, so that it is back soon after it answers."""
    return f"default-server check inter {milliseconds(seconds)} downinter {milliseconds(seconds / 4)} fall 2 rise 1"


def _new_prefix(old: str, new: str) -> list[str]:
    """Return the rule that puts one path prefix in another's place, where they differ."""
    if old == new:
        return []
    escaped = old.replace(".", "\\.")
    if not new:
        # The rest of a path begins with a slash, also after a path of the prefix alone.
        return [f"http-request replace-path '^{escaped}/?(.*)$' '/\\1'"]
    return [f"http-request replace-path '^{escaped}(.*)$' '{new}\\1'"]
