# SPDX-License-Identifier: Apache-2.0
"""The state of a gateway that runs: what is down, and whether it is the gateway, a service of this cloud, or a peer."""

import asyncio
import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import aiohttp

from openstackoid.bridge.telemetry.page import MESH
from openstackoid.gateway.certificates import watched
from openstackoid.gateway.errors import GatewayError
from openstackoid.gateway.folder import Folder
from openstackoid.gateway.supervised import FILE
from openstackoid.haproxy.process import serving_pid
from openstackoid.mesh import BLOCKED, Cloud, Mesh, blocked_clouds
from openstackoid.telemetry import GATEWAY, PEER, SERVICE
from openstackoid.tls import SOON, TlsError, end_of

PATIENCE = 10.0
"""Seconds in which the Python service must tell its state."""

State = Literal["up", "down", "warning", "unknown", "blocked"]


@dataclass(frozen=True, slots=True)
class Item:
    """A part of a gateway, a service or a peer, with its state. ``of``: whose part it is; ``detail``: why."""

    of: str
    name: str
    state: State
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """The state of the gateway of ``cloud``."""

    cloud: str
    items: tuple[Item, ...]

    @property
    def down(self) -> tuple[Item, ...]:
        """Return the items that are down: the gateway's first."""
        return tuple(item for item in self.items if item.state == "down")

    @property
    def code(self) -> int:
        """Return the exit code: 0 for fine, 1 for an item that is down, 2 where it is not known."""
        if self.down:
            return 1
        return 2 if any(item.state == "unknown" and item.of == GATEWAY for item in self.items) else 0

    def document(self) -> dict[str, Any]:
        """Return the status for JSON."""
        culprits = list(dict.fromkeys(item.of for item in self.down))
        return {"gateway": self.cloud, "down": culprits, "code": self.code, "items": [asdict(item) for item in self.items]}


async def status_of(folder: Folder, mesh: Mesh, cloud: str) -> Status:
    """Return the state of the gateway of ``cloud`` in ``folder``. Raises :class:`GatewayError` where it cannot be known."""
    if folder.path.exists() and not os.access(folder.path, os.R_OK | os.X_OK):
        raise GatewayError(f"--state-dir {folder.path}: its user alone can look into it")
    holder = folder.holder()
    if holder is None:
        return Status(cloud, (Item(GATEWAY, "gateway", "down", f"no gateway runs in {folder.path}"),))
    sockets = _sockets(folder.path)
    told = await _told(sockets / folder.metrics_socket.name)
    items = [
        Item(GATEWAY, "HAProxy", "up" if await serving_pid(sockets / folder.stats_socket.name) else "down"),
        Item(GATEWAY, "Python service", "down" if told is None else "up"),
        *_of_supervisor(folder.path / FILE),
        *_certificates(mesh.clouds[cloud]),
    ]
    if told is not None:
        blocked = blocked_clouds(folder.path / BLOCKED)
        items += [*_of_store_and_audit(told), *_of_clouds(told, blocked)]
    return Status(cloud, tuple(items))


def _sockets(folder: Path) -> Path:
    """Return the folder of the sockets: a short one where the path of the other is too long."""
    note = folder / "sockets"
    return Path(note.read_text(encoding="utf-8")) if note.is_file() else folder


async def _told(socket: Path) -> dict[str, Any] | None:
    """Return the page about the mesh, or None if the Python service does not answer."""
    connector = aiohttp.UnixConnector(path=str(socket))
    with suppress(aiohttp.ClientError, OSError, TimeoutError, ValueError):
        session = aiohttp.ClientSession(connector=connector)
        async with asyncio.timeout(PATIENCE), session, session.get(f"http://gateway{MESH}") as answer:
            told: dict[str, Any] = json.loads(await answer.read())
            return told if answer.status == 200 else None
    return None


def _of_supervisor(path: Path) -> Iterator[Item]:
    with suppress(OSError, ValueError):
        told = json.loads(path.read_text(encoding="utf-8"))
        fault = told["reload"]["fault"]
        yield Item(GATEWAY, "description", "down" if fault else "up", f"an earlier one runs: {fault}" if fault else "")
        for part, number in told["restarts"].items():
            if number:
                yield Item(GATEWAY, f"restarts of {part}", "warning", f"{number} since the gateway began")


def _certificates(cloud: Cloud) -> Iterator[Item]:
    for path in watched(cloud):
        with suppress(TlsError):
            left = end_of(path).timestamp() - time.time()
            if left < SOON:
                state: State = "down" if left < 0 else "warning"
                yield Item(
                    GATEWAY, f"certificate {path}", state, "has ended" if left < 0 else f"ends in {int(left // 86400)} days"
                )


def _of_store_and_audit(told: dict[str, Any]) -> Iterator[Item]:
    yield Item(GATEWAY, "store", told["store"])
    audit = told["audit"]
    states: dict[str, State] = {"up": "up", "low": "warning", "down": "down"}
    lost = sum(audit.get("lost", {}).values())
    detail = {"low": "the disk has no space for its reserve", "down": "it cannot be written"}.get(audit.get("state"), "")
    yield Item(GATEWAY, "audit log", states.get(audit.get("state", "up"), "unknown"), detail)
    if lost:
        yield Item(GATEWAY, "audit lines", "warning", f"{lost} are missing since {audit['since']}")


def _of_clouds(told: dict[str, Any], blocked: frozenset[str]) -> Iterator[Item]:
    for page in told["clouds"]:
        if page["home"]:
            yield from (Item(SERVICE, service["type"], service["health"]) for service in page["services"])
        elif page["name"] in blocked:
            yield Item(PEER, page["name"], "blocked", "by the operator")
        else:
            yield Item(PEER, page["name"], page["health"], "its gateway does not answer" if page["health"] == "down" else "")
