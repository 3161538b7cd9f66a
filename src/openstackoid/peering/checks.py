# SPDX-License-Identifier: Apache-2.0
"""Checks of a description against the world: names in DNS, and the catalog of the cloud."""

import asyncio
import socket
from collections.abc import Iterable, Iterator

from openstackoid.discovery.catalog import LISTING, Row
from openstackoid.mesh import Cloud, Mesh
from openstackoid.peering.way import Result
from openstackoid.scope import official_service_type


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
            results.append(
                Result(False, f"{name}: {', '.join(lost)} has no address", "correct the frontend's host, or add it to DNS")
            )
        else:
            results.append(Result(True, f"{name}: {', '.join(own.hosts)}: known"))
    return results


def in_catalog(cloud: Cloud, rows: Iterable[Row]) -> Iterator[Result]:
    """Yield the differences of the catalog of ``cloud`` from its description; one good result for none."""
    found = {(_official(row.service_type), row.interface): row.url for row in rows if row.region in ("", cloud.region)}
    described = {
        (endpoint.service, interface): endpoint.frontend.origin() + endpoint.frontend.prefix
        for endpoint in cloud.endpoints
        for interface in endpoint.interfaces
    }
    same = True
    for (service, interface), url in sorted(found.items()):
        root = described.get((service, interface))
        if root is None:
            same = False
            yield Result(False, f"{service} ({interface}) of the catalog, {url}, is not described", "openstackoid discover")
        elif not _is_below(url, root):
            same = False
            yield Result(
                False, f"{service} ({interface}) is {url} in the catalog, and {root} in the description", "make them the same"
            )
    for service, interface in sorted(set(described) - set(found)):
        same = False
        yield Result(False, f"{service} ({interface}) is described, and not in the catalog", f"compare: {LISTING}")
    if same:
        yield Result(True, f"the catalog of {cloud.name} has the described endpoints")


def _official(service_type: str) -> str:
    return official_service_type(service_type) or service_type


def _is_below(url: str, root: str) -> bool:
    """Return whether a URL of a catalog is below the root of a frontend; a port of the scheme may be left out."""
    for scheme, port in (("http://", ":80"), ("https://", ":443")):
        host, slash, path = url.removeprefix(scheme).partition("/")
        if url.startswith(scheme) and ":" not in host.rpartition("]")[2]:
            url = f"{scheme}{host}{port}{slash}{path}"
    return f"{url}/".startswith(f"{root}/")
