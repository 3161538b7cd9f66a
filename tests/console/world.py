# SPDX-License-Identifier: Apache-2.0
"""Two real gateways with played services behind them, a cloud that is down, and a console of the first gateway."""

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

from openstackoid.scope import join_token
from unit.gateway.running import Gateway, free_port, serving
from waiting import until

SERVICES = {
    "identity": "/identity",
    "compute": "/compute",
    "image": "/image",
    "network": "/networking",
    "block-storage": "/volume",
}
START = 600.0
"""The seconds in which a program starts, on a machine that others use as well; it takes a few."""

DEFAULT = {"id": "default", "name": "Default"}
PASSWORD = "played-password"
ROLES = {"ops": ["admin", "member"], "ada": ["member"], "bob": ["auditor"], "<b>eve</b>": ["member"]}
"""The users of CloudOne, with their roles in the project demo. One has a name that is markup."""

POLICY = """\
    policy:
      peers:
        {peer}:
          people:
            - {{name: staff, roles: {{member: member}}, services: {{image: all, compute: all, network: all}}}}
"""


def document(user: str) -> dict[str, Any]:
    """Return Keystone's document about the token of a user."""
    ends = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(time.time() + 3600))
    roles = [{"id": f"id-of-{role}", "name": role} for role in ROLES[user]]
    who, project = (
        {"id": _IDS[user], "name": user, "domain": DEFAULT},
        {"id": "b21c90" + "0" * 26, "name": "demo", "domain": DEFAULT},
    )
    return {
        "token": {"user": who, "project": project, "roles": roles, "expires_at": ends, "methods": ["password"], "catalog": []}
    }


_IDS = {user: uuid4().hex for user in ROLES}


class _OpenStack(BaseHTTPRequestHandler):
    """Plays Keystone and the other services of a cloud; a token is ``token-of-USER``."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        subject = self.headers.get("X-Subject-Token", "")
        if self.path.partition("?")[0].endswith("/auth/tokens"):
            user = subject.removeprefix("token-of-")
            return self._say(200, document(user)) if user in ROLES else self._say(404, {"error": {"message": "no such token"}})
        if "/images" in self.path:
            time.sleep(0.03)
        return self._say(404 if "missing" in self.path else 200, {"images": [], "servers": []})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))) or b"{}")
        if not self.path.endswith("/auth/tokens"):
            return self._say(202, {"server": {"id": "s1"}})
        given = body["auth"]["identity"]["password"]["user"]
        if given["name"] not in ROLES or given["password"] != PASSWORD:
            return self._say(401, {"error": {"code": 401}})
        return self._say(201, document(given["name"]), f"token-of-{given['name']}")

    def do_DELETE(self) -> None:
        self._say(204, None)

    def _say(self, status: int, told: Any, token: str = "") -> None:
        body = b"" if told is None else json.dumps(told).encode()
        self.send_response(status)
        if token:
            self.send_header("X-Subject-Token", token)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A health check that hangs up early is not an error."""


class _Of(Gateway):
    """The gateway of a cloud of :func:`description`."""

    def __init__(self, folder: Path, cloud: str, text: str, port: int) -> None:
        self.cloud, self.text = cloud, text
        folder.mkdir()
        super().__init__(folder, port, 0)

    def describe(self, peer: str) -> None:
        self.config.write_text(self.text)

    def begin(self) -> None:
        with self.log.open("a") as log:
            self.process = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stderr=log)

    @property
    def argv(self) -> list[str]:
        return [self.cloud if word == "CloudOne" else word for word in super().argv]


def description(ports: dict[str, int], backends: dict[str, int], more: int = 0) -> str:
    """Return the mesh of the clouds of ``ports``; ``more`` further ones are not there, as is one without a backend."""
    lines = ["mesh: 1", "round_trips:", "  - {clouds: [CloudOne, CloudThree], milliseconds: 38.2}"]
    lines += [
        f"  - {{clouds: [CloudOne, Cloud{number:05}], milliseconds: {1 + number % 200}.5}}" for number in range(min(more, 200))
    ]
    lines.append("clouds:")
    for name, port in ports.items():
        lines += [f"  {name}:", "    gateway: {unbound_tokens: true, timeouts: {check: 1}}", "    services:"]
        for service, prefix in SERVICES.items():
            backend = f', backend: "http://127.0.0.1:{backends[name]}{prefix}"' if name in backends else ""
            lines.append(f'      {service}: {{frontend: "http://127.0.0.1:{port}{prefix}"{backend}}}')
        if name in backends:
            lines.append(POLICY.format(peer="CloudTwo" if name == "CloudOne" else "CloudOne").rstrip())
    for number in range(more):
        lines += [
            f"  Cloud{number:05}:",
            "    services:",
            f'      image: {{frontend: "http://127.0.9.9:{10000 + number}/image"}}',
        ]
    return "\n".join(lines) + "\n"


