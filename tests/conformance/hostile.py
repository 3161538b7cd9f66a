# SPDX-License-Identifier: Apache-2.0
"""The gateway of one cloud among servers of raw sockets with scripted answers, and clients that send any bytes."""

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from conformance.case import newer_form
from conformance.gateway import started
from conformance.recorder import free_ports
from openstackoid.mesh import Mesh, parse_mesh

DESCRIPTION = """
mesh: 1
clouds:
  CloudOne:
    gateway:
      timeouts: {{connect: 1, server: 1.5, client: 1.5, check: 60}}
      limits: {limits}
{gateway}
    policy: {policy}
    services:
      identity: {{frontend: "http://127.0.0.1:{gate}/identity", backend: "http://127.0.0.1:{identity}/identity"}}
      image: {{frontend: "http://127.0.0.1:{gate}/image", backend: "http://127.0.0.1:{image}/image"}}
      compute:
        frontend: {{public: "http://127.0.0.1:{gate}/compute", internal: "http://127.0.0.1:{roots}/compute"}}
        backend: "http://127.0.0.1:{compute}/compute"
      block-storage: {{frontend: "http://127.0.0.1:{gate}/volume", backend: "http://127.0.0.1:{network}/volume"}}
      network: {{frontend: "http://127.0.0.1:{gate}/networking", backend: "http://127.0.0.1:{network}"}}
      object-store: {{frontend: "http://127.0.0.1:{roots}", backend: "http://127.0.0.1:{objects}"}}
  CloudTwo:                      # the same prefixes: HAProxy sends and answers alone, but for what is followed
    services:
      identity: {{frontend: "http://127.0.0.1:{two}/identity"}}
      image: {{frontend: "http://127.0.0.1:{two}/image"}}
      compute: {{frontend: "http://127.0.0.1:{two}/compute"}}
      block-storage: {{frontend: "http://127.0.0.1:{two}/volume"}}
  CloudThree:                    # other prefixes: the bridge reads its documents
    services:
      identity: {{frontend: "http://127.0.0.1:{three}/id"}}
      image: {{frontend: "http://127.0.0.1:{three}/img"}}
      compute: {{frontend: "http://127.0.0.1:{three}/cpu"}}
      block-storage: {{frontend: "http://127.0.0.1:{three}/vol"}}
"""
LOCAL = ("identity", "image", "compute", "network", "objects")
PLAIN = {
    cloud: f'X-Auth-Token: tok\r\nX-Scope: {{"*":"{cloud}","identity":"CloudOne"}}\r\n' for cloud in ("CloudTwo", "CloudThree")
}
ODD = {
    cloud: f"X-Auth-Token: {newer_form(f'tok!SCOPE!{scope}')}\r\nX-Scope: {scope}\r\n"
    for cloud in ("CloudOne", *PLAIN)
    for scope in [f'{{"*":"{cloud}","identity":"CloudOne"}}']
}
"""A scope in two places, which is always the Python service's."""
TAUGHT = [
    tuple((name, value) for name, _, value in (line.partition(": ") for line in text.splitlines())) for text in PLAIN.values()
]


@dataclass(frozen=True)
class Arrived:
    """A request as a server got it."""

    server: str
    head: bytes
    body: bytes

    @property
    def line(self) -> str:
        return self.head.split(b"\r\n")[0].decode()

    def values(self, name: str) -> list[str]:
        pairs = [line.partition(b":") for line in self.head.split(b"\r\n")[1:]]
        return [value.strip().decode("latin-1") for key, _, value in pairs if key.lower() == name.encode()]


Play = Callable[[socket.socket, Arrived], None]
"""Answers a request on its connection, which ends with it."""


@dataclass(frozen=True)
class Answer:
    """An answer as the client got it."""

    status: int
    head: bytes
    body: bytes

    @property
    def text(self) -> str:
        return (self.head + self.body).decode("latin-1")


@dataclass
class Got:
    """All that came on one connection, in order, and whether the gateway ended it."""

    answers: list[Answer] = field(default_factory=list)
    ended: bool = False
    rest: bytes = b""

    @property
    def statuses(self) -> list[int]:
        return [answer.status for answer in self.answers]


