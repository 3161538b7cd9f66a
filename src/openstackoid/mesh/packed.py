# SPDX-License-Identifier: Apache-2.0
"""Clouds in little room: what many have in common is kept once, and a :class:`Cloud` is made of it when somebody asks for one.

A gateway works with its own cloud and the few that requests go to. Of the other thousands it needs names, hosts and outlines.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from pydantic import BaseModel

from openstackoid.mesh.collaboration import Collaboration
from openstackoid.mesh.model import INTERFACES, Address, Cloud, DatabaseServer, Endpoint, Limits, Memory, Timeouts, Tls
from openstackoid.mesh.outline import Entry, Shape
from openstackoid.mesh.policies import policy_of
from openstackoid.mesh.policy_schema import PolicySchema
from openstackoid.mesh.schema import CloudSchema, GatewaySchema, address
from openstackoid.mesh.urls import FrontendUrl
from openstackoid.policy import ANY
from openstackoid.scope.services import official_service_type, project_name


class Part(NamedTuple):
    """An endpoint without its cloud. ``host`` is a host's place among those of the cloud; a backend is host, port and path."""

    catalog_type: str
    service: str
    name: str
    interfaces: tuple[str, ...]
    scheme: str
    host: int
    port: int
    prefix: str
    suffix: str
    backends: tuple[tuple[int, int, str], ...]
    fixed_links: bool


@dataclass(frozen=True, eq=False)
class Mould:
    """The endpoints of a cloud without its hosts: clouds of one make differ in those alone."""

    parts: tuple[Part, ...]

    @cached_property
    def shape(self) -> Shape:
        """What others see of it."""
        return Shape(
            tuple(
                Entry(
                    part.catalog_type,
                    part.service,
                    part.interfaces,
                    part.scheme,
                    part.host,
                    part.port,
                    part.prefix,
                    part.fixed_links,
                )
                for part in self.parts
            )
        )

    @cached_property
    def frontends(self) -> int:
        """How many hosts are those of frontends; they stand first."""
        return 1 + max(part.host for part in self.parts)

    @cached_property
    def hosts(self) -> int:
        """How many hosts a cloud of this make has."""
        return max(self.frontends, *(1 + backend[0] for part in self.parts for backend in part.backends), 0)

    @cached_property
    def sockets(self) -> Mapping[tuple[int, int], Part]:
        """Host and port of each socket of the gateway, and the first endpoint there."""
        found: dict[tuple[int, int], Part] = {}
        for part in self.parts:
            found.setdefault((part.host, part.port), part)
        return found

    @cached_property
    def _hash(self) -> int:
        return hash(self.parts)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Mould) and self.parts == other.parts)


class Settings(NamedTuple):
    """What a cloud says of its gateway and policy, as JSON without what is the default.

    ``clouds`` and ``services`` are those that the policy names, ``*`` and services that OpenStack knows left out.
    """

    text: str = "{}"
    clouds: tuple[str, ...] = ()
    services: tuple[str, ...] = ()


class Packed(NamedTuple):
    """A cloud but for its name. ``region`` is empty where it is that of the name."""

    region: str
    hosts: tuple[str, ...]
    mould: Mould
    settings: Settings


class Described(NamedTuple):
    """What one file says of a mesh. ``shared`` has services and groups of clouds."""

    clouds: Mapping[str, Packed]
    shared: tuple[tuple[str, tuple[str, ...]], ...] = ()
    collaborations: tuple[Collaboration, ...] = ()


