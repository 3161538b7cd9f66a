# SPDX-License-Identifier: Apache-2.0
"""The catalog of a cloud, in Keystone's form, made from the mesh.

It replaces the catalog in a peer's token: Nova looks for Glance in its own region.
"""

from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from openstackoid.mesh.model import Cloud

CatalogEntry = Mapping[str, Any]


def catalog(cloud: Cloud, project_id: str | None) -> list[CatalogEntry]:
    """Return the catalog of ``cloud`` for a token of the project, or for a token without one.

    Form: Identity API v3, a list of ``{"type", "name", "id", "endpoints"}``. Ids are derived from names, so they do not change.
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