@dataclass
class World:
    """The gateways of CloudOne and CloudTwo, and the console of the first."""

    one: _Of
    two: _Of
    console: subprocess.Popen[bytes]
    port: int
    log: Path
    stop_service: Callable[[], None]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def use(self, user: str, path: str, scope: str, home: str = "CloudOne") -> tuple[int, str]:
        """Send a traced request of a user of a cloud with a scope; return the status and the id."""
        request_id = f"req-7472ace0-{str(uuid4()).partition('-')[2]}"
        whole = json.dumps({"*": home, **json.loads(scope)}, separators=(",", ":"))
        headers = {"X-Auth-Token": join_token(f"token-of-{user}", whole), "X-OpenStack-Request-Id": request_id}
        port = self.one.port if home == "CloudOne" else self.two.port
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status, request_id
        finally:
            connection.close()


@contextmanager
def running(folder: Path, more: int = 0) -> Iterator[World]:
    """Start all of it; stop it at the end. ``more``: further clouds of the description, which are not there."""
    with ExitStack() as stack:
        servers = {name: _Server(("127.0.0.1", 0), _OpenStack) for name in ("CloudOne", "CloudTwo")}
        backends = {name: stack.enter_context(serving(server)) for name, server in servers.items()}
        ports = {name: free_port() for name in ("CloudOne", "CloudTwo", "CloudThree")}
        text = description(ports, backends, more)
        gateways = {}
        for name in servers:
            gateways[name] = _Of(folder / name, name, text, ports[name])
            stack.callback(gateways[name].stop)
        # Both at once; the first that is waited for needs most of the time.
        for gateway in gateways.values():
            gateway.begin()
        for gateway in gateways.values():
            until(lambda gateway=gateway: "is ready on" in gateway.said() or gateway.running.poll() is not None, START)  # type: ignore[misc]
            assert gateway.running.poll() is None, gateway.said()
        port, log = free_port(), folder / "console.log"
        one = gateways["CloudOne"]
        command = [sys.executable, "-W", "error", "-m", "openstackoid", "console", "--cloud", "CloudOne"]
        command += ["--config", str(one.config), "--state-dir", str(one.state), "--listen", f"127.0.0.1:{port}"]
        with log.open("wb") as output:
            console = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=output)
        stack.callback(console.wait, START)
        stack.callback(console.terminate)
        until(lambda: "is ready on" in log.read_text() or console.poll() is not None, START)
        assert console.poll() is None, log.read_text()

        def stop_service() -> None:
            servers["CloudOne"].shutdown()
            servers["CloudOne"].server_close()

        yield World(one, gateways["CloudTwo"], console, port, log, stop_service)


def populate(world: World) -> str:
    """Have users of each cloud use the other, and be refused; return the id of a traced request."""
    until(lambda: world.use("ada", "/image/v2/images", '{"image":"CloudTwo"}')[0] == 200)
    until(lambda: world.use("ada", "/image/v2/images", '{"image":"CloudOne"}', "CloudTwo")[0] == 200)
    for user, path, scope in (
        ("ada", "/image/v2/images/missing", '{"image":"CloudOne"}'),
        ("bob", "/image/v2/images", '{"image":"CloudOne"}'),
        ("ops", "/compute/v2.1/servers/detail", '{"compute":"CloudOne"}'),
        ("<b>eve</b>", "/image/v2/images", '{"image":"CloudOne"}'),
    ):
        world.use(user, path, scope, "CloudTwo")
    return world.use("ada", "/image/v2/images", '{"image":"CloudThree | CloudTwo"}')[1]
