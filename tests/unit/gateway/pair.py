# SPDX-License-Identifier: Apache-2.0
"""Two real gateways that are peers, with certificates between them, each with services of its own cloud."""

import json
import ssl
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPSConnection
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import ClassVar

from openstackoid.certs import issue, make_authority
from unit.gateway.running import PATIENCE, Echo, Server, free_port, health, serving
from unit.gateway.test_metrics import Measured
from waiting import until

CLOUDS = ("CloudOne", "CloudTwo")
SERVICES = ("identity", "image", "network")
SLOW = 3.0
HELLO = b"hello"
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
POLICY = "{peers: {'*': {services: {'*': all}, people: [{name: anyone, roles: {member: member}}]}}}"
_NAMES = {"id": "5a1e0f6f4a0c4c0c9d3a7d1b2c3d4e5f", "name": "demo", "domain": {"id": "default", "name": "Default"}}
_TOKEN = {
    "methods": ["password"],
    "user": _NAMES,
    "project": _NAMES,
    "roles": [{"id": "5a1e", "name": "member"}],
    "issued_at": "2026-01-01T00:00:00.000000Z",
    "expires_at": "2136-01-01T00:00:00.000000Z",
    "audit_ids": ["pair"],
    "catalog": [],
}


class Services(Echo, BaseHTTPRequestHandler):
    """The services of a cloud: Keystone knows each token, and keeps ``tokens``, those of other requests.

    The answer to ``slow`` takes its time, that to ``endless`` does not end; a WebSocket stays open.
    """

    tokens: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        if "/v3/auth/tokens" not in self.path:
            self.tokens.append(self.headers.get("X-Auth-Token", ""))
        if "Upgrade" in self.headers:
            self.send_response(101)
            for header in (("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Accept", ACCEPT)):
                self.send_header(*header)
            self.end_headers()
            self.hold()
        elif "endless" in self.path:
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            self.hold()
        elif "/v3/auth/tokens" in self.path:
            self.answer(json.dumps({"token": _TOKEN}).encode(), "application/json")
        elif self.path.endswith("/file"):
            self.answer(b"bytes", "application/octet-stream")
        else:
            self.answer(b'{"images": []}', "application/json")

    def hold(self) -> None:
        """Say hello once the answer has begun, and wait for the end of the connection."""
        time.sleep(0.5)
        with suppress(OSError):
            self.wfile.write(HELLO)
            while self.rfile.read(1):
                pass
        self.close_connection = True

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if "slow" in self.path:
            time.sleep(SLOW)
        self.answer(b"{}", "application/json")


class PeerGateway(Measured):
    """The gateway of ``cloud``. ``peers``: the gateways by cloud, itself among them.

    ``settings``: more of its own settings; ``further``: lines of clouds without a gateway; ``policy``: whom it trusts.
    """

    policy = POLICY

    def __init__(self, cloud: str, folder: Path, certificates: Path, backend: int, peers: dict[str, "PeerGateway"]) -> None:
        self.cloud = cloud
        self.certificates = certificates
        self.peers = peers
        self.settings = self.further = ""
        peers[cloud] = self
        super().__init__(folder, free_port(), backend)

    def describe(self, peer: str = "") -> None:
        """Write the description of all gateways that are known by now, and of the further clouds."""
        text = "".join(one.described(here=one is self) for one in self.peers.values())
        self.config.write_text(f"mesh: 1\nclouds:\n{text}{self.further}")

    def described(self, *, here: bool) -> str:
        lines = [f"  {self.cloud}:"]
        if here:
            files = f'{{certificate: "{self.certificates}/{self.cloud}.pem", authority: "{self.certificates}/authority.pem"}}'
            more = f", {self.settings}" if self.settings else ""
            lines.append(f'    gateway: {{tls: {files}, metrics: "127.0.0.1:{self.metrics}"{more}}}')
            lines += [f"    policy: {self.policy}"] if self.policy else []
        lines.append("    services:")
        for name in SERVICES:
            backend = f', backend: "http://127.0.0.1:{self.backend}/{name}"' if here else ""
            lines.append(f'      {name}: {{frontend: "https://127.0.0.1:{self.port}/{name}"{backend}}}')
        return "\n".join(lines) + "\n"

    @property
    def argv(self) -> list[str]:
        command = [sys.executable, "-W", "error", "-m", "openstackoid", "gateway", "run", "--cloud", self.cloud]
        return [*command, "--config", str(self.config), "--state-dir", str(self.state)]

    def connection(self) -> HTTPSConnection:
        """Return a user's connection."""
        return HTTPSConnection("127.0.0.1", self.port, timeout=60, context=self.context())

    def context(self, certificate: str = "") -> ssl.SSLContext:
        """Return the context of a user, or of the gateway of the cloud ``certificate``."""
        context = ssl.create_default_context(cafile=str(self.certificates / "authority.pem"))
        if certificate:
            context.load_cert_chain(self.certificates / f"{certificate}.pem")
        return context

    def send(self, method: str, path: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
        """Send a user's request; return status and body of the answer."""
        connection = self.connection()
        try:
            connection.request(method, path, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
        return self.send("GET", path, headers)


@contextmanager
def pair(folder: Path, days: int = 100, **settings: str) -> Iterator[tuple[PeerGateway, PeerGateway]]:
    """Run two gateways, whose certificates end in ``days``. ``settings``: of each cloud's gateway."""
    certificates = folder / "certificates"
    make_authority(certificates)
    gateways: dict[str, PeerGateway] = {}
    with ExitStack() as stack:
        for cloud in CLOUDS:
            issue(certificates, cloud, ["127.0.0.1"], days)
            (folder / cloud).mkdir()
            PeerGateway(
                cloud, folder / cloud, certificates, stack.enter_context(serving(Server(("127.0.0.1", 0), Services))), gateways
            )
        one, two = gateways.values()
        for gateway in (one, two):
            gateway.settings = settings.get(gateway.cloud, "")
            gateway.describe("")
            gateway.start()
            stack.callback(gateway.stop)
        # The first has found the second away while that one started, and does not try it again for a moment.
        until(lambda: health(one).get(two.cloud) == health(two).get(one.cloud) == "up", PATIENCE)
        yield one, two
