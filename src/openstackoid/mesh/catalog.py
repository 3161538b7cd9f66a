# SPDX-License-Identifier: Apache-2.0
"""The catalog of a cloud, as Keystone would put it into a token, made from the mesh.

A token that a peer issued comes with the peer's catalog. The services here must see their own region and frontends in its place:
Nova looks for its own region's Glance and would fail on the peer's.
"""

from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from openstackoid.mesh.model import Cloud

CatalogEntry = Mapping[str, Any]


def catalog(cloud: Cloud, project_id: str | None) -> list[CatalogEntry]:
    """Return the catalog of ``cloud`` for a token of the project, or for a token without one.

    The shape is that of Identity API v3: a list of ``{"type", "name", "id", "endpoints"}``. Ids are derived from the names, so
    that they are the same in every answer.
    """
    entries: dict[str, dict[str, Any]] = {}
    for endpoint in cloud.endpoints:
        url = endpoint.frontend.for_project(project_id)
        if url is None:
            continue
        entry = entries.setdefault(
            endpoint.catalog_type,
            {
                "type": endpoint.catalog_type,
                "name": endpoint.name,
                "id": uuid5(NAMESPACE_URL, f"{cloud.name}/{endpoint.catalog_type}").hex,
                "endpoints": [],
            },
        )
        for interface in endpoint.interfaces:
            entry["endpoints"].append(
                {
                    "id": uuid5(NAMESPACE_URL, f"{cloud.name}/{endpoint.catalog_type}/{interface}").hex,
                    "interface": interface,
                    "region": cloud.region,
                    "region_id": cloud.region,
                    "url": url,
                }
            )
    return list(entries.values())
