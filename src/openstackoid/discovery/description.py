# SPDX-License-Identifier: Apache-2.0
"""Make a cloud's entry in a mesh description from its catalog. Pure: text in, text out."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from textwrap import dedent, indent

from openstackoid.discovery.backends import Backend, Found, Missing
from openstackoid.discovery.catalog import DiscoverError, Row
from openstackoid.discovery.gateway_settings import gateway_lines
from openstackoid.discovery.losses import Loss, warnings
from openstackoid.discovery.waits import longest
from openstackoid.mesh.description import parse_mesh
from openstackoid.mesh.document import read
from openstackoid.mesh.endpoint import INTERFACES
from openstackoid.mesh.errors import MeshError
from openstackoid.mesh.spots import mark_of
from openstackoid.mesh.urls import FrontendUrl
from openstackoid.scope.parser import CLOUD_NAME
from openstackoid.scope.services import official_service_type, project_name

_SERVICE_TYPE = re.compile(r"[a-z][a-z0-9-]*\Z")


def describe(
    name: str,
    rows: Sequence[Row],
    *,
    region: str | None = None,
    frontend: str | None = None,
    behind: Mapping[Row, Found | Missing] | None = None,
) -> str:
    """Return the mesh description of the cloud ``name`` with the catalog ``rows``: YAML with comments.

    ``region``: needed for a catalog of several. ``frontend``: None if the catalog has the gateway's frontends, and the operator
    adds the backends; otherwise the URL below which the gateway serves each service by a path prefix, and the catalog has the
    backends. ``behind``: the servers behind the URLs of ``rows``, from the configuration of an HAProxy. Raises
    :class:`DiscoverError`.
    """
    if CLOUD_NAME.match(name) is None:
        raise DiscoverError(f"--name {name}: letters, digits, '.', '_' and '-' are accepted, 64 at most")
    chosen = _in_region(name, rows, region)
    left_out = sorted({row.service_type for row in chosen if _SERVICE_TYPE.match(row.service_type) is None})
    services = _by_service(name, [row for row in chosen if row.service_type not in left_out])
    base = None if frontend is None else _base(frontend)
    lines = [*_head(name, base, behind), f"  {_scalar(name)}:"]
    if chosen[0].region not in ("", name):
        lines.append(f"    region: {_scalar(chosen[0].region)}")
    lines += gateway_lines(name, behind or {})
    inherited = (loss.comment for found in (behind or {}).values() for loss in found.losses if loss.is_inherited)
    lines += [f"    # {comment}" for comment in dict.fromkeys(inherited)]
    lines.append("    services:")
    lines += [f"      # Left out, no service type: {kind}" for kind in left_out]
    for kind, (service_name, urls) in services.items():
        lines += _service(kind, service_name)
        if base is None:
            lines += _urls("frontend", urls)
            lines += _behind(
                kind, urls, {row.interface: found for row, found in (behind or {}).items() if row.service_type == kind}
            )
        else:
            lines += _urls("frontend", _frontends(kind, urls, base)) + _urls("backend", _roots(urls))
    text = "\n".join(lines) + "\n"
    parse_mesh(text, "the description made from the catalog")
    return text


def describe_peer(name: str, rows: Sequence[Row], region: str, origin: str) -> str:
    """Return the description of a peer with these frontends. ``origin``: a comment that names their source.

    Raises :class:`DiscoverError` for frontends that a mesh cannot have.
    """
    lines = [f"# {origin}", "mesh: 1", "clouds:", f"  {_scalar(name)}:"]
    if region not in ("", name):
        lines.append(f"    region: {_scalar(region)}")
    lines.append("    services:")
    for kind, (service_name, urls) in _by_service(name, rows).items():
        lines += [*_service(kind, service_name), *_urls("frontend", urls)]
    text = "\n".join(lines) + "\n"
    parse_mesh(text, f"the description of {name}")
    return text


def _service(kind: str, name: str | None) -> list[str]:
    lines = [f"      {kind}:"]
    if name is not None and name != (project_name(official_service_type(kind) or kind) or kind):
        lines.append(f"        name: {_scalar(name)}")
    return lines


def taken_over(behind: Mapping[Row, Found | Missing]) -> list[str]:
    """Return a line for each frontend of HAProxy in whose place the gateway listens: its name, its socket and its spot."""
    frontends = {found.frontend.name: found for found in behind.values() if isinstance(found, Found)}
    return [f"{name} on {found.socket} ({found.frontend.place})" for name, found in sorted(frontends.items())]


def what_is_lost(behind: Mapping[Row, Found | Missing]) -> list[str]:
    """Return the lines for the operator's terminal about the lines of HAProxy that are not carried over."""
    lost: dict[str, list[Loss]] = {}
    for row, found in behind.items():
        lost.setdefault(row.service_type, []).extend(found.losses)
    return warnings(lost)


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


