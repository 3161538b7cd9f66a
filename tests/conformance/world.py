# SPDX-License-Identifier: Apache-2.0
"""The gateway of one cloud among four with services that answer with links, and clients that compare them."""

import http.client
import json
import socket
import ssl
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from conformance.case import unseen
from conformance.gateway import started
from conformance.recorder import free_ports
from conformance.services import Place, Services
from openstackoid.certs import issue, make_authority
from openstackoid.mesh import Mesh, parse_mesh
from openstackoid.routing import Headers

CLOUDS = ("Home", "Ports", "Same", "Fixed")
PREFIXES = {
    "identity": "/identity",
    "compute": "/compute",
    "image": "/image",
    "network": "/networking",
    "object-store": "/object",
}
LISTS = {"identity": "/v3/users", "compute": "/v2.1/servers", "image": "/v2/images", "network": "/v2.0/networks"}


@dataclass
class World:
    """The gateway of Home, and the services of four clouds: beside it, by ports, by the same prefixes, and with fixed links."""

    gate: int
    mesh: Mesh
    services: Services
    bridge: psutil.Process
    haproxy: psutil.Process
    tls: ssl.SSLContext | None = None
    """The client's trusted authority, if the gateway speaks https."""

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.gate}"

    @property
    def origin(self) -> str:
        return f"http{'s' if self.tls else ''}://{self.host}"


@dataclass
class Got:
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@contextmanager
def whole_world(certificates: Path | None = None) -> Iterator[World]:
    """Start all of it; stop it at the end. With a folder for ``certificates``, the gateway and its peers speak https."""
    ports = free_ports()
    scheme, tls, context = "http", "", None
    if certificates is not None:
        authority = make_authority(certificates)
        files = {cloud: issue(certificates, cloud, ["127.0.0.1"]) for cloud in CLOUDS}
        scheme, tls = "https", f", tls: {{certificate: {files['Home']}, authority: {authority}}}"
        context = ssl.create_default_context(cafile=str(authority))
    gate, home = next(ports), {service: next(ports) for service in PREFIXES}
    peers = {"Ports": {service: next(ports) for service in PREFIXES}}
    peers |= {name: dict.fromkeys(PREFIXES, next(ports)) for name in ("Same", "Fixed")}
    # They share a network, so that a server may be made in each of them.
    lines = [
        "mesh: 1",
        "shared: [{service: network, clouds: [Home, Ports, Same, Fixed]}]",
        "clouds:",
        "  Home:",
        f"    gateway: {{timeouts: {{connect: 1, server: 5}}, limits: {{exempt: [127.0.0.1]}}{tls}}}",
        "    services:",
    ]
    services = Services()
    for service, prefix in PREFIXES.items():
        # Neutron's backend knows nothing of the prefix but what it is told, the others have it.
        mount = "" if service == "network" else prefix
        lines.append(
            f"      {service}: {{frontend: '{scheme}://127.0.0.1:{gate}{prefix}', backend: 'http://127.0.0.1:{home[service]}{mount}'}}"
        )
        keystone = f"{scheme}://127.0.0.1:{gate}/identity"
        services.serve(home[service], [Place("Home", service, mount, keystone, proxied=service == "network")])
    for name, at in peers.items():
        lines += [f"  {name}:", "    services:"]
        places: dict[int, list[Place]] = {}
        for service, prefix in PREFIXES.items():
            mount = "" if name == "Ports" else prefix
            root = f"{scheme}://127.0.0.1:{at[service]}{mount}"
            links = "fixed" if name == "Fixed" else "host"
            lines.append(f"      {service}: {{frontend: '{root}', links: {links}}}")
            keystone = f"{scheme}://127.0.0.1:{at['identity']}{mount and '/identity'}/v3"
            places.setdefault(at[service], []).append(Place(name, service, mount, keystone, root if name == "Fixed" else None))
        for port, those in places.items():
            services.serve(port, those, None if certificates is None else _served(files[name]))
    text = "\n".join(lines)
    try:
        with started(text, "Home", with_bridge=True, taught=taught(peers)) as (_, (bridge, haproxy)):
            yield World(gate, parse_mesh(text), services, psutil.Process(bridge), psutil.Process(haproxy), context)
    finally:
        services.close()


def _served(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def taught(peers: Iterable[str]) -> list[Headers]:
    """Return the headers of requests of which HAProxy knows the routes."""
    return [tuple(scope_of(service, cloud).items()) for service in PREFIXES for cloud in ("Home", *peers)]


def scope_of(service: str, cloud: str, how: str = "plain") -> dict[str, str]:
    """Return the headers that send ``service`` to ``cloud``; ``oddly`` written, HAProxy has no route of it."""
    scope = {service: cloud} if service == "identity" else {service: cloud, "identity": "Home"}
    text = json.dumps(scope, separators=(",", ":"))
    token = "theirs" if service == "identity" and cloud != "Home" else "tok"
    return {"X-Auth-Token": token, "X-Scope": text if how == "plain" else unseen(text)}


def connection_to(world: World) -> http.client.HTTPConnection:
    if world.tls is not None:
        return http.client.HTTPSConnection("127.0.0.1", world.gate, timeout=20, context=world.tls)
    return http.client.HTTPConnection("127.0.0.1", world.gate, timeout=20)


def ask(world: World, method: str, path: str, headers: dict[str, str] | None = None, body: bytes | None = None) -> Got:
    with closing(connection_to(world)) as connection:
        return ask_on(connection, world, method, path, headers, body)


def ask_on(
    connection: http.client.HTTPConnection,
    world: World,
    method: str,
    path: str,
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
) -> Got:
    """Ask on a connection that stays open for the next request; the gateway may have ended it since the last one."""
    kept = connection.sock is not None
    sent = {"Host": world.host, **(headers or {})}
    try:
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
    except ConnectionError:
        if not kept:
            raise
        connection.close()
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
    return Got(answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read())


class Raw:
    """A client that sends pieces at given times."""

    def __init__(self, world: World, method: str, path: str, **headers: str) -> None:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {world.host}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self._socket = socket.create_connection(("127.0.0.1", world.gate), timeout=20)
        if world.tls is not None:
            self._socket = world.tls.wrap_socket(self._socket, server_hostname="127.0.0.1")
        self._file = self._socket.makefile("rb")
        self.send("\r\n".join([*lines, "", ""]).encode())

    def __enter__(self) -> "Raw":
        return self

    def __exit__(self, *raised: object) -> None:
        self._file.close()
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def head(self) -> str:
        lines = []
        while (line := self._file.readline()) not in (b"\r\n", b""):
            lines.append(line.decode())
        return "".join([*lines, "\r\n"])

    def read(self, size: int) -> bytes:
        return self._file.read(size)

    def rest(self) -> bytes:
        """Return the rest until the other side ends the connection."""
        return self._file.read()
