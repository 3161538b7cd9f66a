# SPDX-License-Identifier: Apache-2.0
"""Which clouds and services are up, as HAProxy's health checks know it."""

import asyncio
import csv
import time
from collections.abc import Iterable, Mapping
from typing import Any

from openstackoid.bridge.log import LOG
from openstackoid.bridge.runtime import RuntimeApi, RuntimeApiError
from openstackoid.mesh import Cloud, Mesh
from openstackoid.routing.places import backend_of

UP, DOWN, PARTLY, UNKNOWN = "up", "down", "partly", "unknown"

FRESH = 1.0
"""Seconds for which an answer of HAProxy serves: anybody may ask for it."""

_SERVERS = "show stat -1 4 -1"
_SERVING = ("UP", "NOLB", "DRAIN")
_UNCHECKED = ("", "UNK", "INI")

States = Mapping[str, str]
"""The health of HAProxy's backends, by name."""


class Health:
    """Asks HAProxy for the state of its servers. Without a way to ask, nothing is known."""

    def __init__(self, api: RuntimeApi | None = None) -> None:
        self._api = api
        self._lock = asyncio.Lock()
        self._states: States = {}
        self._until = 0.0

    async def states(self) -> States:
        """Return the health of each backend; what cannot be learnt is not in it."""
        if self._api is None:
            return {}
        async with self._lock:
            if time.monotonic() >= self._until:
                try:
                    self._states = states(await self._api.command(_SERVERS))
                except RuntimeApiError as error:
                    LOG.warning("the health of services is not known: %s", error)
                    self._states = {}
                self._until = time.monotonic() + FRESH
            return self._states


def states(answer: str) -> dict[str, str]:
    """Return the health of each backend in HAProxy's table of servers: up if one of its servers is."""
    found: dict[str, str] = {}
    for row in csv.DictReader(answer.lstrip("# ").splitlines()):
        backend, state = row.get("pxname"), row.get("status")
        if not backend or not state or row.get("svname") in ("FRONTEND", "BACKEND"):
            continue
        health = DOWN
        if state == "no check":
            health = UNKNOWN
        elif state.startswith(_SERVING):
            # HAProxy takes a server for up until it has checked it.
            health = UNKNOWN if (row.get("check_status") or "").lstrip("* ") in _UNCHECKED else UP
        ranks = (DOWN, UNKNOWN, UP)
        found[backend] = max(found.get(backend, health), health, key=ranks.index)
    return found


def mesh_page(mesh: Mesh, at: str, found: States) -> dict[str, Any]:
    """Return the page about the mesh: its clouds and services, the gateway's own cloud first."""
    names = [at, *sorted(name for name in mesh.clouds if name != at)]
    return {"gateway": at, "clouds": [_cloud(mesh.clouds[name], at, found) for name in names]}


def _cloud(cloud: Cloud, at: str, found: States) -> dict[str, Any]:
    services = []
    for service in sorted(cloud.services):
        # The one that users reach.
        endpoint = cloud.endpoint(service, "public")
        health = UNKNOWN if endpoint is None else found.get(backend_of(at, endpoint, cloud), UNKNOWN)
        services.append({"type": service, "health": health})
    health = _together(service["health"] for service in services)
    return {"name": cloud.name, "home": cloud.name == at, "health": health, "services": services}


def _together(healths: Iterable[str]) -> str:
    """Return the health of a cloud: up if all of its services are, down if none is, else partly."""
    kinds = set(healths)
    if kinds == {UP}:
        return UP
    if UP in kinds:
        return PARTLY
    return DOWN if kinds == {DOWN} else UNKNOWN
