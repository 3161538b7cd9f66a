# SPDX-License-Identifier: Apache-2.0
"""A small cloud on loopback: an identity service with a catalog, and the answers that a test adds."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from examples.session import Outcome
from preloaded import PreloadedCommand, preloaded


class Seen(NamedTuple):
    """A request as it arrived."""

    method: str
    path: str
    scope: str | None
    force: str | None = None
    request_id: str | None = None
    strict: str | None = None


class Answer(NamedTuple):
    """An answer to give."""

    status: int = 200
    body: object = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass
class FakeCloud:
    """One origin: answers from ``routes`` (method and path without its query), and ``seen``, which is all that arrived.

    What no route has is asked of ``otherwise``, which may know more.
    """

    routes: dict[tuple[str, str], Answer] = field(default_factory=dict)
    otherwise: Callable[[Seen], Answer | None] = lambda _: None
    seen: list[Seen] = field(default_factory=list)
    url: str = ""

    def add_identity(self, *images_at: str) -> None:
        """Serve version discovery and tokens, whose catalog has an image endpoint at each of ``images_at``."""
        identity = f"{self.url}/identity/v3"
        version = {"id": "v3.14", "status": "stable", "links": [{"rel": "self", "href": identity}]}
        endpoints = {"identity": [identity], "image": list(images_at), "compute": [f"{self.url}/compute/v2.1"]}
        catalog = [
            {"type": service, "name": service, "endpoints": [_endpoint(url) for url in urls]}
            for service, urls in endpoints.items()
        ]
        token = {
            "methods": ["password"],
            "user": {"id": "u", "name": "demo", "domain": {"id": "default", "name": "Default"}},
            "project": {"id": "p", "name": "demo", "domain": {"id": "default", "name": "Default"}},
            "issued_at": "2020-01-01T00:00:00.000000Z",
            "expires_at": "2099-01-01T00:00:00.000000Z",
            "catalog": catalog,
        }
        self.routes["GET", "/identity/v3"] = Answer(200, {"version": version})
        self.routes["GET", "/identity"] = Answer(300, {"versions": {"values": [version]}})
        self.routes["POST", "/identity/v3/auth/tokens"] = Answer(201, {"token": token}, (("X-Subject-Token", "a-token"),))

    def add_images(self, *names: str) -> None:
        """Serve the list of images."""
        images = [{"id": name, "name": name, "status": "active"} for name in names]
        version = {"id": "v2.9", "status": "CURRENT", "links": [{"rel": "self", "href": f"{self.url}/image/v2/"}]}
        self.routes["GET", "/image"] = Answer(300, {"versions": [version]})
        self.routes["GET", "/image/v2/images"] = Answer(200, {"images": images})

    def add_mesh(self, **health: dict[str, str]) -> None:
        """Serve the page of a gateway at home in the first of the clouds; each has the health of its services."""
        clouds = [
            {
                "name": name,
                "home": name == next(iter(health)),
                "health": "up",
                "services": [{"type": service, "health": state} for service, state in services.items()],
            }
            for name, services in health.items()
        ]
        self.routes["GET", "/.openstackoid/mesh"] = Answer(200, {"gateway": next(iter(health)), "clouds": clouds})

    def scopes(self) -> set[str | None]:
        """Return the scopes that arrived, None for a request without."""
        return {request.scope for request in self.seen}


def _endpoint(url: str) -> dict[str, str]:
    return {"id": url, "interface": "public", "region": "CloudOne", "region_id": "CloudOne", "url": url}


def _handler(cloud: FakeCloud) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = self.path.partition("?")[0]
            headers = [
                self.headers.get(name) for name in ("X-Scope", "X-Scope-Force", "X-OpenStack-Request-Id", "X-Scope-Strict")
            ]
            seen = Seen(self.command, path, *headers)
            cloud.seen.append(seen)
            answer = cloud.routes.get((self.command, path.rstrip("/"))) or cloud.otherwise(seen)
            answer = answer or Answer(404, {"error": {"code": 404, "message": path}})
            body = json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in (*answer.headers, ("Content-Type", "application/json"), ("Content-Length", str(len(body)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _answer  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            """Stay silent."""

    return Handler


@pytest.fixture
def new_cloud() -> Iterator[Callable[[], FakeCloud]]:
    """Give a function that starts one more origin."""
    servers: list[tuple[ThreadingHTTPServer, threading.Thread]] = []

    def start() -> FakeCloud:
        cloud = FakeCloud()
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(cloud))
        server.daemon_threads = True
        cloud.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        servers.append((server, thread))
        return cloud

    yield start
    for server, thread in servers:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def cloud(new_cloud: Callable[[], FakeCloud]) -> FakeCloud:
    """Give a cloud with identity and image at one origin."""
    cloud = new_cloud()
    cloud.add_identity(f"{cloud.url}/image")
    cloud.add_images("cirros")
    return cloud


@dataclass
class OpenStack:
    """The stock ``openstack`` command, in an environment of its own with one clouds.yaml.

    Without ``preloaded`` it is the installed script, in a process of its own.
    """

    home: Path
    preloaded: PreloadedCommand | None
    clouds: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, cloud: FakeCloud, **settings: object) -> None:
        """Write an entry for ``cloud`` into clouds.yaml."""
        auth = {
            "auth_url": f"{cloud.url}/identity/v3",
            "username": "demo",
            "password": "secret-password",
            "project_name": "demo",
            "user_domain_name": "Default",
            "project_domain_name": "Default",
        }
        self.clouds[name] = {"auth": auth, "identity_api_version": "3", **settings}
        (self.home / "clouds.yaml").write_text(yaml.safe_dump({"clouds": self.clouds}))

    def __call__(self, *arguments: str, stdin: str = "") -> Outcome:
        """Run the command."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "OS_CLIENT_CONFIG_FILE": str(self.home / "clouds.yaml"),
            **self.environment,
        }
        if self.preloaded is not None:
            return self.preloaded(arguments, environment, self.home, stdin)
        command = [str(Path(sys.executable).parent / "openstack"), *arguments]
        done = subprocess.run(
            command, check=False, env=environment, cwd=self.home, input=stdin, capture_output=True, text=True, timeout=240
        )
        return Outcome(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PreloadedCommand]:
    """Run commands in forks of one process, which has imported them."""
    with preloaded(tmp_path_factory.mktemp("commands")) as command:
        yield command


@pytest.fixture
def openstack(tmp_path: Path, cloud: FakeCloud, commands: PreloadedCommand) -> OpenStack:
    """Give the command with the entry ``CloudOne``, which is the cloud that it uses."""
    command = OpenStack(tmp_path, commands)
    command.add("CloudOne", cloud)
    return command


@pytest.fixture
def installed(tmp_path: Path, cloud: FakeCloud) -> OpenStack:
    """Give the same command by the script that is installed, in a process of its own."""
    command = OpenStack(tmp_path, None)
    command.add("CloudOne", cloud)
    return command
