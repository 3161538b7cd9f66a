# SPDX-License-Identifier: Apache-2.0
"""The gateway of Home among clouds that each end a request in one way, by their names; they record their requests."""

import http.client
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import ThreadingHTTPServer
from itertools import groupby
from typing import Any

from conformance.answering import Answering, start_server
from conformance.gateway import started
from conformance.haproxy_counts import requests_of
from conformance.recorder import Recorder, Seen, free_ports

BYTES = b"the bytes of an image"
STATUSES = {
    "Unauthorized": 401,
    "UnauthorizedToo": 401,
    "Forbids": 403,
    "Conflicts": 409,
    "Waits": 408,
    "Busy": 429,
    "Fails": 500,
    "Unavailable": 503,
}
"""The clouds that answer each request with one status."""

LATER = ("Waits", "Busy")
"""Those that say when to come back: after :data:`SECONDS_LATER`."""
SECONDS_LATER = "7"

LACKING = ("Lacks", "LacksToo")
DOCUMENTS: dict[str, Any] = {
    "quotas": {"quota": {"network": 10}},
    "extensions": {"extensions": [{"alias": "router"}]},
}
"""What each cloud that answers has beside its resources, by a part of the path."""

CONNECT, SERVER = 0.4, 2
"""Seconds of the gateway's timeouts: HAProxy tries a refused connection again after ``CONNECT``, before 2.8 twice."""

TIME = CONNECT + SERVER
"""Seconds that all turns of a request have."""

WIRES = {"Home": "", "Earlier": "2", "Earliest": ""}
"""The wire versions that clouds announce; the others are of this release."""

REFUSING = ("Refuses", "RefusesToo")
ODD = (*REFUSING, "Unsent", "Silent", "SilentToo", "Cuts", "CutsBytes", "CutsLater", "Garbage")
CLOUDS = ("Earlier", "Earliest", "Serves", "Other", *LACKING, *STATUSES, *ODD)


@dataclass(frozen=True)
class Got:
    """An answer; ``cut``: it broke off."""

    status: int
    headers: dict[str, str]
    body: bytes
    cut: bool = False

    @property
    def message(self) -> str:
        return str(json.loads(self.body)["error"]["message"])