@dataclass
class Site:
    """A running gateway, and the requests behind it, without health checks."""

    ports: dict[str, int]
    mesh: Mesh
    arrived: list[Arrived] = field(default_factory=list)
    plays: dict[str, Play] = field(default_factory=dict)
    bridge: psutil.Process | None = None
    haproxy: psutil.Process | None = None
    audit_log: Path = Path()
    stats_socket: Path = Path()

    def audited(self) -> list[dict[str, Any]]:
        """Return the lines of the Python service in the audit log."""
        return [json.loads(line) for line in self.audit_log.read_text().splitlines()]

    def connect(self, port: str = "gate", timeout: float = 15) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.ports[port]), timeout=timeout)

    def send(self, data: bytes | str, port: str = "gate", until: bytes | None = None) -> Got:
        """Send bytes on a connection of their own and read answers to its end, or to one whose body is ``until``."""
        self.arrived.clear()
        with self.connect(port) as connection:
            with suppress(OSError):
                connection.sendall(data.encode("latin-1") if isinstance(data, str) else data)
                if until is None:
                    connection.shutdown(socket.SHUT_WR)
            return read_answers(connection, until)

    def get(self, path: str, headers: str = "", port: str = "gate") -> Answer:
        """Return the answer to one request that is as it should be."""
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}Connection: close\r\n\r\n"
        self.arrived.clear()
        with self.connect(port) as connection:
            connection.sendall(request.encode("latin-1"))
            got = read_answers(connection, None)
        assert len(got.answers) == 1, got
        return got.answers[0]

    def lines(self) -> list[tuple[str, str]]:
        """Return which server got which request, by its first line."""
        return [(request.server, request.line) for request in self.arrived]


def from_address(site: Site, address: str, data: bytes, port: str = "gate") -> Got:
    """Send bytes from an address of loopback, and read answers until the gateway ends the connection."""
    try:
        with socket.create_connection(("127.0.0.1", site.ports[port]), 10, (address, 0)) as connection:
            with suppress(ConnectionError):
                connection.sendall(data)
            return read_answers(connection, None)
    except ConnectionError:
        return Got(ended=True)


def read_answers(connection: socket.socket, until: bytes | None) -> Got:
    got = Got()
    file = connection.makefile("rb")
    try:
        while True:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                line = file.readline()
                if not line:
                    got.ended, got.rest = True, head
                    return got
                head += line
            status = int(head.split(b" ")[1])
            if status < 200:
                got.answers.append(Answer(status, head, b""))
                continue
            length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
            if length:
                body = file.read(int(length[1]))
            elif b"chunked" in head.lower():
                body = read_chunks(file.readline, file.read)
            else:
                body = file.read()
            got.answers.append(Answer(status, head, body))
            if until is not None and body == until:
                return got
    except (ConnectionError, ValueError):
        got.ended = True
        return got


def read_chunks(readline: Callable[[], bytes], read: Callable[[int], bytes]) -> bytes:
    body = b""
    while size := int(readline().split(b";")[0] or b"0", 16):
        body += read(size + 2)[:-2]
    while readline() not in (b"\r\n", b""):
        pass
    return body


@contextmanager
def hostile_site(
    limits: str = "{exempt: [127.0.0.1]}",
    *,
    policy: str = "{}",
    gateway: str = "",
    with_bridge: bool = True,
    audited: bool = False,
) -> Iterator[Site]:
    """Start the gateway of CloudOne, with this policy, and the servers around it; stop them at the end."""
    free = free_ports()
    ports = {name: next(free) for name in ("gate", "roots", *LOCAL, "two", "three")}
    settings = "".join(f"      {line}\n" for line in gateway.format(**ports).splitlines())
    text = DESCRIPTION.format(limits=limits, policy=policy, gateway=settings, **ports)
    site = Site(ports, parse_mesh(text))
    listening = [_serve(site, name, ports[name]) for name in (*LOCAL, "two", "three")]
    try:
        with started(text, "CloudOne", with_bridge=with_bridge, audited=audited, taught=TAUGHT) as (sockets, pids):
            processes = [psutil.Process(pid) for pid in pids]
            site.haproxy = processes[-1]
            site.bridge = processes[0] if with_bridge else None
            site.stats_socket = Path(sockets.stats_socket)
            site.audit_log = Path(sockets.bridge_socket).with_name("audit.log")
            yield site
    finally:
        for server in listening:
            server.close()


def _serve(site: Site, name: str, port: int) -> socket.socket:
    server = socket.create_server(("127.0.0.1", port), backlog=128)

    def accept() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=_converse, args=(site, name, connection), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return server


def _converse(site: Site, name: str, connection: socket.socket) -> None:
    """Read requests as the RFC says, and answer each with the server's name and the path, or as a test plays it."""
    connection.settimeout(20)
    file = connection.makefile("rb")
    try:
        while True:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                line = file.readline()
                if not line:
                    return
                head += line
            check = head.count(b"\r\n") == 2 or b"/.openstackoid/health" in head
            length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
            body = read_chunks(file.readline, file.read) if b"chunked" in head.lower() else b""
            body = file.read(int(length[1])) if length else body
            request = Arrived(name, head, body)
            if not check:
                site.arrived.append(request)
                if name in site.plays:
                    site.plays[name](connection, request)
                    return
            said = f"{name} {request.line.split(' ')[1]}".encode()
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(said) + said)
    except (OSError, ValueError):
        return
    finally:
        file.close()
        connection.close()
