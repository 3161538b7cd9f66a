# SPDX-License-Identifier: Apache-2.0
"""The mesh description: the YAML file that operators write, checked against its schema, with errors that name the spot."""

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError

from openstackoid.errors import OpenstackoidError
from openstackoid.mesh.collaboration import Collaboration
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
)
from openstackoid.mesh.urls import FrontendUrl
from openstackoid.scope.services import official_service_type, project_name


class MeshError(OpenstackoidError):
    """A mesh description that cannot be used; the message names file, line, column and what is accepted."""


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
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
        _refuse_duplicates(root, source, text, {})
    except yaml.MarkedYAMLError as error:
        raise _error(source, text, error.problem_mark, f"not YAML: {error.problem}") from None
    except (yaml.YAMLError, ValueError, LookupError, AttributeError) as error:
        # That "!!bool x" is none, PyYAML says with a KeyError.
        untrue = isinstance(error, LookupError | AttributeError)
        why = "a value is not what its tag says" if untrue else str(error).splitlines()[0]
        raise MeshError(f"{source}: not YAML: {why}") from None
    except RecursionError:
        raise MeshError(f"{source}: a part of it is nested too deeply, or stands inside itself") from None
    try:
        description = Description.model_validate(data)
    except ValidationError as error:
        # A misspelt key is also a missing one; the spelling is what helps.
        first = min(error.errors(include_url=False, include_context=False), key=lambda found: found["type"] != "extra_forbidden")
        path = tuple(part for part in first["loc"] if not str(part).startswith("["))
        what = _accepted(path) if first["type"] == "extra_forbidden" else _SAID.get(first["type"], first["msg"])
        where = ".".join(str(part) for part in path) or "the document"
        raise _error(source, text, _mark(root, path), f"{where}: {what.removeprefix('Value error, ')}") from None
    clouds = {name: _cloud(name, cloud) for name, cloud in description.clouds.items()}
    _refuse_ambiguity(clouds, source, text, root)
    for number, plane in enumerate(description.shared):
        for place, name in enumerate(plane.clouds):
            if name not in clouds:
                spot: tuple[Any, ...] = ("shared", number, "clouds", place)
                wrong = f"unknown cloud '{name}'; known: {', '.join(sorted(clouds))}"
            elif plane.service not in clouds[name].services:
                spot = ("shared", number, "service")
                wrong = f"{name} has no service '{plane.service}' to share"
            else:
                continue
            raise _error(source, text, _mark(root, spot), f"{'.'.join(map(str, spot))}: {wrong}")
    offered = frozenset(service for cloud in clouds.values() for service in cloud.services)
    for number, rule in enumerate(description.collaborations):
        for key, service in (("service", rule.service), ("partner", rule.partner)):
            if service not in offered and official_service_type(service) is None:
                spot = ("collaborations", number, key)
                wrong = f"unknown service '{service}'; a service of OpenStack, or one of this mesh, is accepted"
                raise _error(source, text, _mark(root, spot), f"{'.'.join(map(str, spot))}: {wrong}")
    _refuse_policies_for_strangers(description, offered, source, text, root)
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


def _refuse_ambiguity(clouds: dict[str, Cloud], source: str, text: str, root: yaml.Node | None) -> None:
    """A request's address must name one cloud and one service."""
    sockets: dict[object, str] = {}
    for cloud in clouds.values():
        prefixes: dict[object, Endpoint] = {}
        ports: dict[int, Listener] = {}
        schemes: dict[Listener, str] = {}
        for endpoint in cloud.endpoints:
            path = ("clouds", cloud.name, "services", endpoint.catalog_type, "frontend", endpoint.interfaces[0])
            owner = sockets.setdefault(endpoint.listener, cloud.name)
            if owner != cloud.name:
                what = f"{'.'.join(path)}: {endpoint.listener} is a frontend of {owner} already; each cloud has its own"
                raise _error(source, text, _mark(root, path), what)
            scheme = schemes.setdefault(endpoint.listener, endpoint.frontend.scheme)
            if scheme != endpoint.frontend.scheme:
                what = f"{'.'.join(path)}: {endpoint.listener} is {scheme} for another service; a socket is http or https"
                raise _error(source, text, _mark(root, path), what)
            namesake = ports.setdefault(endpoint.listener.port, endpoint.listener)
            if cloud.bind is not None and namesake != endpoint.listener:
                spot = ("clouds", cloud.name, "gateway", "bind")
                what = f"{'.'.join(spot)}: {namesake} and {endpoint.listener} would both be {cloud.bind}:{namesake.port}"
                raise _error(source, text, _mark(root, spot), f"{what}; without 'bind' each host is its own, or give each a port")
            twin = prefixes.setdefault((endpoint.listener, endpoint.frontend.prefix), endpoint)
            if (twin.service, twin.backends) != (endpoint.service, endpoint.backends):
                what = f"{'.'.join(path)}: {endpoint.frontend.root()} is the frontend of {twin.key} already, with another backend"
                raise _error(source, text, _mark(root, path), what)


def _refuse_policies_for_strangers(
    description: Description, offered: frozenset[str], source: str, text: str, root: yaml.Node | None
) -> None:
    """A policy speaks of clouds and services that there are: a misspelt one would refuse, or let in, others than was meant."""
    for name, cloud in description.clouds.items():
        for below, wrong in faults(cloud.policy, name, description.clouds, offered):
            spot = ("clouds", name, "policy", *below)
            raise _error(source, text, _mark(root, spot), f"{'.'.join(map(str, spot))}: {wrong}")


def _refuse_duplicates(node: yaml.Node | None, source: str, text: str, done: dict[int, bool]) -> None:
    """YAML readers take the last of two equal keys without a word; here it is an error.

    Aliases make millions of parts of a few lines, so that each is looked at once: ``done`` says whether to its end. Raises
    ``RecursionError`` for one that stands inside itself.
    """
    if id(node) in done:
        if not done[id(node)]:
            raise RecursionError
        return
    done[id(node)] = False
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise _error(source, text, key.start_mark, f"'{key.value}' stands twice; name it once")
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else None)
            _refuse_duplicates(value, source, text, done)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_duplicates(item, source, text, done)
    done[id(node)] = True


def _mark(node: yaml.Node | None, path: tuple[Any, ...]) -> Any:
    """Return where the part that ``path`` names stands, or its nearest parent that is written down."""
    mark = None if node is None else node.start_mark
    for part in path:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if found is None:
                break
            mark, node = found[0].start_mark, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            mark = node.start_mark
        else:
            break
    if isinstance(node, yaml.ScalarNode):
        mark = node.start_mark
    return mark


def _error(source: str, text: str, mark: Any, what: str) -> MeshError:
    # A quoted text may hold escapes, which are for no terminal.
    what = "".join(character if character.isprintable() else "?" for character in what)
    if mark is None:
        return MeshError(f"{source}: {what}")
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    return MeshError(f"{source}:{mark.line + 1}:{mark.column + 1}: {what}\n  {line}\n  {' ' * mark.column}^")
