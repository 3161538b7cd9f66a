# SPDX-License-Identifier: Apache-2.0
"""Checks of a description against the world: names in DNS, and the catalog of the cloud."""

import asyncio
import socket
from collections.abc import Iterable, Iterator, Mapping

from openstackoid.discovery.catalog import LISTING, Row
from openstackoid.mesh import INTERFACES, Cloud, Mesh, some_of
from openstackoid.mesh.tls import is_loopback
from openstackoid.peering.way import Result
from openstackoid.scope import official_service_type
from openstackoid.telemetry import remedies

_Place = tuple[str, str]
"""A service and an interface."""


async def named(mesh: Mesh) -> list[Result]:
    """Return a result for the hosts of each cloud: whether each has an address."""
    loop = asyncio.get_running_loop()

    async def missing(host: str) -> str | None:
        try:
            await loop.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)
        except OSError:
            return host
        return None

    results = []
    for name, own in mesh.frontends.items():
        lost = [host for host in await asyncio.gather(*map(missing, own.hosts)) if host is not None]
        if lost:
            results.append(Result(False, f"{name}: {', '.join(lost)} has no address", remedies.HOST_UNKNOWN))
        else:
            results.append(Result(True, f"{name}: {', '.join(own.hosts)}: known"))
    return results


def in_catalog(cloud: Cloud, rows: Iterable[Row]) -> Iterator[Result]:
    """Yield the differences of the catalog of ``cloud`` from its description; one good result for none."""
    rows = list(rows)
    regions = {row.region for row in rows}
    if regions and not regions & {"", cloud.region}:
        text = f"the catalog has no region {cloud.region}, as the description has for {cloud.name}; it has {some_of(regions)}"
        yield Result(False, text, f"set clouds.{cloud.name}.region to the cloud's region in the catalog")
        return
    found = {(_official(row.service_type), row.interface): row.url for row in rows if row.region in ("", cloud.region)}
    described = {
        (endpoint.service, interface): endpoint.frontend.origin() + endpoint.frontend.prefix
        for endpoint in cloud.endpoints
        for interface in endpoint.interfaces
    }
    results = [*_not_as_described(found, described), *_not_in_catalog(cloud, set(found))]
    yield from results
    if all(result.good for result in results):
        yield Result(True, f"the catalog of {cloud.name} has the described endpoints")


def _not_as_described(found: Mapping[_Place, str], described: Mapping[_Place, str]) -> Iterator[Result]:
    for (service, interface), url in sorted(found.items()):
        root = described.get((service, interface))
        if root is None:
            yield Result(False, f"{service} ({interface}) of the catalog, {url}, is not described", "openstackoid discover")
        elif not _is_below(url, root):
            yield Result(
                False, f"{service} ({interface}) is {url} in the catalog, and {root} in the description", "make them the same"
            )


def _not_in_catalog(cloud: Cloud, found: set[_Place]) -> Iterator[Result]:
    """Yield a result for each service that users do not find in the catalog.

    A catalog may lack the other interfaces of a service with a public one. A frontend on loopback is for the machine itself.
    """
    missing: dict[str, list[str]] = {}
    for endpoint in cloud.endpoints:
        if (endpoint.service, "public") not in found and not is_loopback(endpoint.frontend.host):
            lost = (interface for interface in endpoint.interfaces if (endpoint.service, interface) not in found)
            missing.setdefault(endpoint.service, []).extend(lost)
    for service, interfaces in sorted(missing.items()):
        if interfaces:
            # Horizon and consoles stand in a description by any name, and in no catalog.
            known = official_service_type(service) is not None
            todo = f"compare: {LISTING}" if known else f"nothing, if it is Horizon or a console; else compare: {LISTING}"
            text = f"{service} ({', '.join(sorted(interfaces, key=INTERFACES.index))}) is described, and not in the catalog"
            yield Result(not known, text, todo)


def _official(service_type: str) -> str:
    return official_service_type(service_type) or service_type


def _is_below(url: str, root: str) -> bool:
    """Return whether a URL of a catalog is below the root of a frontend; a port of the scheme may be left out."""
    for scheme, port in (("http://", ":80"), ("https://", ":443")):
        host, slash, path = url.removeprefix(scheme).partition("/")
        if url.startswith(scheme) and ":" not in host.rpartition("]")[2]:
            url = f"{scheme}{host}{port}{slash}{path}"
    return f"{url}/".startswith(f"{root}/")