@dataclass
class Branches:
    """The gateway of Home at ``port``, and the clouds around it. ``home``: the cloud that Home itself behaves like.

    ``down``: the clouds that answer probes as they do users; the others answer probes well, so that only requests are at fault.
    """

    port: int
    runtime: Any
    seen: list[Seen] = field(default_factory=list)
    home: str = "Home"
    down: set[str] = field(default_factory=set)

    def ask(self, method: str, path: str, scope: str | None, body: bytes | Iterable[bytes] | None = None, **headers: str) -> Got:
        """Send a request under a scope, and return its answer; forget the requests before it."""
        self.seen.clear()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            sent = {"X-Auth-Token": "tok", **({} if scope is None else {"X-Scope": scope})}
            sent |= {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            try:
                return Got(answer.status, told, answer.read())
            except http.client.IncompleteRead as cut:
                return Got(answer.status, told, cut.partial, cut=True)
        finally:
            connection.close()

    def of_python(self) -> int:
        """Return the number of requests that the Python service has had."""
        return self.requests_of("bridge")

    def requests_of(self, backend: str) -> int:
        """Return the number of requests that HAProxy has sent to a backend."""
        return requests_of(self.runtime.stats_socket, backend)["BACKEND"]

    def asked(self) -> list[str]:
        """Return the clouds that were asked, in this order; HAProxy repeats a read when a connection ends without an answer."""
        return [cloud for cloud, _ in groupby(seen.server for seen in self.seen)]


def _serve(name: str, port: int, running: Branches, plays: Callable[[], str]) -> ThreadingHTTPServer:
    wire = WIRES.get(name, "3")

    class Handler(Answering):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            if "X-Auth-Token" in self.headers:
                running.seen.append(Seen(name, self.command, self.path, tuple(self.headers.items()), body))
            # Nor a check by HAProxy, nor a probe has a token.
            is_asked = "X-Auth-Token" in self.headers or (plays() in running.down and "Accept-Encoding" in self.headers)
            match plays() if is_asked else "Home":
                case "Silent" | "SilentToo":
                    self.rfile.read()
                case "Cuts":
                    pass
                case "Unsent":
                    self.say(503, b"{}", headers=(("X-Openstackoid-Unsent", "1"),))
                    return
                case "Garbage":
                    self.wfile.write(b"What do you want?\r\n\r\n")
                case "CutsBytes" | "CutsLater" as cloud:
                    self.say(200, b"x" * (0 if cloud == "CutsBytes" else 10), 1000)
                case cloud:
                    status, content = self.served(cloud)
                    self.say(status, content, headers=(("Retry-After", SECONDS_LATER),) if cloud in LATER else ())
                    return
            self.close_connection = True

        def served(self, cloud: str) -> tuple[int, bytes]:
            path = self.path.partition("?")[0]
            if cloud in STATUSES:
                status = STATUSES[cloud]
                return status, json.dumps({"error": {"code": status, "message": f"{cloud} says {status}"}}).encode()
            collection = path.rsplit("/", 1)[-1]
            if self.command == "POST":
                return 201, json.dumps({"id": name}).encode()
            if collection in ("images", "networks"):
                items = [] if cloud in LACKING else [{"id": f"of-{name}", "name": "x"}]
                return 200, json.dumps({collection: items, "by": name}).encode()
            if document := next((document for part, document in DOCUMENTS.items() if part in path.split("/")), None):
                return 200, json.dumps(document).encode()
            if cloud in LACKING:
                return 404, json.dumps({"error": {"code": 404, "message": f"{cloud} says 404"}}).encode()
            if self.command == "DELETE":
                return 204, b""
            return 200, f"{name}: ".encode() + BYTES if path.endswith("/file") else json.dumps({"id": f"of-{name}"}).encode()

        def say(self, status: int, content: bytes, length: int | None = None, headers: Sequence[tuple[str, str]] = ()) -> None:
            self.send_response(status)
            for header, value in headers:
                self.send_header(header, value)
            if wire:
                self.send_header("X-Openstackoid-Wire", wire)
            self.send_header("Content-Length", str(len(content) if length is None else length))
            self.send_header("Content-Type", "application/octet-stream" if self.path.endswith("/file") else "application/json")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

    return start_server(Handler, port)


@contextmanager
def branches(times: Mapping[tuple[str, str], float] | None = None) -> Iterator[Branches]:
    """Start the gateway of Home and all around it; stop them at the end. Nothing serves Home's dns.

    ``times``: the written milliseconds between clouds.
    """
    ports = free_ports()
    gate, keystone, dead = next(ports), next(ports), next(ports)
    services = ("image", "network", "dns")
    home = {service: dead if service == "dns" else next(ports) for service in services}
    lines = [
        "mesh: 1",
        "round_trips:" if times else "",
        *(f"  - {{clouds: [{one}, {other}], milliseconds: {time}}}" for (one, other), time in (times or {}).items()),
        "clouds:",
        "  Home:",
        f"    gateway: {{timeouts: {{connect: {CONNECT}, server: {SERVER}, check: 0.2}}, limits: {{exempt: [127.0.0.1]}}}}",
        "    services:",
        f"      identity: {{frontend: 'http://127.0.0.1:{gate}/identity', backend: 'http://127.0.0.1:{keystone}'}}",
        *(
            f"      {service}: {{frontend: 'http://127.0.0.1:{gate}/{service}', backend: 'http://127.0.0.1:{home[service]}'}}"
            for service in services
        ),
    ]
    peers = {cloud: next(ports) for cloud in CLOUDS}
    for cloud, port in peers.items():
        lines += [f"  {cloud}:", "    services:"]
        lines += [f"      {service}: {{frontend: 'http://127.0.0.1:{port}/{service}'}}" for service in (*services, "identity")]
    recorder = Recorder()
    recorder.serve("Home", keystone)
    running = Branches(gate, None)
    served = [_serve(cloud, port, running, partial(str, cloud)) for cloud, port in peers.items() if cloud not in REFUSING]
    served += [_serve("Home", port, running, lambda: running.home) for port in home.values() if port != dead]
    try:
        with started("\n".join(lines), "Home", with_bridge=True) as (runtime, _):
            running.runtime = runtime
            yield running
    finally:
        recorder.close()
        for server in served:
            server.shutdown()
            server.server_close()
