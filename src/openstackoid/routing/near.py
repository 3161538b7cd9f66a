# SPDX-License-Identifier: Apache-2.0
"""The clouds near another: the times that count, and the plain scope of a request. Pure: measured times come in."""

import heapq
from collections.abc import Mapping
from typing import Any

from openstackoid.mesh import Mesh
from openstackoid.scope import Scope, SortedTimes, Times, resolve
from openstackoid.scope.expression_parser import LONGEST_SECONDS

MOST_TIMES = 256
"""The most clouds near one that are known: the nearest."""

LONGEST = LONGEST_SECONDS * 1000
"""The longest time in milliseconds."""


def with_plain_clouds(mesh: Mesh, at: str, scope: Scope, times: Times) -> Scope:
    """Return the completed scope of a request to the gateway of ``at``, with the clouds that are near in place of ``around``."""
    written = scope.completed(at)
    plain = resolve(written, times, mesh.offers, mesh.services)
    return Scope(plain.completed(at).entries, written=written)


def times_from(mesh: Mesh, center: str, measured: Mapping[str, float]) -> SortedTimes:
    """Return the times from ``center`` to the nearest other clouds of the mesh: written ones before measured."""
    times = {name: time for name, time in measured.items() if name in mesh.clouds} | dict(mesh.written_times.get(center, {}))
    times.pop(center, None)
    nearest = heapq.nsmallest(MOST_TIMES, times.items(), key=lambda item: (item[1], item[0]))
    return SortedTimes(dict(nearest), mesh.offers)


def read_times(rows: object) -> dict[str, float]:
    """Return the times that a gateway's page tells, without rows that cannot be true; the first :data:`MOST_TIMES` count."""
    times: dict[str, float] = {}
    for row in rows[:MOST_TIMES] if isinstance(rows, list) else ():
        found = _row(row)
        if found is not None:
            times.setdefault(*found)
    return times


def _row(row: Any) -> tuple[str, float] | None:
    if not isinstance(row, dict):
        return None
    name, time = row.get("name"), row.get("milliseconds")
    if not isinstance(name, str) or not isinstance(time, int | float) or isinstance(time, bool) or not 0 < time <= LONGEST:
        return None
    return name, float(time)
