# SPDX-License-Identifier: Apache-2.0
"""The mesh description in YAML, checked against its schema, with errors that give line and column."""

from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter

from openstackoid.mesh.checks import all_clouds, refuse_ambiguity, refuse_vain_proxy_protocol
from openstackoid.mesh.clouds import Clouds
from openstackoid.mesh.collaboration import Collaboration
from openstackoid.mesh.document import read
from openstackoid.mesh.errors import Wrong
from openstackoid.mesh.model import Mesh
from openstackoid.mesh.packed import Described, PackedCloud, Packer, unpack
from openstackoid.mesh.policy_schema import schema_at
from openstackoid.mesh.schema import (
    BackendSchema,
    CloudSchema,
    CollaborationSchema,
    Description,
    RoundTripSchema,
    ServiceSchema,
    SharedSchema,
    cloud_name,
)
from openstackoid.mesh.settings import (
    AuditSettings,
    DatabaseServer,
    Drain,
    GatewaySettings,
    Limits,
    Memory,
    ServiceTimeouts,
    SyslogServer,
    Timeouts,
    Tls,
)
from openstackoid.mesh.spots import wrong_at
from openstackoid.mesh.urls import is_address
from openstackoid.mesh.validation import unknown_key, validated

Schema = TypeVar("Schema", bound=BaseModel)


def parse_mesh(text: str, source: str = "mesh") -> Mesh:
    """Parse the description of a mesh; ``source`` names it in errors. Raises :class:`MeshError`."""
    return mesh_of({source: Reader().described(text, source)}, lambda _: text)


def mesh_of(described: Mapping[str, Described], text_of: Callable[[str], str]) -> Mesh:
    """Return the mesh of several files, by their names.

    ``text_of`` returns the text of a file, for the line of an error. Raises :class:`MeshError`.
    """
    try:
        clouds = all_clouds(described)
    except Wrong as wrong:
        source = wrong.source or next(iter(described))
        raise wrong_at(text_of(source), source, wrong) from None
    shared = tuple((service, frozenset(group)) for content in described.values() for service, group in content.shared)
    own = tuple(rule for content in described.values() for rule in content.collaborations)
    round_trips = tuple(pair for content in described.values() for pair in content.round_trips)
    return Mesh(Clouds(clouds), builtin_collaborations() + own, shared, round_trips)


class Reader:
    """Reads files of a description. Shared layouts are kept, and checked, once."""

    def __init__(self, packer: Packer | None = None) -> None:
        self._packer = packer or Packer()
        self._sound: set[object] = set()

    def described(self, text: str, source: str) -> Described:
        """Return the content of ``text``; ``source`` names it in errors. Raises :class:`MeshError`."""
        try:
            document = _checked(Description, (), read(text, source, self._cloud))
        except Wrong as wrong:
            raise wrong_at(text, source, wrong) from None
        shared = tuple((plane.service, tuple(plane.clouds)) for plane in document.shared)
        rules = tuple(_collaboration(rule) for rule in document.collaborations)
        round_trips = tuple((pair.clouds[0], pair.clouds[1], pair.milliseconds) for pair in document.round_trips)
        return Described(document.clouds, shared, rules, round_trips)

    def _cloud(self, name: Any, entry: Any) -> PackedCloud:
        try:
            cloud_name(name)
        except ValueError as error:
            raise Wrong(("clouds", name), str(error)) from None
        checked = _checked(CloudSchema, ("clouds", name), entry)
        packed = self._packer.pack(name, checked)
        if checked.gateway.proxy_protocol:
            refuse_vain_proxy_protocol(unpack(name, packed))
        # Clouds alike in these have the same faults.
        bind = checked.gateway.bind
        sound = (packed.layout, bind, bind and tuple(map(is_address, packed.hosts)))
        if sound not in self._sound:
            refuse_ambiguity(unpack(name, packed))
            self._sound.add(sound)
        return packed


def _checked(schema: type[Schema], above: tuple[Any, ...], value: Any) -> Schema:
    """Validate ``value`` by ``schema``, at ``above``. Raises :class:`Wrong`."""
    return validated(schema, above, value, _accepted)


@cache
def builtin_collaborations() -> tuple[Collaboration, ...]:
    """Return the rules of the package: ``collaborations.yaml`` beside this module."""
    data = read(files("openstackoid.mesh").joinpath("collaborations.yaml").read_text(encoding="utf-8"), "collaborations.yaml")
    return tuple(_collaboration(rule) for rule in TypeAdapter(list[CollaborationSchema]).validate_python(data))


def _collaboration(rule: CollaborationSchema) -> Collaboration:
    requests = tuple((method, path) for method, _, path in (text.partition(" ") for text in rule.requests))
    when, unless = (tuple((place, tuple(values)) for place, values in side.items()) for side in (rule.when, rule.unless))
    return Collaboration(rule.name, rule.service, rule.partner, requests, rule.reason, when, unless)


_LISTS: Mapping[str, type] = {
    "collaborations": CollaborationSchema,
    "shared": SharedSchema,
    "round_trips": RoundTripSchema,
}

_GATEWAY_PARTS: Mapping[str, type] = {
    "timeouts": Timeouts,
    "drain": Drain,
    "memory": Memory,
    "store": DatabaseServer,
    "tls": Tls,
    "limits": Limits,
    "audit": AuditSettings,
}


def _accepted(path: tuple[Any, ...]) -> str:
    """Return the words for an unknown key at ``path``, with the accepted keys."""
    match path[:-1]:
        case ():
            place: Any = Description
        case ("clouds", _):
            place = CloudSchema
        case ("clouds", _, "gateway"):
            place = GatewaySettings
        case ("clouds", _, "gateway", part) if part in _GATEWAY_PARTS:
            place = _GATEWAY_PARTS[part]
        case ("clouds", _, "gateway", "audit", "syslog"):
            place = SyslogServer
        case ("clouds", _, "services", _, "timeouts"):
            place = ServiceTimeouts
        case ("clouds", _, "services", _, "backend", *_):
            place = BackendSchema
        case ("clouds", _, "policy", *below):
            place = schema_at(tuple(below))
        case (part, _) if part in _LISTS:
            place = _LISTS[part]
        case _:
            place = ServiceSchema
    if place is GatewaySettings and path[-1] == "twins":
        return "removed; the gateways of one cloud share a database, which 'store' names"
    return unknown_key(place)