def _head(name: str, base: str | None, behind: Mapping[Row, Found | Missing] | None) -> list[str]:
    origin = f"# {name}, from its catalog by `openstackoid discover`."
    if behind:
        todo = ["# The catalog's URLs stand as frontends: there the gateway listens, in the place of these frontends of HAProxy:"]
        todo += [f"#   {line}" for line in taken_over(behind)] or ["#   none was found"]
    elif base is None:
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


def _scalar(text: str) -> str:
    """Return text as YAML reads it back: bare if possible, else quoted."""
    try:
        bare = read(f"key: {text}", "value") == {"key": text} and read(f"{text}: value", "key") == {text: "value"}
    except MeshError:
        bare = False
    return text if bare else json.dumps(text)


def _behind(kind: str, urls: Mapping[str, str], found: Mapping[str, Found | Missing]) -> list[str]:
    """Return the backends and the timeouts of a service, with comments for the operator."""
    lost = dict.fromkeys(loss.comment for behind in found.values() for loss in behind.losses if not loss.is_inherited)
    losses = [f"        # {comment}" for comment in lost]
    if not any(isinstance(behind, Found) for behind in found.values()):
        reasons = dict.fromkeys(behind.reason for behind in found.values() if isinstance(behind, Missing))
        todo = f"        # backend: http://HOST:PORT   # where {kind} itself listens, without a version"
        return [*(f"        # {reason}" for reason in reasons), *losses, todo]
    servers, notes = {}, []
    for interface, behind in found.items():
        if isinstance(behind, Missing):
            notes.append(f"{interface}: {behind.reason}")
            continue
        prefix = FrontendUrl.parse(urls[interface]).prefix
        written = [_backend(server, prefix) for server in behind.servers]
        servers[interface] = written[0] if len(written) == 1 else f"[{', '.join(written)}]"
        notes += behind.notes
    lines = [*(f"        # {note}" for note in dict.fromkeys(notes)), *losses, *_urls("backend", servers, _as_it_is)]
    if timeouts := longest(behind.timeouts for behind in found.values() if isinstance(behind, Found)):
        lines.append(f"        timeouts: {{{', '.join(f'{key}: {time}' for key, time in timeouts.items())}}}")
    return lines


def _backend(server: Backend, prefix: str) -> str:
    """Return a backend as YAML: its URL, or a mapping with its URL and the verification of its certificate."""
    url = _scalar(f"{server.url}{prefix}")
    verified = {key: value for key, value in (("authority", server.authority), ("name", server.name)) if value is not None}
    return f"{{url: {url}, {', '.join(f'{key}: {_scalar(value)}' for key, value in verified.items())}}}" if verified else url


def _as_it_is(text: str) -> str:
    return text


def _urls(key: str, urls: Mapping[str, str], written: Callable[[str], str] = _scalar) -> list[str]:
    different = set(urls.values())
    if len(different) == 1 and len(urls) == len(INTERFACES):
        return [f"        {key}: {written(different.pop())}"]
    return [
        f"        {key}:",
        *(f"          {interface}: {written(urls[interface])}" for interface in INTERFACES if interface in urls),
    ]
