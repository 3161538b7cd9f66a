# SPDX-License-Identifier: Apache-2.0
"""The gateway of One among clouds with lists of their own, which page as the services do; their servers record requests."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from conformance.answering import Answering, start_server
from conformance.branches import Branches, Got
from conformance.gateway import started
from conformance.recorder import Recorder, Seen, free_ports
from openstackoid.composition import ItemKind, ListKind, builtin_kinds
from unit.composition.clouds import FakeCloud, list_kind

CLOUDS = ("One", "Two", "Three")
_FIRST = ("load-balancer", "dns", "baremetal", "container-infrastructure-management", "key-manager", "shared-file-system")
MORE = (
    *("placement", "orchestration", "database", "workflow", "instance-ha", "reservation", "alarm", "accelerator"),
    *("application-container", "rating", "message", "backup", "resource-optimization", "nfv-orchestration", "admin-logic"),
    "baremetal-introspection",
)
OTHERS = (*_FIRST, *MORE)
"""Services whose lists a test makes."""
SERVICES = ("compute", "image", "network", "object-store")
LISTS = {"servers": "compute", "images": "image", "networks": "network"}


@dataclass
class Clouds(Branches):
    """The gateway of One at ``port``, and the lists of all clouds. ``fails``: statuses of clouds that fail.

    ``plays``: clouds that answer otherwise; each gets the handler of a request, whose body is read.
    """

    lists: dict[tuple[str, str], FakeCloud] = field(default_factory=dict)
    fails: dict[str, int] = field(default_factory=dict)
    plays: dict[str, Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=dict)

    def mend(self) -> None:
        """Have all clouds answer again."""
        self.fails.clear()
        self.plays.clear()

    def pages(self, path: str, scope: str) -> Iterator[Got]:
        """Follow the links of a list."""
        following: str | None = path
        while following is not None:
            got = self.ask("GET", following, scope)
            assert got.status == 200, got
            yield got
            following = self.link(json.loads(got.body), path)

    def link(self, document: dict[str, Any], path: str) -> str | None:
        """Return the path of the link to the next page."""
        named = "links" if isinstance(document.get("links"), list) else "_links"
        links: list[dict[str, str]] = next((value for name, value in document.items() if name.endswith(named)), [])
        following = next((link["href"] for link in links if link["rel"] == "next"), document.get("next"))
        if isinstance(document.get("links"), dict):
            following = document["links"].get("next")
        if following is None:
            return None
        if following.startswith("/"):
            return path.partition("/v2")[0] + str(following)
        prefix = f"http://127.0.0.1:{self.port}"
        assert following.startswith(prefix + path.partition("?")[0]), following
        return str(following).removeprefix(prefix)


def _serve(clouds: Clouds, cloud: str, port: int) -> ThreadingHTTPServer:
    class Handler(Answering):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            if "X-Auth-Token" in self.headers:
                clouds.seen.append(Seen(cloud, self.command, self.path, tuple(self.headers.items()), body))
            if cloud in clouds.plays:
                clouds.plays[cloud](self)
                return
            status, content = self.served()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Content-Type", "application/json")
            self.send_header("OpenStack-API-Version", "compute 2.1")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def served(self) -> tuple[int, bytes]:
            path, _, query = self.path.partition("?")
            _, service, below = path.split("/", 2)
            if cloud in clouds.fails:
                return clouds.fails[cloud], b"{}"
            kind = builtin_kinds().of(service, f"/{below}")
            if isinstance(kind, ListKind):
                found = clouds.lists[cloud, service]
                name = dict(parse_qsl(query)).get("name")
                named = (
                    found if name is None else replace(found, items=[item for item in found.items if item.get("name") == name])
                )
                return named.get(query)
            if not isinstance(kind, ItemKind):
                return 200, json.dumps({"limits": {"rate": [], "absolute": {"maxTotalCores": 10}}}).encode()
            items = clouds.lists[cloud, service].items
            having = [item for item in items if kind.id in (item.get("id"), item.get("uuid"))]
            if not having:
                return 404, b'{"itemNotFound": {"code": 404, "message": "not found"}}'
            if kind.below == "/file":
                return 200, f"bytes of {cloud}".encode()
            if self.command == "DELETE":
                return 204, b""
            return 200, json.dumps({kind.wrapper: having[0]} if kind.wrapper else having[0]).encode()

    return start_server(Handler, port)


@contextmanager
def clouds_with_lists(keys: Path | None = None) -> Iterator[Clouds]:
    """Start the gateway of One, with its keys in a folder, and all around it; stop them at the end."""
    ports = free_ports()
    gate, keystone, own = next(ports), next(ports), next(ports)
    peers = {cloud: next(ports) for cloud in CLOUDS[1:]}
    lines = [
        "mesh: 1",
        "clouds:",
        "  One:",
        "    gateway: {timeouts: {connect: 1, server: 3, check: 1}, limits: {exempt: [127.0.0.1]}}",
        "    services:",
        f"      identity: {{frontend: 'http://127.0.0.1:{gate}/identity', backend: 'http://127.0.0.1:{keystone}'}}",
        *(
            f"      {name}: {{frontend: 'http://127.0.0.1:{gate}/{name}', backend: 'http://127.0.0.1:{own}/{name}'}}"
            for name in (*SERVICES, *OTHERS)
        ),
    ]
    for cloud, port in peers.items():
        lines += [f"  {cloud}:", "    services:"]
        lines += [f"      {name}: {{frontend: 'http://127.0.0.1:{port}/{name}'}}" for name in (*SERVICES, *OTHERS, "identity")]
    recorder = Recorder()
    recorder.serve("One", keystone)
    lists = {(cloud, service): FakeCloud(list_kind(name), []) for name, service in LISTS.items() for cloud in CLOUDS}
    lists |= {(cloud, "object-store"): FakeCloud(list_kind("containers"), []) for cloud in CLOUDS}
    clouds = Clouds(gate, None, lists=lists)
    servers = [_serve(clouds, cloud, port) for cloud, port in {"One": own, **peers}.items()]
    try:
        with started("\n".join(lines), "One", with_bridge=True, own_keys=keys):
            yield clouds
    finally:
        recorder.close()
        for server in servers:
            server.shutdown()
            server.server_close()
