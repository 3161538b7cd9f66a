# SPDX-License-Identifier: Apache-2.0
"""Make a cloud's entry in a mesh description from its catalog. Pure: text in, text out."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import dedent, indent
from typing import Any

from openstackoid.errors import OpenstackoidError
from openstackoid.mesh.description import parse_mesh
from openstackoid.mesh.document import read
from openstackoid.mesh.endpoint import INTERFACES
from openstackoid.mesh.errors import MeshError
from openstackoid.mesh.spots import mark_of
from openstackoid.mesh.urls import FrontendUrl
from openstackoid.scope.parser import CLOUD_NAME
from openstackoid.scope.services import official_service_type, project_name

COLUMNS = ("Service Type", "Interface", "URL", "Region")
LISTING = "openstack endpoint list --format json " + " ".join(f'-c "{name}"' if " " in name else f"-c {name}" for name in COLUMNS)
PROJECT = "$(project_id)s"

_SERVICE_TYPE = re.compile(r"[a-z][a-z0-9-]*\Z")


class DiscoverError(OpenstackoidError):
    """A catalog from which no description can be made; the message names the fault."""


@dataclass(frozen=True, slots=True)
class Row:
    """One endpoint of a catalog. ``name``: the service's name, or None from a source without it."""

    service_type: str
    interface: str
    url: str
    region: str
    name: str | None = None


def rows_of_listing(text: str, source: str) -> list[Row]:
    """Return the rows of the JSON of ``openstack endpoint list``, without disabled endpoints.

    ``source`` names the text in errors. Raises :class:`DiscoverError`.
    """
    try:
        listing = json.loads(text)
    except ValueError as error:
        raise DiscoverError(f"{source}: not JSON: {error}", hint=LISTING) from None
    if not isinstance(listing, list) or not all(isinstance(entry, dict) for entry in listing):
        raise DiscoverError(f"{source}: a list of endpoints is accepted, as openstack writes it", hint=LISTING)
    rows = []
    for number, entry in enumerate(listing, start=1):
        missing = [column for column in COLUMNS if column not in entry]
        if missing:
            raise DiscoverError(f"{source}: endpoint {number} lacks the column {', '.join(missing)}", hint=LISTING)
        if entry.get("Enabled", True):
            kind, interface, url, region = (str(entry[column] or "") for column in COLUMNS)
            rows.append(Row(kind, interface, url, region, entry.get("Service Name") or None))
    return rows


def rows_of_catalog(catalog: Iterable[Mapping[str, Any]], project_id: str | None) -> list[Row]:
    """Return the rows of a token's catalog in the form of Identity API v3.

    Removes the token's own project from URLs, so that they serve every project.
    """
    return [
        Row(
            str(service["type"]),
            str(endpoint["interface"]).removesuffix("URL"),
            _for_every_project(str(endpoint["url"]), project_id),
            str(endpoint.get("region_id") or endpoint.get("region") or ""),
            service.get("name") or None,
        )
        for service in catalog
        for endpoint in service.get("endpoints", [])
    ]


def _for_every_project(url: str, project_id: str | None) -> str:
    if not project_id:
        return url
    return re.sub(rf"(?<=[/_]){re.escape(project_id)}(?=/|$)", PROJECT, url)


def describe(name: str, rows: Sequence[Row], *, region: str | None = None, frontend: str | None = None) -> str:
    """Return the mesh description of the cloud ``name`` with the catalog ``rows``: YAML with comments.

    ``region``: needed for a catalog of several. ``frontend``: None if the catalog has the gateway's frontends, and the operator
    adds the backends; otherwise the URL below which the gateway serves each service by a path prefix, and the catalog has the
    backends. Raises :class:`DiscoverError`.
    """
    if CLOUD_NAME.match(name) is None:
        raise DiscoverError(f"--name {name}: letters, digits, '.', '_' and '-' are accepted, 64 at most")
    chosen = _in_region(name, rows, region)
    left_out = sorted({row.service_type for row in chosen if _SERVICE_TYPE.match(row.service_type) is None})
    services = _by_service(name, [row for row in chosen if row.service_type not in left_out])
    base = None if frontend is None else _base(frontend)
    lines = [*_head(name, base), f"  {_scalar(name)}:"]
    if chosen[0].region not in ("", name):
        lines.append(f"    region: {_scalar(chosen[0].region)}")
    lines.append("    services:")
    lines += [f"      # Left out, no service type: {kind}" for kind in left_out]
    for kind, (service_name, urls) in services.items():
        lines.append(f"      {kind}:")
        official = official_service_type(kind) or kind
        if service_name is not None and service_name != (project_name(official) or kind):
            lines.append(f"        name: {_scalar(service_name)}")
        if base is None:
            lines += _urls("frontend", urls)
            lines.append(f"        # backend: http://HOST:PORT   # where {kind} itself listens, without a version")
        else:
            lines += _urls("frontend", _frontends(kind, urls, base)) + _urls("backend", _roots(urls))
    text = "\n".join(lines) + "\n"
    parse_mesh(text, "the description made from the catalog")
    return text


