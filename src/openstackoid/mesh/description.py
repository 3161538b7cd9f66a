# SPDX-License-Identifier: Apache-2.0
"""The mesh description: the YAML file that operators write, checked against its schema, with errors that name the spot."""

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError

from openstackoid.mesh.collaboration import Collaboration
from openstackoid.mesh.document import read, wrong_at
from openstackoid.mesh.errors import MeshError, Wrong
from openstackoid.mesh.model import INTERFACES, Address, Cloud, Endpoint, Limits, Listener, Memory, Mesh, Timeouts, Tls
from openstackoid.mesh.policies import faults, policy_of
from openstackoid.mesh.policy_schema import schema_at
from openstackoid.mesh.schema import (
    CloudSchema,
    CollaborationSchema,
    Description,
    GatewaySchema,
    LimitsSchema,
    MemorySchema,
    ServiceSchema,
    SharedSchema,
    TimeoutsSchema,
    TlsSchema,
    address,
    cloud_name,
)
from openstackoid.mesh.urls import FrontendUrl
from openstackoid.scope.services import official_service_type, project_name

Schema = TypeVar("Schema", bound=BaseModel)

_SAID = {
    "model_type": "a mapping of keys to values is accepted",
    "dict_type": "a mapping of keys to values is accepted",
    "list_type": "a list is accepted",
    "bool_type": "true or false is accepted",
    "bool_parsing": "true or false is accepted",
    "string_type": "text is accepted",
    "missing": "this key is missing",
    "too_short": "at least one entry is needed",
}
"""Plain words for what the schema's library says in its own terms."""


