# SPDX-License-Identifier: Apache-2.0
"""A bridge on a unix socket between a client and servers that speak raw HTTP, byte by byte what the test says."""

import asyncio
import functools
import json
import re
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aiohttp import web

from openstackoid.bridge.audit.audit_file import Audit
from openstackoid.bridge.audit.egress_lines import EgressLines
from openstackoid.bridge.http.app import Bridge
from openstackoid.bridge.http.server import http_server
from openstackoid.bridge.http.sockets import bind
from openstackoid.bridge.identity.authorization import Authorizer
from openstackoid.bridge.identity.token_store import TokenStore
from openstackoid.bridge.trace.records import Records
from openstackoid.bridge.upstream.upstream import Upstream
from openstackoid.bridge.workflows import Workflows
from openstackoid.mesh import Mesh, parse_mesh
from openstackoid.policy import EVERY_REQUEST, MappingRule, PeerPolicy, Policy, Roles, Services
from openstackoid.store import Database, Store
from unit.bridge.haproxy import haproxy
from unit.bridge.listening import listening
from unit.bridge.raw_messages import Answer, head, read_answer, read_body, values

Script = Callable[["Visit"], Awaitable[None]]

DESCRIPTION = """
mesh: 1
clouds:
  CloudOne:
    gateway:
      timeouts: {{connect: 0.5, server: 0.5, client: 0.5}}
    services:
      identity: {{frontend: "http://127.0.0.1:8801/identity", backend: "http://127.0.0.1:{here}/keystone"}}
      image: {{frontend: "http://127.0.0.1:8801/image", backend: ["http://127.0.0.1:{dead}", "http://127.0.0.1:{here}"]}}
      network: {{frontend: "http://127.0.0.1:8801/network", backend: "http://127.0.0.1:{dead}"}}
      compute: {{frontend: "http://127.0.0.1:8801/compute", backend: "http://127.0.0.1:{here}"}}
      dns: {{frontend: "http://127.0.0.1:8801/dns", backend: "http://127.0.0.1:{dead}"}}
      volumev3: {{frontend: "http://127.0.0.1:8801/volume/v3/$(project_id)s", backend: "http://127.0.0.1:{here}"}}
  CloudTwo:
    services:
      identity: {{frontend: "http://127.0.0.1:{there}/id"}}
      image: {{frontend: "http://127.0.0.1:{there}/image"}}
      dns: {{frontend: "http://127.0.0.1:{there}/dns"}}
      network: {{frontend: "http://127.0.0.1:{dead}/network"}}
"""

ALL = Services((("*", (EVERY_REQUEST,)),))
MEMBERS = Policy(peers=(PeerPolicy("CloudTwo", (MappingRule("members", Roles((("member", ("member",)),))),), ALL),))
"""CloudTwo's members may do here the same as local members."""

QUESTION = "GET /keystone/v3/auth/tokens?nocatalog HTTP/1.1"
"""How the bridge asks CloudOne's Keystone about a token."""
DEFAULT = {"id": "default", "name": "Default"}


def token(*roles: str, **more: Any) -> dict[str, Any]:
    """Return Keystone's answer about a token: of a member, if no roles are named."""
    named = [{"id": f"id-of-{role}", "name": role} for role in roles or ("member",)]
    user, project = ({"id": which, "name": "demo", "domain": DEFAULT} for which in ("u1", "p1"))
    return {"token": {"user": user, "project": project, "roles": named, **more}}


def with_policy(mesh: Mesh, policy: Policy) -> Mesh:
    """Return the mesh with another policy of CloudOne."""
    return replace(mesh, clouds={**mesh.clouds, "CloudOne": replace(mesh.clouds["CloudOne"], policy=policy)})


