# SPDX-License-Identifier: Apache-2.0
"""Checks of each cloud, and of all clouds of a mesh together."""

from collections.abc import Iterator, Mapping
from typing import Any

from openstackoid.mesh.endpoint import Endpoint, Listener
from openstackoid.mesh.errors import Wrong, some_of
from openstackoid.mesh.model import Cloud
from openstackoid.mesh.packed import Described, PackedCloud, policy_of_settings
from openstackoid.mesh.policies import faults
from openstackoid.mesh.urls import is_address
from openstackoid.scope.services import official_service_type

Clouds = Mapping[str, PackedCloud]


def refuse_ambiguity(cloud: Cloud) -> None:
    """Refuse a cloud in which one address names two services. Raises :class:`Wrong`."""
    prefixes: dict[object, Endpoint] = {}
    addresses: dict[int, Listener] = {}
    firsts: dict[object, Endpoint] = {}
    for endpoint in cloud.endpoints:
        listener = endpoint.listener
        path = ("clouds", cloud.name, "services", endpoint.catalog_type, "frontend", endpoint.interfaces[0])
        first = firsts.setdefault((cloud.bind or listener.host, listener.port), endpoint)
        if first.frontend.scheme != endpoint.frontend.scheme:
            raise Wrong(path, f"{first.listener} is {first.frontend.scheme} for another service; a socket is http or https")
        namesake = addresses.setdefault(listener.port, listener) if is_address(listener.host) else listener
        if cloud.bind is not None and namesake != listener:
            what = f"{namesake} and {listener} would both be {cloud.bind}:{namesake.port}"
            what += "; without 'bind' each host is its own, or give each a port, or a host name in place of the address"
            raise Wrong(("clouds", cloud.name, "gateway", "bind"), what)
        other = prefixes.setdefault((listener, endpoint.frontend.prefix), endpoint)
        if (other.service, other.backends) != (endpoint.service, endpoint.backends):
            raise Wrong(path, f"{endpoint.frontend.root()} is the frontend of {other.key} already, with another backend")


def refuse_vain_proxy_protocol(cloud: Cloud) -> None:
    """Refuse the PROXY protocol at a socket that the cloud does not have, or from no address. Raises :class:`Wrong`."""
    path, sockets = ("clouds", cloud.name, "gateway", "proxy_protocol"), [str(listener) for listener in cloud.listeners]
    for number, socket in enumerate(cloud.proxy_protocol):
        if socket not in sockets:
            raise Wrong((*path, number), f"'{socket}': a socket of the frontends is accepted: {some_of(sockets)}")
    if cloud.proxy_protocol and not cloud.trusted_proxies:
        raise Wrong(path, "no address may speak it; name the proxies that do in 'trusted_proxies'")


def all_clouds(described: Mapping[str, Described]) -> dict[str, PackedCloud]:
    """Return the clouds of all files, checked against each other.

    ``described``: the content of each file by its name. Raises :class:`Wrong`, which names the file.
    """
    clouds: dict[str, PackedCloud] = {}
    for source, content in described.items():
        if not clouds.keys().isdisjoint(content.clouds):
            name = next(name for name in content.clouds if name in clouds)
            raise Wrong(("clouds", name), f"{_source(described, name)} describes {name} already; name it once", source)
        clouds.update(content.clouds)
    try:
        _refuse_shared_sockets(clouds)
        offered = frozenset(service for layout in {packed.layout for packed in clouds.values()} for service in layout.services)
        _refuse_unknown_names(clouds, offered)
    except Wrong as wrong:
        wrong.source = _source(described, wrong.path[1])
        raise
    for source, content in described.items():
        for path, what in _wrong_rules(content, clouds, offered):
            raise Wrong(path, what, source)
    _refuse_second_times(described)
    return clouds


def _refuse_second_times(described: Mapping[str, Described]) -> None:
    pairs: set[frozenset[str]] = set()
    for source, content in described.items():
        for number, (one, other, _) in enumerate(content.round_trips):
            if frozenset((one, other)) in pairs:
                raise Wrong(("round_trips", number, "clouds"), f"{one} and {other} have a time already; write one", source)
            pairs.add(frozenset((one, other)))


def _source(described: Mapping[str, Described], name: str) -> str:
    return next(source for source, content in described.items() if name in content.clouds)


def _refuse_shared_sockets(clouds: Clouds) -> None:
    owners: dict[str, str] = {}
    shared = {
        host
        for name, packed in clouds.items()
        for host in packed.hosts[: packed.layout.frontend_hosts]
        if owners.setdefault(host, name) != name
    }
    sockets: dict[tuple[str, int], str] = {}
    for name, packed in clouds.items() if shared else ():
        for (number, port), endpoint in packed.layout.sockets.items():
            host = packed.hosts[number]
            owner = sockets.setdefault((host, port), name) if host in shared else name
            if owner != name:
                path = ("clouds", name, "services", endpoint.catalog_type, "frontend", endpoint.interfaces[0])
                raise Wrong(path, f"{Listener(host, port)} is a frontend of {owner} already; each cloud has its own")


def _refuse_unknown_names(clouds: Clouds, offered: frozenset[str]) -> None:
    """Refuse unknown clouds and services in a policy: a misspelt name would let in, or refuse, the wrong users."""
    for name, packed in clouds.items():
        settings = packed.settings
        strange = any(other == name or other not in clouds for other in settings.clouds)
        if strange or not offered.issuperset(settings.services):
            for below, what in faults(policy_of_settings(settings), name, clouds, offered):
                raise Wrong(("clouds", name, "policy", *below), what)


def _wrong_rules(content: Described, clouds: Clouds, offered: frozenset[str]) -> Iterator[tuple[tuple[Any, ...], str]]:
    for number, (service, group) in enumerate(content.shared):
        for place, name in enumerate(group):
            if name not in clouds:
                yield ("shared", number, "clouds", place), f"unknown cloud '{name}'; known: {some_of(clouds)}"
            elif service not in clouds[name].layout.services:
                yield ("shared", number, "service"), f"{name} has no service '{service}' to share"
    for number, (one, other, _) in enumerate(content.round_trips):
        for place, name in enumerate((one, other)):
            if name not in clouds:
                yield ("round_trips", number, "clouds", place), f"unknown cloud '{name}'; known: {some_of(clouds)}"
    for number, rule in enumerate(content.collaborations):
        for key, service in (("service", rule.service), ("partner", rule.partner)):
            if service not in offered and official_service_type(service) is None:
                what = f"unknown service '{service}'; a service of OpenStack, or one of this mesh, is accepted"
                yield ("collaborations", number, key), what