def load_mesh(path: Path) -> Mesh:
    """Return the mesh that the file describes. Raises :class:`MeshError`."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise MeshError(f"{path}: cannot read the mesh description: {reason}") from None
    return parse_mesh(text, str(path))


def parse_mesh(text: str, source: str = "mesh") -> Mesh:
    """Return the mesh that ``text`` describes; ``source`` names it in errors. Raises :class:`MeshError`."""
    try:
        description = _checked(Description, (), read(text, source, _described))
        return _mesh(description)
    except Wrong as wrong:
        raise wrong_at(text, source, wrong) from None


def _described(name: Any, said: Any) -> CloudSchema:
    """Return what is said of a cloud. Raises :class:`Wrong`."""
    try:
        cloud_name(name)
    except ValueError as error:
        raise Wrong(("clouds", name), str(error)) from None
    return _checked(CloudSchema, ("clouds", name), said)


def _checked(schema: type[Schema], above: tuple[Any, ...], said: Any) -> Schema:
    """Return what ``said`` is by the schema of its place, below ``above``. Raises :class:`Wrong`."""
    try:
        return schema.model_validate(said)
    except ValidationError as error:
        # A misspelt key is also a missing one; the spelling is what helps.
        first = min(error.errors(include_url=False, include_context=False), key=lambda found: found["type"] != "extra_forbidden")
        path = (*above, *(part for part in first["loc"] if not str(part).startswith("[")))
        what = _accepted(path) if first["type"] == "extra_forbidden" else _SAID.get(first["type"], first["msg"])
        raise Wrong(path, what.removeprefix("Value error, ")) from None


def _mesh(description: Description) -> Mesh:
    clouds = {name: _cloud(name, cloud) for name, cloud in description.clouds.items()}
    _refuse_ambiguity(clouds)
    for number, plane in enumerate(description.shared):
        for place, name in enumerate(plane.clouds):
            if name not in clouds:
                raise Wrong(("shared", number, "clouds", place), f"unknown cloud '{name}'; known: {', '.join(sorted(clouds))}")
            if plane.service not in clouds[name].services:
                raise Wrong(("shared", number, "service"), f"{name} has no service '{plane.service}' to share")
    offered = frozenset(service for cloud in clouds.values() for service in cloud.services)
    for number, rule in enumerate(description.collaborations):
        for key, service in (("service", rule.service), ("partner", rule.partner)):
            if service not in offered and official_service_type(service) is None:
                wrong = f"unknown service '{service}'; a service of OpenStack, or one of this mesh, is accepted"
                raise Wrong(("collaborations", number, key), wrong)
    for name, cloud in description.clouds.items():
        # A policy speaks of clouds and services that there are: a misspelt one would refuse, or let in, others than was meant.
        for below, wrong in faults(cloud.policy, name, clouds, offered):
            raise Wrong(("clouds", name, "policy", *below), wrong)
    shared = tuple((plane.service, frozenset(plane.clouds)) for plane in description.shared)
    own = tuple(_collaboration(rule) for rule in description.collaborations)
    return Mesh(clouds, builtin_collaborations() + own, shared)


@cache
def builtin_collaborations() -> tuple[Collaboration, ...]:
    """Return the rules that come with the package: ``collaborations.yaml`` beside this module."""
    data = yaml.safe_load(files("openstackoid.mesh").joinpath("collaborations.yaml").read_text(encoding="utf-8"))
    return tuple(_collaboration(rule) for rule in TypeAdapter(list[CollaborationSchema]).validate_python(data))


def _collaboration(rule: CollaborationSchema) -> Collaboration:
    requests = tuple((method, path) for method, _, path in (text.partition(" ") for text in rule.requests))
    when, unless = (tuple((place, tuple(values)) for place, values in side.items()) for side in (rule.when, rule.unless))
    return Collaboration(rule.name, rule.service, rule.partner, requests, rule.reason, when, unless)


def _accepted(path: tuple[Any, ...]) -> str:
    """Say which keys stand where an unknown one was found."""
    match path[:-1]:
        case ():
            model: type[BaseModel] = Description
        case ("clouds", _):
            model = CloudSchema
        case ("clouds", _, "gateway"):
            model = GatewaySchema
        case ("clouds", _, "gateway", "timeouts"):
            model = TimeoutsSchema
        case ("clouds", _, "gateway", "memory"):
            model = MemorySchema
        case ("clouds", _, "gateway", "tls"):
            model = TlsSchema
        case ("clouds", _, "policy", *below):
            model = schema_at(tuple(below))
        case ("clouds", _, "gateway", "limits"):
            model = LimitsSchema
        case ("collaborations", _):
            model = CollaborationSchema
        case ("shared", _):
            model = SharedSchema
        case _:
            model = ServiceSchema
    return f"unknown key; accepted: {', '.join(model.model_fields)}"


def _cloud(name: str, cloud: CloudSchema) -> Cloud:
    endpoints = tuple(endpoint for kind, service in cloud.services.items() for endpoint in _endpoints(name, kind, service))
    timeouts = Timeouts(**cloud.gateway.timeouts.model_dump())
    memory = Memory(**cloud.gateway.memory.model_dump())
    gateway = cloud.gateway
    return Cloud(
        name,
        cloud.region or name,
        endpoints,
        gateway.bind,
        timeouts,
        memory=memory,
        force=gateway.force,
        twins=tuple(gateway.twins),
        readers=gateway.readers,
        tls=None if gateway.tls is None else Tls(**gateway.tls.model_dump()),
        policy=policy_of(cloud.policy),
        limits=Limits(**gateway.limits.model_dump() | {"exempt": tuple(gateway.limits.exempt)}),
    )


def _endpoints(cloud: str, catalog_type: str, service: ServiceSchema) -> list[Endpoint]:
    """Return the endpoints of a service: interfaces with the same URL and backends are one."""
    official = official_service_type(catalog_type) or catalog_type
    by_address: dict[tuple[FrontendUrl, tuple[Address, ...]], list[str]] = {}
    for interface in INTERFACES:
        if interface in service.frontend:
            backends = tuple(address(url) for url in service.backend.get(interface, []))
            by_address.setdefault((FrontendUrl.parse(service.frontend[interface]), backends), []).append(interface)
    name = service.name or project_name(official) or catalog_type
    return [
        Endpoint(cloud, catalog_type, official, name, tuple(interfaces), frontend, backends, service.links == "fixed")
        for (frontend, backends), interfaces in by_address.items()
    ]


def _refuse_ambiguity(clouds: dict[str, Cloud]) -> None:
    """A request's address must name one cloud and one service."""
    sockets: dict[object, str] = {}
    for cloud in clouds.values():
        prefixes: dict[object, Endpoint] = {}
        ports: dict[int, Listener] = {}
        schemes: dict[Listener, str] = {}
        for endpoint in cloud.endpoints:
            listener = endpoint.listener
            path = ("clouds", cloud.name, "services", endpoint.catalog_type, "frontend", endpoint.interfaces[0])
            owner = sockets.setdefault(listener, cloud.name)
            if owner != cloud.name:
                raise Wrong(path, f"{listener} is a frontend of {owner} already; each cloud has its own")
            scheme = schemes.setdefault(listener, endpoint.frontend.scheme)
            if scheme != endpoint.frontend.scheme:
                raise Wrong(path, f"{listener} is {scheme} for another service; a socket is http or https")
            namesake = ports.setdefault(listener.port, listener)
            if cloud.bind is not None and namesake != listener:
                what = f"{namesake} and {listener} would both be {cloud.bind}:{namesake.port}"
                what += "; without 'bind' each host is its own, or give each a port"
                raise Wrong(("clouds", cloud.name, "gateway", "bind"), what)
            twin = prefixes.setdefault((listener, endpoint.frontend.prefix), endpoint)
            if (twin.service, twin.backends) != (endpoint.service, endpoint.backends):
                raise Wrong(path, f"{endpoint.frontend.root()} is the frontend of {twin.key} already, with another backend")