def merge(text: str, source: str, name: str, described: str) -> str:
    """Add the cloud ``name`` of ``described`` to the description ``text``; every line of it stays.

    ``source`` names the text in errors. Raises :class:`DiscoverError` if the cloud exists or lines cannot be added,
    :class:`MeshError` for a text that is not a description.
    """
    before = parse_mesh(text, source)
    if name in before.clouds:
        raise DiscoverError(f"{source}: it describes {name} already", hint="remove that entry first, or choose another --name")
    block = dedent(described[described.index("\nclouds:\n") + len("\nclouds:\n") :])
    column = mark_of(text, ("clouds", next(iter(before.clouds)))).column
    merged = f"{text.rstrip()}\n\n{indent(block, ' ' * column)}"
    try:
        after = parse_mesh(merged, source)
    except MeshError:
        after = None
    if after is None or after.clouds != {**before.clouds, name: parse_mesh(described).clouds[name]}:
        raise DiscoverError(
            f"{source}: {name} cannot be added at its end",
            hint="discover without --merge, and put the entry below 'clouds:' by hand",
        )
    return merged


def _in_region(name: str, rows: Sequence[Row], region: str | None) -> list[Row]:
    if not rows:
        raise DiscoverError(f"the catalog of {name} is empty")
    regions = sorted({row.region for row in rows})
    if region is None and len(regions) > 1:
        raise DiscoverError(f"the catalog of {name} has several regions: {', '.join(regions)}", hint="choose one with --region")
    if region is not None and region not in regions:
        raise DiscoverError(f"the catalog of {name} has no region '{region}'; it has: {', '.join(regions)}")
    return [row for row in rows if region in (None, row.region)]


def _by_service(name: str, rows: Sequence[Row]) -> dict[str, tuple[str | None, dict[str, str]]]:
    """Return name and URLs of each service type; name every wrong URL in one error."""
    services: dict[str, tuple[str | None, dict[str, str]]] = {}
    wrong = []
    for row in rows:
        where = f"{row.service_type} {row.interface}"
        urls = services.setdefault(row.service_type, (row.name, {}))[1]
        if row.interface not in INTERFACES:
            wrong.append(f"{where}: the interfaces {', '.join(INTERFACES)} are accepted")
            continue
        if urls.setdefault(row.interface, row.url) != row.url:
            wrong.append(f"{where}: two URLs, {urls[row.interface]} and {row.url}; one is accepted")
        try:
            FrontendUrl.parse(row.url)
        except ValueError as error:
            wrong.append(f"{where}: {error}")
    if wrong:
        raise DiscoverError("\n  ".join([f"the catalog of {name} has endpoints that a mesh cannot have:", *wrong]))
    if not services:
        raise DiscoverError(f"the catalog of {name} has no service that a mesh can have")
    # Keystone promises no order; with this one, two discoveries give the same text.
    return dict(sorted(services.items()))


def _base(url: str) -> str:
    try:
        parsed = FrontendUrl.parse(url)
    except ValueError as error:
        raise DiscoverError(f"--frontend {error}") from None
    if parsed.suffix:
        raise DiscoverError(f"--frontend '{url}': a URL without a version is accepted, as in http://gateway:8080")
    return parsed.root()


def _roots(urls: Mapping[str, str]) -> dict[str, str]:
    return {interface: FrontendUrl.parse(url).root() for interface, url in urls.items()}


def _frontends(kind: str, urls: Mapping[str, str], base: str) -> dict[str, str]:
    """Return a frontend for each interface: one prefix for all that share a backend, another for each further backend."""
    prefixes: dict[str, str] = {}
    frontends = {}
    for interface in sorted(urls, key=INTERFACES.index):
        parsed = FrontendUrl.parse(urls[interface])
        prefix = prefixes.setdefault(parsed.root(), f"{kind}-{interface}" if prefixes else kind)
        frontends[interface] = f"{base}/{prefix}{parsed.suffix}"
    return frontends


def _head(name: str, base: str | None) -> list[str]:
    origin = f"# {name}, from its catalog by `openstackoid discover`."
    if base is None:
        todo = [
            "# The catalog's URLs stand as frontends: there the gateway listens, in the services' place. For the cloud whose",
            "# gateway runs on this file, say in each `backend` where the service itself listens. A peer needs no backends.",
        ]
    else:
        todo = [
            "# The catalog's URLs stand as backends. Once the gateway runs, the catalog and the services' own configuration must",
            "# name the frontends in their place: openstack endpoint set --url FRONTEND ENDPOINT.",
        ]
    return [origin, *todo, "mesh: 1", "clouds:"]


def _urls(key: str, urls: Mapping[str, str]) -> list[str]:
    different = set(urls.values())
    if len(different) == 1 and len(urls) == len(INTERFACES):
        return [f"        {key}: {_scalar(different.pop())}"]
    return [
        f"        {key}:",
        *(f"          {interface}: {_scalar(urls[interface])}" for interface in INTERFACES if interface in urls),
    ]


def _scalar(text: str) -> str:
    """Return text as YAML reads it back: bare if possible, else quoted."""
    try:
        bare = read(f"key: {text}", "value") == {"key": text} and read(f"{text}: value", "key") == {text: "value"}
    except MeshError:
        bare = False
    return text if bare else json.dumps(text)
