# SPDX-License-Identifier: Apache-2.0
"""The health of clouds and services: of this cloud by HAProxy's checks, of a peer by its gateway's answers."""

import asyncio
import csv
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from openstackoid.bridge.binding.delegated_uses import DelegatedUses
from openstackoid.bridge.log import LOG
from openstackoid.bridge.pages.runtime_api import RuntimeApi, RuntimeApiError
from openstackoid.mesh import Cloud, Endpoint, Mesh
from openstackoid.routing.backend_names import local_backend

UP, DOWN, PARTLY, UNKNOWN = "up", "down", "partly", "unknown"

FRESH = 1.0
"""Seconds for which an answer of HAProxy is cached: any client may cause it."""

_SERVERS = "show stat -1 4 -1"
_SERVING = ("UP", "NOLB", "DRAIN")
_UNCHECKED = ("", "UNK", "INI")

States = Mapping[str, str]
"""The health of HAProxy's backends, by name."""


class Health:
    """Asks HAProxy for the state of its servers. Without a control socket, all states are unknown.

    ``audit`` returns the state of the audit log,
    ``keys`` whether the cloud's gateways have the same ones. ``delegated`` counts uses of tokens of this cloud by peers.
    """

    def __init__(
        self,
        api: RuntimeApi | None = None,
        audit: Callable[[], Mapping[str, Any]] = dict,
        keys: Callable[[], str] = str,
        delegated: DelegatedUses | None = None,
    ) -> None:
        self._api = api
        self.audit = audit
        self.keys = keys
        self.delegated = DelegatedUses() if delegated is None else delegated
        self._lock = asyncio.Lock()
        self._table = ""
        self._until = 0.0

    async def states(self) -> States:
        """Return the health of each backend; unknown ones are missing."""
        return states(await self._servers())

    async def seconds(self, cloud: Cloud) -> dict[str, float]:
        """Return the time of HAProxy's last check of each service of ``cloud``, at its public endpoint."""
        found = check_seconds(await self._servers())
        backends = {service: local_backend(endpoint) for service, endpoint in _reached(cloud).items() if endpoint is not None}
        return {service: found[backend] for service, backend in backends.items() if backend in found}

    async def _servers(self) -> str:
        """Return HAProxy's table of servers, at most a second old; empty where it is not known."""
        if self._api is None:
            return ""
        async with self._lock:
            if time.monotonic() >= self._until:
                try:
                    self._table = await self._api.command(_SERVERS)
                except RuntimeApiError as error:
                    LOG.warning("the health of services is not known: %s", error)
                    self._table = ""
                self._until = time.monotonic() + FRESH
            return self._table


def states(answer: str) -> dict[str, str]:
    """Return the health of each backend in HAProxy's table of servers: up if one of its servers is."""
    found: dict[str, str] = {}
    for backend, state, row in _rows(answer):
        health = DOWN
        if state == "no check":
            health = UNKNOWN
        elif state.startswith(_SERVING):
            # HAProxy counts a server as up until it has checked it.
            health = UNKNOWN if (row.get("check_status") or "").lstrip("* ") in _UNCHECKED else UP
        ranks = (DOWN, UNKNOWN, UP)
        found[backend] = max(found.get(backend, health), health, key=ranks.index)
    return found


def check_seconds(answer: str) -> dict[str, float]:
    """Return the longest time of the last checks of each backend's servers in HAProxy's table."""
    found: dict[str, float] = {}
    for backend, _, row in _rows(answer):
        milliseconds = row.get("check_duration") or ""
        if milliseconds.isdecimal():
            found[backend] = max(found.get(backend, 0.0), int(milliseconds) / 1000)
    return found


def _rows(answer: str) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    """Yield the backend and state of each server in HAProxy's table, with all columns."""
    for row in csv.DictReader(answer.lstrip("# ").splitlines()):
        backend, state = row.get("pxname"), row.get("status")
        if backend and state and row.get("svname") not in ("FRONTEND", "BACKEND"):
            yield backend, state, row


def mesh_page(mesh: Mesh, at: str, found: States, peers: States) -> dict[str, Any]:
    """Return the page about the mesh: its clouds and services, the gateway's own cloud first.

    ``found``: the health of HAProxy's backends; ``peers``: of other clouds' gateways, by the cloud's name.
    """
    page = [_page_of(at, True, _at_home(mesh, at, found))]
    for name in sorted(name for name in mesh.clouds if name != at):
        health = peers.get(name, UNKNOWN)
        page.append(_page_of(name, False, dict.fromkeys(sorted(mesh.frontends[name].layout.services), health)))
    return {"gateway": at, "clouds": page}


def _at_home(mesh: Mesh, at: str, found: States) -> dict[str, str]:
    return {
        service: UNKNOWN if endpoint is None else found.get(local_backend(endpoint), UNKNOWN)
        for service, endpoint in _reached(mesh.clouds[at]).items()
    }


def _reached(cloud: Cloud) -> dict[str, Endpoint | None]:
    """Return the endpoint of each service that users reach."""
    return {service: cloud.endpoint(service, "public") for service in sorted(cloud.services)}


def _page_of(name: str, home: bool, services: States) -> dict[str, Any]:
    listed = [{"type": service, "health": health} for service, health in services.items()]
    return {"name": name, "home": home, "health": _together(services.values()), "services": listed}


def _together(healths: Iterable[str]) -> str:
    """Return the health of a cloud: up if all of its services are, down if none is, else partly."""
    kinds = set(healths)
    if kinds == {UP}:
        return UP
    if UP in kinds:
        return PARTLY
    return DOWN if kinds == {DOWN} else UNKNOWN
