# SPDX-License-Identifier: Apache-2.0
"""Gateways of two clouds on https, peers with false certificates, and clients with certificates of their choice."""

import http.client
import json
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from threading import Thread
from typing import Any

from conformance.gateway import started
from conformance.recorder import Recorder, free_ports
from openstackoid.certs import issue, make_authority
from openstackoid.mesh import Mesh, parse_mesh

SERVICES = ("identity", "compute", "image", "network")
REAL = ("CloudOne", "CloudTwo")
SERVED = "'*': all"
INTERNAL = ", internal: 'http://127.0.0.1:{}/image'"
FALSE = {
    "Stranger": "its certificate is not signed by the authority of {authority}",
    "Expired": "its certificate has expired",
    "Wrong": "its certificate is not Wrong's",
    "Plain": "it does not speak TLS",
}
"""Peers with another server in their place, and the gateway's error about each."""


@dataclass
class Certificates:
    """A folder of certificates, good ones and others."""

    folder: Path

    def __post_init__(self) -> None:
        make_authority(self.folder)
        for cloud in REAL:
            self.issue(cloud)
        self.issue("Nobody")
        make_authority(self.folder / "other")
        self.issue("CloudOne", "other")
        self.issue("Stranger", "other")
        (self.folder / "old").mkdir()
        for name in ("authority.pem", "authority.key"):
            (self.folder / "old" / name).write_bytes((self.folder / name).read_bytes())
        last_month = datetime.now(UTC) - timedelta(days=30)
        issue(self.folder / "old", "Expired", ["127.0.0.1"], 3, begins=last_month)
        issue(self.folder / "old", "CloudOne", ["127.0.0.1"], 3, begins=last_month)

    def issue(self, cloud: str, of: str = "", *, renew: bool = False) -> Path:
        return issue(self.folder / of, cloud, ["127.0.0.1"], 100, renew=renew)

    @property
    def authority(self) -> Path:
        return self.folder / "authority.pem"

    def client(self, certificate: str | None = None) -> ssl.SSLContext:
        """A user's context, or that of a client with the certificate."""
        context = ssl.create_default_context(cafile=str(self.authority))
        if certificate is not None:
            context.load_cert_chain(self.folder / certificate)
        return context

    def server(self, certificate: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / certificate)
        return context


TAUGHT = [(("X-Auth-Token", "tok"), ("X-Scope", f'{{"*":"CloudOne","image":"{cloud}"}}')) for cloud in (*REAL, *FALSE)]


@dataclass
class Secure:
    """The running gateways, their surroundings, and the text of their description."""

    certificates: Certificates
    text: str
    mesh: Mesh
    recorder: Recorder
    gates: dict[str, int]
    inside: int
    """The port of CloudOne's internal image service, which is http."""
    folders: dict[str, Path]
    """The folder of each gateway's files."""

    def ask(
        self,
        cloud: str,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
        context: ssl.SSLContext | None = None,
        port: int | None = None,
        plain: bool = False,
    ) -> tuple[int, dict[str, str], Any]:
        """Ask a gateway over https, and return status, headers and the JSON document of the answer."""
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            "127.0.0.1", port or self.gates[cloud], timeout=20, context=context or self.certificates.client()
        )
        if plain:
            connection = http.client.HTTPConnection("127.0.0.1", self.inside, timeout=20)
        self.recorder.seen.clear()
        try:
            connection.request(method, path, body, {"X-Case": "tls", "X-Auth-Token": "tok", **(headers or {})})
            answer = connection.getresponse()
            content = answer.read()
            kind = answer.getheader("Content-Type", "")
            known = {key.lower(): value for key, value in answer.getheaders()}
            return answer.status, known, json.loads(content) if content and kind.startswith("application/json") else content
        finally:
            connection.close()


