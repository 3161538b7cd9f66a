# SPDX-License-Identifier: Apache-2.0
"""Compact cloud storage: shared layouts and settings are stored once; a :class:`Cloud` is unpacked on first use."""

from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from pydantic import BaseModel

from openstackoid.mesh.collaboration import Collaboration
from openstackoid.mesh.endpoint import INTERFACES, Address, EndpointLayout
from openstackoid.mesh.layout import Layout, numbered
from openstackoid.mesh.model import Cloud
from openstackoid.mesh.policies import policy_of
from openstackoid.mesh.policy_schema import PolicySchema
from openstackoid.mesh.schema import CloudSchema, ServiceSchema
from openstackoid.mesh.settings import GatewaySettings
from openstackoid.mesh.urls import FrontendUrl
from openstackoid.policy import ANY
from openstackoid.scope.services import official_service_type, project_name

Services = Mapping[str, ServiceSchema]


class PackedSettings(NamedTuple):
    """Settings of a cloud's gateway and its policy, as JSON without the defaults.

    ``clouds`` and ``services``: the names in the policy, without ``*`` and OpenStack's services.
    """

    text: str = "{}"
    clouds: tuple[str, ...] = ()
    services: tuple[str, ...] = ()


class PackedCloud(NamedTuple):
    """A cloud without its name. ``region``: empty for the cloud's own name; ``hosts``: by their numbers in the layout."""

    region: str
    hosts: tuple[str, ...]
    layout: Layout
    settings: PackedSettings


class Described(NamedTuple):
    """The content of one file of a description. ``shared``: services and groups of clouds; ``round_trips``: pairs of them."""

    clouds: Mapping[str, PackedCloud]
    shared: tuple[tuple[str, tuple[str, ...]], ...] = ()
    collaborations: tuple[Collaboration, ...] = ()
    round_trips: tuple[tuple[str, str, float], ...] = ()


class Packer:
    """Packs clouds; equal layouts and settings are one object, also with those of ``known`` clouds."""

    def __init__(self, known: Collection[PackedCloud] = ()) -> None:
        self._layouts = {layout: layout for layout in {packed.layout for packed in known}}
        self._settings = {packed.settings: packed.settings for packed in known}
        self._seen: dict[object, Layout] = {}

    def pack(self, name: str, described: CloudSchema) -> PackedCloud:
        """Return the cloud ``name``."""
        services = described.services
        hosts = {host: number for number, host in enumerate(dict.fromkeys(_hosts(services)))}
        # No object for each endpoint: of thousands of clouds, few have a new layout.
        likeness = tuple(_likeness(services, hosts))
        layout = self._seen.get(likeness)
        if layout is None:
            layout, _ = numbered(_endpoints(services))
            layout = self._seen[likeness] = self._layouts.setdefault(layout, layout)
        settings = _settings_of(described)
        region = "" if described.region in (None, name) else described.region
        return PackedCloud(region or "", tuple(hosts), layout, self._settings.setdefault(settings, settings))


def _hosts(services: Services) -> Iterator[str]:
    for service in services.values():
        for url in service.frontend.values():
            yield url.host
    for service in services.values():
        for addresses in service.backend.values():
            for address in addresses:
                yield address.host


def _likeness(services: Services, hosts: Mapping[str, int]) -> Iterator[object]:
    """Yield all parts of a layout."""
    for kind, service in services.items():
        yield kind, service.name, service.links, service.timeouts
        for interface, url in service.frontend.items():
            yield interface, hosts[url.host], url.port, url.prefix, url.suffix, url.scheme
        for interface, addresses in service.backend.items():
            yield interface, tuple((hosts[address.host], address.port, address.path, address.scheme) for address in addresses)
            yield from ((address.authority, address.name) for address in addresses if address.secure)


def _endpoints(services: Services) -> Iterator[EndpointLayout[str]]:
    for kind, service in services.items():
        official = official_service_type(kind) or kind
        name = service.name or project_name(official) or kind
        # Interfaces with the same URL and backends are one endpoint.
        alike: dict[tuple[FrontendUrl[str], tuple[Address[str], ...]], list[str]] = {}
        for interface in INTERFACES:
            if interface in service.frontend:
                backends = tuple(service.backend.get(interface, ()))
                alike.setdefault((service.frontend[interface], backends), []).append(interface)
        for (url, backends), interfaces in alike.items():
            yield EndpointLayout(
                kind, official, name, tuple(interfaces), url, backends, service.links == "fixed", service.timeouts
            )


def unpack(name: str, packed: PackedCloud) -> Cloud:
    """Return the cloud."""
    endpoints = packed.layout.endpoints_of(name, packed.hosts)
    return Cloud(name=name, region=packed.region or name, endpoints=endpoints, **unpacked_settings(packed.settings.text))


class _OwnSettings(BaseModel):
    """Keys that concern a cloud's own gateway alone."""

    gateway: GatewaySettings = GatewaySettings()
    policy: PolicySchema = PolicySchema()


def _settings_of(described: CloudSchema) -> PackedSettings:
    if described.model_fields_set.isdisjoint(_OwnSettings.model_fields):
        return PackedSettings()
    text = described.model_dump_json(include=set(_OwnSettings.model_fields), exclude_defaults=True)
    peers, delegation = described.policy.peers, described.policy.delegation
    clouds = {*peers, *delegation, *(name for peer in peers.values() for name in peer.through)}
    allowed = [peer.services for peer in peers.values()]
    allowed += [people.services for peer in peers.values() for people in peer.people if people.services is not None]
    allowed += [services for entry in delegation.values() for services in (entry.users, entry.services)]
    services = {service for each in allowed for service in each if official_service_type(service) is None}
    return PackedSettings(text, tuple(sorted(clouds - {ANY})), tuple(sorted(services - {ANY})))


def policy_of_settings(settings: PackedSettings) -> PolicySchema:
    """Return the policy as its operator wrote it."""
    return _OwnSettings.model_validate_json(settings.text).policy


@lru_cache(maxsize=64)
def unpacked_settings(text: str) -> Mapping[str, Any]:
    """Return the attributes of a cloud from its settings. Raises ``ValueError`` for invalid settings."""
    own = _OwnSettings.model_validate_json(text)
    return {**vars(own.gateway), "policy": policy_of(own.policy)}
