# SPDX-License-Identifier: Apache-2.0
"""The state of a gateway that runs: what is down, and whether it is the gateway, a service of this cloud, or a peer."""

import asyncio
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp

from openstackoid.bridge.telemetry.page import MESH
from openstackoid.gateway.certificates import watched
from openstackoid.gateway.errors import GatewayError
from openstackoid.gateway.folder import Folder
from openstackoid.gateway.status_items import Item, State, blocked_peer, of_clouds
from openstackoid.haproxy.process import serving_pid
from openstackoid.mesh import BLOCKED, Cloud, Mesh, blocked_clouds
from openstackoid.telemetry import GATEWAY, PEER, SERVICE, remedies
from openstackoid.tls import SOON, TlsError, end_of

PATIENCE = 8.0
"""Seconds in which the Python service must tell its state. It waits for its peers, for up to five."""

TITLES = {GATEWAY: "this gateway", SERVICE: "service", PEER: "peer"}
"""The words for the owner of an item."""

FLAPPING, FLAPS = 60.0, 3
"""A part that has died so often in these seconds is down, though it runs at the moment."""

RECENT = 900.0
"""Seconds for which a death is told."""

_PARTS = {"haproxy": "HAProxy", "python": "Python service"}


@dataclass(frozen=True, slots=True)
class Status:
    """The state of the gateway of ``cloud``."""

    cloud: str
    items: tuple[Item, ...]

    @property
    def down(self) -> tuple[Item, ...]:
        """Return the items that are down, without those that another's fault has caused: the gateway's first."""
        return tuple(item for item in self.items if item.state == "down" and not item.follows)

    @property
    def at_fault(self) -> tuple[Item, ...]:
        """Return the items that are down, and then those with a warning."""
        return self.down + tuple(item for item in self.items if item.state == "warning")

    @property
    def culprits(self) -> tuple[str, ...]:
        """Return the items that are down in words; where none is, those with a warning."""
        return tuple(f"{TITLES[item.of]} ({item.name})" for item in self.down or self.at_fault)

    @property
    def word(self) -> str:
        """Return ``down``, ``not known``, ``warning`` or ``up``."""
        if self.code:
            return "down" if self.down else "not known"
        return "warning" if self.at_fault else "up"

    @property
    def code(self) -> int:
        """Return the exit code: 0 for fine, 1 for an item that is down, 2 where it is not known."""
        if self.down:
            return 1
        return 2 if any(item.state == "unknown" and item.of == GATEWAY for item in self.items) else 0

    def document(self) -> dict[str, Any]:
        """Return the status for JSON."""
        return {
            "gateway": self.cloud,
            "down": list(dict.fromkeys(item.of for item in self.down)),
            "at_fault": [{"of": item.of, "name": item.name} for item in self.at_fault],
            "code": self.code,
            "items": [asdict(item) for item in self.items],
        }


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts from which :func:`judged` tells the status of a gateway.

    ``running``: a gateway runs in the folder ``place``. ``haproxy``: it answers. ``told``: the page about the mesh, None if the
    Python service does not answer. ``supervised``: the supervisor's file. ``ends``: the end of each certificate, in seconds
    since 1970. ``blocked``: the clouds that the operator has cut off. ``broken``: why the description cannot be read, else empty.
    ``one_disk``: the store is a file beside the audit log.
    """

    place: Path
    running: bool
    haproxy: bool = False
    told: Mapping[str, Any] | None = None
    supervised: Mapping[str, Any] | None = None
    ends: tuple[tuple[str, float], ...] = ()
    blocked: frozenset[str] = frozenset()
    broken: str = ""
    one_disk: bool = False


async def status_of(folder: Folder, mesh: Mesh | None, cloud: str, broken: str = "") -> Status:
    """Return the state of the gateway of ``cloud`` in ``folder``. Raises :class:`GatewayError` where it cannot be known.

    Without a ``mesh`` the description cannot be read; ``broken`` says why.
    """
    facts = await facts_of(folder, None if mesh is None else mesh.clouds[cloud])
    return judged(cloud, replace(facts, broken=broken), time.time())


async def facts_of(folder: Folder, cloud: Cloud | None) -> Facts:
    """Ask the parts of the gateway in ``folder``, the Python service for :data:`PATIENCE` seconds at most.

    ``cloud``: its cloud, None if the description cannot be read. Raises :class:`GatewayError` where they cannot be asked.
    """
    if folder.path.exists() and not os.access(folder.path, os.R_OK | os.X_OK):
        raise GatewayError(f"--state-dir {folder.path}: its user alone can look into it")
    if folder.holder() is None:
        return Facts(folder.path, running=False)
    stats = sockets_of(folder.path) / folder.stats_socket.name
    return Facts(
        folder.path,
        running=True,
        haproxy=bool(await serving_pid(stats)),
        told=await _told(folder),
        supervised=_supervised(folder.supervised),
        ends=() if cloud is None else tuple(_ends(cloud)),
        blocked=blocked_clouds(folder.path / BLOCKED),
        one_disk=cloud is not None and cloud.store is None,
    )


def judged(cloud: str, facts: Facts, now: float) -> Status:
    """Return the status that these facts mean at the time ``now``, in seconds since 1970."""
    if not facts.running:
        absent = Item(GATEWAY, "gateway", "down", f"no gateway runs in {facts.place}", remedies.NO_GATEWAY)
        return Status(cloud, (_with_remedy(cloud, absent),))
    deaths: Mapping[str, list[float]] = (facts.supervised or {}).get("deaths", {})
    parts = {"haproxy": facts.haproxy, "python": facts.told is not None}
    items = [*_parts(parts, deaths, now), *_description(facts), *_certificates(facts.ends, now)]
    if facts.told is None:
        items += map(blocked_peer, sorted(facts.blocked))
    else:
        items += [*_of_store_and_audit(facts.told, one_disk=facts.one_disk), *of_clouds(facts.told, facts.blocked)]
    return Status(cloud, tuple(_with_remedy(cloud, item) for item in items))


def _with_remedy(cloud: str, item: Item) -> Item:
    return replace(item, todo=item.todo.format(cloud=cloud, name=item.name))


def sockets_of(folder: Path) -> Path:
    """Return the folder of the sockets: a short one where the path of the other is too long."""
    note = folder / "sockets"
    return Path(note.read_text(encoding="utf-8")) if note.is_file() else folder


async def page_of(folder: Folder, path: str, patience: float) -> tuple[int, Any]:
    """Return the answer of the Python service on its own socket: status and document. It has ``patience`` seconds.

    Raises ``OSError``, ``TimeoutError``, ``ValueError`` or aiohttp's ``ClientError`` if it does not answer.
    """
    connector = aiohttp.UnixConnector(path=str(sockets_of(folder.path) / folder.metrics_socket.name))
    session = aiohttp.ClientSession(connector=connector)
    async with asyncio.timeout(patience), session, session.get(f"http://gateway{path}") as answer:
        return answer.status, json.loads(await answer.read())


async def _told(folder: Folder) -> dict[str, Any] | None:
    """Return the page about the mesh, or None if the Python service does not answer."""
    with suppress(aiohttp.ClientError, OSError, TimeoutError, ValueError):
        status, told = await page_of(folder, MESH, PATIENCE)
        return dict(told) if status == 200 else None
    return None


def _supervised(path: Path) -> dict[str, Any] | None:
    with suppress(OSError, ValueError):
        return dict(json.loads(path.read_text(encoding="utf-8")))
    return None


def _ends(cloud: Cloud) -> Iterator[tuple[str, float]]:
    for path in watched(cloud):
        with suppress(TlsError):
            yield str(path), end_of(path).timestamp()


def _parts(answering: Mapping[str, bool], deaths: Mapping[str, list[float]], now: float) -> Iterator[Item]:
    for part, answers in answering.items():
        recent = [died for died in deaths.get(part, ()) if died > now - RECENT]
        lately = sum(died > now - FLAPPING for died in recent)
        if lately >= FLAPS:
            yield Item(GATEWAY, _PARTS[part], "down", f"it has died {lately} times in {FLAPPING:g} s", remedies.PART_FLAPS)
        elif not answers:
            yield Item(GATEWAY, _PARTS[part], "down", "it does not answer", remedies.PART_DOWN)
        elif recent:
            detail = f"deaths in {RECENT / 60:g} minutes: {len(recent)}, the last {max(0, now - recent[-1]):.0f} s ago"
            yield Item(GATEWAY, _PARTS[part], "warning", detail, remedies.PART_DIED)
        else:
            yield Item(GATEWAY, _PARTS[part], "up")


def _description(facts: Facts) -> Iterator[Item]:
    fault = facts.broken or (facts.supervised or {}).get("reload", {}).get("fault")
    if fault:
        yield Item(GATEWAY, "description", "down", f"an earlier one runs: {fault}", remedies.DESCRIPTION_BROKEN)
    elif facts.supervised is not None:
        yield Item(GATEWAY, "description", "up")


def _certificates(ends: Iterable[tuple[str, float]], now: float) -> Iterator[Item]:
    for path, end in ends:
        left = end - now
        if left < SOON:
            state: State = "down" if left < 0 else "warning"
            detail = "has ended" if left < 0 else f"ends in {int(left // 86400)} days"
            yield Item(GATEWAY, f"certificate {path}", state, detail, remedies.CERTIFICATE_ENDS)


def _of_store_and_audit(told: Mapping[str, Any], *, one_disk: bool) -> Iterator[Item]:
    audit = told["audit"]
    detail = {"low": "the disk has no space for its reserve", "down": "it cannot be written"}.get(audit.get("state"), "")
    if told["store"] == "down" and detail and one_disk:
        yield Item(GATEWAY, "store", "down", "it is on the disk of the audit log", remedies.AUDIT_DISK, "audit log")
    else:
        yield Item(GATEWAY, "store", told["store"], todo=remedies.STORE_DOWN if told["store"] == "down" else "")
    yield Item(GATEWAY, "audit log", "down" if detail else "up", detail, remedies.AUDIT_DISK if detail else "")
    if lost := sum(audit.get("lost", {}).values()):
        yield Item(GATEWAY, "audit lines", "warning", f"{lost} are missing since {audit['since']}", remedies.AUDIT_LOST)
