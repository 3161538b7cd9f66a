# SPDX-License-Identifier: Apache-2.0
"""Looks at a gateway, and a console of one, without a gateway."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestClient, TestServer

from openstackoid.console.checks import Checks
from openstackoid.console.errors import ConsoleError
from openstackoid.console.history import History
from openstackoid.console.keystone import Keystone, LogIn, Person
from openstackoid.console.pages import Pages, application
from openstackoid.console.sessions import Sessions
from openstackoid.console.watch import Look, Watch
from openstackoid.gateway import Folder
from openstackoid.gateway.status import Facts, judged
from openstackoid.mesh import Descriptions, Mesh, parse_mesh

MARKUP = "<script>alert(1)</script>"
SERVICES = {
    "identity": "/identity",
    "compute": "/compute",
    "image": "/image",
    "network": "/networking",
    "block-storage": "/volume",
}


def description(policy: str = "") -> str:
    """Return a mesh of three clouds; CloudThree has images alone."""
    lines = ["mesh: 1", "clouds:"]
    for number, name in enumerate(("CloudOne", "CloudTwo"), start=1):
        lines += [f"  {name}:", "    services:"]
        for service, prefix in SERVICES.items():
            backend = f', backend: "http://10.0.{number}.20{prefix}"' if name == "CloudOne" else ""
            lines.append(f'      {service}: {{frontend: "http://10.0.{number}.10{prefix}"{backend}}}')
        if name == "CloudTwo" and policy:
            lines.append(f"    policy: {policy}")
    lines += ["  CloudThree:", "    services:", '      image: {frontend: "http://10.0.3.10/image"}']
    return "\n".join(lines) + "\n"


def mesh(policy: str = "") -> Mesh:
    """Return that mesh."""
    return parse_mesh(description(policy))


def told(peers: Mapping[str, str], services: Mapping[str, str] | None = None, **more: Any) -> dict[str, Any]:
    """Return the gateway's page about the mesh: the health of the services of CloudOne, and of its peers."""
    own = dict.fromkeys(SERVICES, "up") | dict(services or {})
    listed = [{"type": name, "health": health} for name, health in own.items()]
    clouds = [{"name": "CloudOne", "home": True, "health": "up" if set(own.values()) == {"up"} else "partly", "services": listed}]
    for name, health in peers.items():
        clouds.append({"name": name, "home": False, "health": health, "services": [{"type": "image", "health": health}]})
    return {"gateway": "CloudOne", "clouds": clouds, "store": "up", "audit": {"state": "up"}, **more}


def look(facts: Facts, now: float = 1000.0, since: History | None = None, of: Mesh | None = None) -> Look:
    """Return a look with these facts."""
    return Look(now, of or mesh(), judged("CloudOne", facts, now), facts, since=since or History())


def facts(page: Mapping[str, Any] | None, **more: Any) -> Facts:
    """Return the facts of a gateway that runs."""
    supervised = {"restarts": {}, "reload": {"fault": None}}
    return Facts(Path("/state"), **{"running": True, "haproxy": True, "told": page, "supervised": supervised, **more})


@dataclass
class Watched(Watch):
    """A watch with looks that the test gives."""

    shown: Look = field(default_factory=lambda: look(facts(told({"CloudTwo": "up", "CloudThree": "down"}))))
    distances: dict[str, float] = field(default_factory=dict)
    traces: dict[str, Any] = field(default_factory=dict)
    state: Path = Path("/nonexistent")

    def __post_init__(self) -> None:
        super().__init__(Folder(self.state), "CloudOne", Descriptions(self.state / "mesh.yaml"))

    async def look(self) -> Look:
        return self.shown

    async def times(self) -> Mapping[str, float]:
        return self.distances

    async def trace(self, request_id: str) -> Mapping[str, Any]:
        if request_id not in self.traces:
            raise ConsoleError("gateway of CloudOne: there is no record of this request id")
        return dict(self.traces[request_id])


@dataclass(frozen=True)
class Played(Keystone):
    """A Keystone that knows tokens by their users. ``silent``: it does not answer."""

    people: dict[str, Person] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)
    passwords: list[str] = field(default_factory=list)

    async def log_in(self, form: LogIn) -> tuple[str, Person]:
        if form.password != "right":
            raise ConsoleError("Keystone does not accept user, password and project")
        return f"token-of-{form.user}", await self.person(f"token-of-{form.user}")

    async def person(self, token: str) -> Person:
        found = self.people.get(token.removeprefix("token-of-"))
        if found is None:
            raise ConsoleError("Keystone does not accept the token")
        return found

    async def revoke(self, token: str) -> None:
        self.ended.append(token)


def people() -> dict[str, Person]:
    """Return an operator and a user without that role."""
    until = time.time() + 3600
    operator = Person(MARKUP, "Default", "demo", frozenset({"admin"}), until)
    return {"ops": operator, "ada": Person("ada", "Default", "demo", frozenset({"member"}), until)}


@asynccontextmanager
async def console(watched: Watched | None = None, keystone: Played | None = None) -> AsyncIterator[TestClient[Any, Any]]:
    """Serve the views over aiohttp, and give a client that keeps cookies."""
    keystone = keystone or Played("http://keystone", people=people())
    sessions = Sessions(lambda: keystone, frozenset({"admin"}))
    pages = Pages(watched or Watched(), Checks("CloudOne"), sessions)
    hosts: set[str] = set()
    server = TestServer(application(pages, hosts))  # type: ignore[arg-type]
    async with TestClient(server) as client:
        hosts.add(f"127.0.0.1:{server.port}")
        yield client


LOG_IN = {"user": "ops", "password": "right", "project": "demo"}