def played(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Have pytest run a test that is a coroutine, within a minute."""

    @functools.wraps(test)
    def run(*arguments: Any, **named: Any) -> None:
        async def bounded() -> None:
            async with asyncio.timeout(60):
                await test(*arguments, **named)

        asyncio.run(bounded())

    return run


@dataclass
class Visit:
    """A request that reached a server: its head as it came, and the two ends of the connection."""

    head: bytes
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    body: bytes = b""

    @property
    def line(self) -> str:
        return self.head.split(b"\r\n")[0].decode()

    def values(self, name: str) -> list[str]:
        return values(self.head, name)

    async def read_body(self) -> bytes:
        self.body = await read_body(self.head, self.reader)
        return self.body

    def send(self, *parts: bytes | str) -> None:
        for part in parts:
            self.writer.write(part.encode() if isinstance(part, str) else part)


def _is_probe(visit: Visit) -> bool:
    return re.fullmatch(r"GET (/[a-z]+)?/ HTTP/1\.1", visit.line) is not None and not visit.values("x-auth-token")


@dataclass
class Server:
    """A backend or a peer's gateway, played by its ``script``, with its visits. ``probes``: the questions whether it answers."""

    script: Script
    visits: list[Visit] = field(default_factory=list)
    probes: list[Visit] = field(default_factory=list)

    keystone: "Server | None" = None
    """Where questions about tokens go, in the place of this one."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            visit = Visit(await reader.readuntil(b"\r\n\r\n"), reader, writer)
            server = self.keystone if self.keystone is not None and visit.line == QUESTION else self
            (server.probes if _is_probe(visit) else server.visits).append(visit)
            await server.script(visit)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@dataclass
class Stage:
    """The bridge of CloudOne, its one living backend ``here``, CloudTwo's gateway ``there``, and a port where nothing listens.

    ``keystone`` is CloudOne's, as far as the bridge asks it about tokens.
    """

    socket: Path
    here: Server
    keystone: Server
    there: Server
    bridge: Bridge
    ports: dict[str, int]
    records: Records
    audit_log: Path
    store: Store

    @property
    def mesh(self) -> Mesh:
        """Return the mesh by which the next request is served."""
        return self.bridge.context.mesh

    def change(self, **parts: Any) -> None:
        """Replace parts of the context by which the next request is served."""
        self.bridge.context = replace(self.bridge.context, **parts)

    def audited(self) -> list[dict[str, Any]]:
        """Return the lines of the audit log."""
        found = self.audit_log.read_text().splitlines() if self.audit_log.exists() else []
        return [{name: value for name, value in json.loads(line).items() if name not in ("number", "digest")} for line in found]

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_unix_connection(str(self.socket))

    async def ask(self, method: str, target: str, *headers: str, body: bytes | None = None) -> "Answer":
        """Send one request on a connection of its own and return the whole answer."""
        reader, writer = await self.connect()
        try:
            writer.write(
                head(method, target, *headers, *([] if body is None else [f"Content-Length: {len(body)}"])) + (body or b"")
            )
            return await read_answer(reader, method)
        finally:
            writer.close()


def says(status: str, *headers: str, body: bytes = b"") -> Script:
    """Return a script that reads the request and answers."""

    async def script(visit: Visit) -> None:
        await visit.read_body()
        lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}"]
        visit.send("".join(f"{line}\r\n" for line in lines), "\r\n", b"" if visit.line.startswith("HEAD ") else body)

    return script


def says_json(document: Any, *headers: str, status: str = "200 OK") -> Script:
    return says(status, "Content-Type: application/json", *headers, body=json.dumps(document).encode())


async def never(visit: Visit) -> None:
    """Take the request and say nothing, until the client leaves."""
    await visit.reader.read()


ACCEPTS = says_json(token())
"""A Keystone that accepts each token as that of the same user."""


@asynccontextmanager
async def staged(
    here: Script = never,
    there: Script = never,
    policy: Policy = MEMBERS,
    keystone: Script = ACCEPTS,
    database: Database | None = None,
    patience: float = 3,
    description: str = DESCRIPTION,
) -> AsyncIterator[Stage]:
    """Set the stage; stop all of it in the end. ``policy`` and ``keystone`` are CloudOne's.

    Its store is in memory, if not in ``database``.
    """
    async with AsyncExitStack() as stack:
        servers = {"here": Server(here), "there": Server(there)}
        servers["here"].keystone = asked = Server(keystone)
        ports = {"dead": _dead_port()}
        for name, server in servers.items():
            started = await stack.enter_async_context(listening(server.serve))
            ports[name] = started.sockets[0].getsockname()[1]
        folder = stack.enter_context(TemporaryDirectory(prefix="oid-"))
        records = Records()
        audit = Audit(Path(folder, "audit.log"))
        stack.callback(audit.close)
        mesh = with_policy(parse_mesh(description.format_map(ports)), policy)
        stack.enter_context(_reading(Path(folder, "log.sock"), EgressLines("CloudOne", audit)))
        upstream = Upstream("CloudOne", await stack.enter_async_context(haproxy(mesh, Path(folder))))
        stack.push_async_callback(upstream.close)
        store = Store(database or Database.in_memory(), patience=patience)
        await store.open()
        stack.push_async_callback(store.close)
        bridge = Bridge(mesh, upstream, records=records, workflows=Workflows(store), audit=audit, tokens=TokenStore(store))
        runner = web.ServerRunner(http_server(bridge), shutdown_timeout=0.01)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        path = Path(folder, "bridge.sock")
        await web.SockSite(runner, bind(path)).start()
        log = Path(folder, "audit.log")
        yield Stage(path, servers["here"], asked, servers["there"], bridge, ports, records, log, store)


@contextmanager
def _reading(path: Path, egress: EgressLines) -> Iterator[None]:
    """Read HAProxy's log for the audit log."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(str(path))
        log.setblocking(False)
        loop.add_reader(log, lambda: egress(log.recv(65536) + b"\n"))
        try:
            yield
        finally:
            loop.remove_reader(log)


def _dead_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Clock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        # The store removes rows that have ended long ago.
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


def with_clock(stage: Stage) -> Clock:
    """Give the stage an authorizer that has asked nobody yet, and return its clock."""
    clock = Clock()
    stage.change(authorizer=Authorizer(stage.bridge.context.upstream, TokenStore(stage.store, clock), clock))
    return clock