@contextmanager
def secure_world(
    folder: Path,
    delegation: str = "{}",
    delegation_two: str | None = None,
    unserved: Sequence[str] = (),
    services_two: str = SERVED,
) -> Iterator[Secure]:
    """Start both gateways, their backends and the false peers; stop them at the end.

    ``unserved``: further services, whose backends in CloudTwo do not listen. ``services_two``: those in CloudTwo's policy.
    """
    certificates = Certificates(folder)
    ports = free_ports()
    gates = {cloud: next(ports) for cloud in REAL}
    inside = next(ports)
    recorder = Recorder()
    lines = ["mesh: 1", "clouds:"]
    for cloud in REAL:
        tls = f"certificate: '{certificates.folder}/{cloud}.pem', authority: '{certificates.authority}'"
        lines += [
            f"  {cloud}:",
            f"    gateway: {{timeouts: {{connect: 1, server: 5, check: 1}}, tls: {{{tls}}},",
            "      trusted_proxies: [127.0.0.1], limits: {exempt: [127.0.0.1]}}",
            "    policy:",
            f"      delegation: {delegation if cloud == 'CloudOne' or delegation_two is None else delegation_two}",
            f"      peers: {{'*': {{services: {{{services_two if cloud == 'CloudTwo' else SERVED}}},",
            "        people: [{name: anyone, roles: {member: member, service: service}}]}}",
            "    services:",
        ]
        for service in (*SERVICES, *unserved):
            backend = next(ports)
            if cloud == "CloudOne" or service not in unserved:
                recorder.serve(f"{service} of {cloud}", backend)
            # CloudTwo's network has another prefix, so that the bridge mends its links.
            prefix = "/net" if (cloud, service) == ("CloudTwo", "network") else f"/{service}"
            interfaces = f"public: 'https://127.0.0.1:{gates[cloud]}{prefix}'"
            if (cloud, service) == ("CloudOne", "image"):
                interfaces += INTERNAL.format(inside)
            lines.append(f"      {service}: {{frontend: {{{interfaces}}}, backend: 'http://127.0.0.1:{backend}{prefix}'}}")
    for cloud in FALSE:
        port = next(ports)
        lines.append(f"  {cloud}: {{services: {{image: {{frontend: 'https://127.0.0.1:{port}/image'}}}}}}")
        recorder.serve(cloud, port, _false(certificates, cloud))
    text = "\n".join(lines)
    folders: dict[str, Path] = {}
    with ExitStack() as stack:
        stack.callback(recorder.close)
        for cloud in REAL:
            # What is http inside CloudOne is none of CloudTwo's business.
            known = text if cloud == "CloudOne" else text.replace(INTERNAL.format(inside), "")
            runtime, _ = stack.enter_context(started(known, cloud, with_bridge=True, taught=TAUGHT))
            folders[cloud] = Path(runtime.stats_socket).parent
        world = Secure(certificates, text, parse_mesh(text), recorder, gates, inside, folders)
        _await_each_other(world)
        yield world


def _await_each_other(world: Secure) -> None:
    """The gateway that was started first has found the other one missing."""
    until = time.monotonic() + 60
    for cloud, other in (REAL, REAL[::-1]):
        while True:
            clouds = world.ask(cloud, "GET", "/.openstackoid/mesh")[2]["clouds"]
            if next(found["health"] for found in clouds if found["name"] == other) == "up":
                break
            assert time.monotonic() < until, f"{cloud} does not find {other} up"
            time.sleep(0.1)


def _false(certificates: Certificates, cloud: str) -> ssl.SSLContext | None:
    match cloud:
        case "Stranger":
            return certificates.server("other/Stranger.pem")
        case "Expired":
            return certificates.server("old/Expired.pem")
        case "Wrong":
            return certificates.server("CloudTwo.pem")
    return None


class UnixRecorder:
    """Stands at a unix socket in the place of the Python service, and remembers the headers that HAProxy sends it."""

    def __init__(self, path: str) -> None:
        self.seen: list[dict[str, str]] = []
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                recorder.seen.append({key.lower(): value for key, value in self.headers.items()})
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        class Server(ThreadingUnixStreamServer):
            daemon_threads = True

        self._server = Server(path, Handler)
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def converse(connection: socket.socket, path: str, port: int, **headers: str) -> str:
    """Send one request on a connection and return the head of the answer; the connection is to be closed after it."""
    lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "X-Case: tls", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    answer = b""
    while chunk := connection.recv(65536):
        answer += chunk
    return answer.decode()