class Packer:
    """Packs clouds; equal moulds and settings are one object, also with those of clouds that are known."""

    def __init__(self, known: Collection[Packed] = ()) -> None:
        self._moulds = {mould.parts: mould for mould in {packed.mould for packed in known}}
        self._settings = {packed.settings: packed.settings for packed in known}

    def pack(self, name: str, said: CloudSchema) -> Packed:
        """Return what is said of the cloud ``name``."""
        hosts: dict[str, int] = {}
        found = []
        for kind, service in said.services.items():
            official = official_service_type(kind) or kind
            called = service.name or project_name(official) or kind
            # Interfaces with the same URL and backends are one endpoint.
            places: dict[tuple[FrontendUrl, tuple[Address, ...]], list[str]] = {}
            for interface in INTERFACES:
                if interface in service.frontend:
                    backends = tuple(address(url) for url in service.backend.get(interface, ()))
                    places.setdefault((FrontendUrl.parse(service.frontend[interface]), backends), []).append(interface)
            for (url, backends), interfaces in places.items():
                host = hosts.setdefault(url.host, len(hosts))
                found.append((kind, official, called, tuple(interfaces), url, host, backends, service.links == "fixed"))
        parts = tuple(
            Part(
                *(kind, official, called, interfaces, url.scheme, host, url.port, url.prefix, url.suffix),
                tuple((hosts.setdefault(at.host, len(hosts)), at.port, at.path) for at in backends),
                fixed,
            )
            for kind, official, called, interfaces, url, host, backends, fixed in found
        )
        region = "" if said.region in (None, name) else said.region
        return Packed(region or "", tuple(hosts), self.mould(parts), self.settings(_settings_of(said)))

    def mould(self, parts: tuple[Part, ...]) -> Mould:
        """Return the one mould of these parts."""
        known = self._moulds.get(parts)
        if known is None:
            known = self._moulds[parts] = Mould(parts)
        return known

    def settings(self, settings: Settings) -> Settings:
        """Return the one object for these settings."""
        return self._settings.setdefault(settings, settings)


def unpack(name: str, packed: Packed) -> Cloud:
    """Return the cloud."""
    hosts = packed.hosts
    endpoints = tuple(
        Endpoint(
            name,
            part.catalog_type,
            part.service,
            part.name,
            part.interfaces,
            FrontendUrl(hosts[part.host], part.port, part.prefix, part.suffix, part.scheme),
            tuple(Address(hosts[host], port, path) for host, port, path in part.backends),
            part.fixed_links,
        )
        for part in packed.mould.parts
    )
    return Cloud(name, packed.region or name, endpoints, **said_by(packed.settings.text))


class _Said(BaseModel):
    gateway: GatewaySchema = GatewaySchema()
    policy: PolicySchema = PolicySchema()


def _settings_of(said: CloudSchema) -> Settings:
    if said.model_fields_set.isdisjoint(_Said.model_fields):
        return Settings()
    text = said.model_dump_json(include=set(_Said.model_fields), exclude_defaults=True)
    peers = said.policy.peers
    clouds = {*peers, *(name for peer in peers.values() for name in peer.through)}
    allowed = [peer.services for peer in peers.values()]
    allowed += [people.services for peer in peers.values() for people in peer.people if people.services is not None]
    services = {service for each in allowed for service in each if official_service_type(service) is None}
    return Settings(text, tuple(sorted(clouds - {ANY})), tuple(sorted(services - {ANY})))


def policy_said(settings: Settings) -> PolicySchema:
    """Return the policy as its operator wrote it."""
    return _Said.model_validate_json(settings.text).policy


@lru_cache(maxsize=64)
def said_by(text: str) -> Mapping[str, Any]:
    """Return the attributes of a cloud that its settings say. Raises ``ValueError`` for what no cloud can say."""
    said = _Said.model_validate_json(text)
    gateway = said.gateway
    return {
        "bind": gateway.bind,
        "timeouts": Timeouts(**gateway.timeouts.model_dump()),
        "memory": Memory(**gateway.memory.model_dump()),
        "force": gateway.force,
        "store": None if gateway.store is None else DatabaseServer(**gateway.store.model_dump()),
        "readers": gateway.readers,
        "tls": None if gateway.tls is None else Tls(**gateway.tls.model_dump()),
        "policy": policy_of(said.policy),
        "limits": Limits(**gateway.limits.model_dump() | {"exempt": tuple(gateway.limits.exempt)}),
    }
