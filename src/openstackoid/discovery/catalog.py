# SPDX-License-Identifier: Apache-2.0
"""The rows of a catalog, from a listing of endpoints or from a token. Pure: text in, rows out."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from openstackoid.errors import OpenstackoidError

COLUMNS = ("Service Type", "Interface", "URL", "Region")
LISTING = "openstack endpoint list --format json " + " ".join(f'-c "{name}"' if " " in name else f"-c {name}" for name in COLUMNS)
PROJECT = "$(project_id)s"


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
