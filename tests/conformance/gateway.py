# SPDX-License-Identifier: Apache-2.0
"""A real HAProxy with the compiled configuration, with or without the Python service, among servers that remember."""

import http.client
import json
import os
import subprocess
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import IO, Any

from conformance.case import Case, auth, plain, sent
from conformance.clouds import description
from conformance.forked_bridge import ForkedBridge
from conformance.recorder import Recorder, free_ports
from conformance.routes import with_routes
from openstackoid.binding.rotation import set_up
from openstackoid.haproxy import Runtime, compile_gateway
from openstackoid.haproxy.binary import find_haproxy
from openstackoid.haproxy.compile import LOOPBACK
from openstackoid.haproxy.delegated_downloads import SEAL_VARIABLE
from openstackoid.haproxy.guests import SALT_VARIABLE
from openstackoid.mesh import Listener, Mesh, parse_mesh
from openstackoid.routing import Headers
from unit.bridge.haproxy import listens

# Another HAProxy than the bundled one: ``OPENSTACKOID_TEST_HAPROXY=system`` or a path.
HAPROXY = find_haproxy(os.environ.get("OPENSTACKOID_TEST_HAPROXY", "bundled"))
SECRET = token_hex()
"""The secret by which each HAProxy here seals opened tokens."""


@dataclass(frozen=True)
class Answer:
    """The client's answer: the status, and the message of an error body or an empty string."""

    status: int
    message: str
    content_type: str


@dataclass
class RunningGateway:
    """The gateway of one cloud, the recorder of all that lies around it, and where its parts meet."""

    at: str
    mesh: Mesh
    recorder: Recorder
    runtime: Runtime
    pids: tuple[int, ...] = ()
    _connections: dict[Listener, http.client.HTTPConnection] = field(default_factory=dict)

    @property
    def log(self) -> list[bytes]:
        """The lines that the Python service has shown of HAProxy's log, where it reads that."""
        lines = Path(self.runtime.bridge_socket).with_name("bridge.log").read_bytes().splitlines()
        return [line for line in lines if b" haproxy " in line]

    def audited(self, number: int = 1) -> list[dict[str, Any]]:
        """Return the lines of the audit log, which are written when a request has ended: as soon as there are so many."""
        path = Path(self.runtime.bridge_socket).with_name("audit.log")
        path.touch()
        _wait(lambda: path.read_bytes().count(b"\n") >= number)
        return [json.loads(line) for line in path.read_text().splitlines()]

    def listener(self, key: str) -> Listener:
        return next(endpoint.listener for endpoint in self.mesh.clouds[self.at].endpoints if endpoint.key == key)

    def send(self, case: Case) -> Answer:
        """Send a request on a connection that the one before it may have used."""
        listener = self.listener(case.to)
        connection = self._connections.setdefault(listener, http.client.HTTPConnection(listener.host, listener.port, timeout=60))
        try:
            return _exchange(connection, case)
        except (http.client.RemoteDisconnected, ConnectionError):
            # The gateway ended the connection after its last answer.
            connection.close()
            self.recorder.seen.clear()
            return _exchange(connection, case)
        except BaseException:
            connection.close()
            raise

    def prime(self, case: Case) -> None:
        """Have the gateway remember the scope of the workflow that the case continues, as a request of a user would."""
        assert case.remembered is not None
        known = [pair for pair in case.headers if pair[0] == "X-OpenStack-Request-Id"]
        network = next(endpoint for endpoint in self.mesh.clouds[self.at].endpoints if endpoint.service == "network")
        path = f"{network.frontend.prefix}/v2.0/ports"
        headers = (auth("user"), plain(case.remembered), *known)
        answer = self.send(Case("prime", sent(self.at, path), path, headers, "POST", self.at, network.key, body="{}"))
        assert answer.status == 200, answer.message

    @contextmanager
    def without_python(self) -> Iterator[None]:
        """Take the Python service away for a while; the HAProxy must be one of :func:`forgetful`."""
        path = Path(self.runtime.bridge_socket)
        away = path.rename(path.with_name("away.sock"))
        try:
            yield
        finally:
            away.rename(path)

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()


def forgetful(text: str) -> str:
    """Edit a configuration of HAProxy so that each request to the Python service has a connection of its own."""
    return text.replace("\nbackend bridge from gateway\n", "\nbackend bridge from gateway\n    option http-server-close\n")


def _exchange(connection: http.client.HTTPConnection, case: Case) -> Answer:
    body = None if case.body is None else case.body.encode()
    connection.putrequest(case.method, case.path, skip_accept_encoding=True)
    connection.putheader("X-Case", "conformance")
    for name, value in case.headers:
        connection.putheader(name, value.encode("latin-1"))
    if body is not None:
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    response = connection.getresponse()
    content = response.read()
    kind = response.getheader("Content-Type", "")
    error = json.loads(content).get("error", {}) if content and kind.startswith("application/json") else {}
    return Answer(response.status, error.get("message", content.decode() if not error else ""), kind)


@contextmanager
def running_gateway(
    at: str,
    *,
    with_bridge: bool,
    down: tuple[str, ...] = (),
    bridge_log: IO[bytes] | None = None,
    taught: Collection[Headers] = (),
) -> Iterator[RunningGateway]:
    """Start the gateway of ``at``, its backends and its peers' frontends but for those ``down``; stop them at the end."""
    with running_gateways(at, with_bridge=with_bridge, down=down, bridge_log=bridge_log, taught=taught) as (gateway,):
        yield gateway


@contextmanager
def running_gateways(
    *at: str,
    with_bridge: bool = True,
    down: tuple[str, ...] = (),
    audited: bool = False,
    edit: Callable[[str], str] = str,
    edit_haproxy: Callable[[str], str] = str,
    bridge_log: IO[bytes] | None = None,
    taught: Collection[Headers] = (),
) -> Iterator[list[RunningGateway]]:
    """Start several gateways of one mesh; the recorder plays other endpoints that are not ``down``."""
    text = edit(description(free_ports()))
    mesh = parse_mesh(text)
    recorder = Recorder()
    with ExitStack() as stack:
        stack.callback(recorder.close)
        _serve_all(recorder, mesh, at, down)
        gateways = []
        for name in at:
            places = stack.enter_context(
                started(
                    text,
                    name,
                    with_bridge=with_bridge,
                    audited=audited,
                    bridge_log=bridge_log,
                    edit_haproxy=edit_haproxy,
                    taught=taught,
                )
            )
            gateways.append(RunningGateway(name, mesh, recorder, *places))
            stack.callback(gateways[-1].close)
        yield gateways


@contextmanager
def started(
    text: str,
    at: str,
    *,
    with_bridge: bool,
    audited: bool = False,
    bridge_log: IO[bytes] | None = None,
    edit_haproxy: Callable[[str], str] = str,
    taught: Collection[Headers] = (),
    addresses: Mapping[str, str] = LOOPBACK,
    own_keys: Path | None = None,
    secret: dict[str, str] | None = None,
) -> Iterator[tuple[Runtime, tuple[int, ...]]]:
    """Start the two processes of the gateway of ``at``, and nothing around it; yield where they meet, and their ids.

    ``edit_haproxy`` changes what HAProxy is told; it knows the routes of requests with the headers in ``taught``.

    ``own_keys``: the folder of its keys, which then outlives it. ``secret``: what HAProxy finds in its environment in place of
    :data:`SECRET`.

    ``audited``: the bridge reads HAProxy's log. ``bridge_log`` is where the bridge writes its own, in the place of standard
    error; where it is audited, that is the file ``bridge.log``.
    """
    mesh = parse_mesh(text)
    processes: list[subprocess.Popen[bytes] | ForkedBridge] = []
    with TemporaryDirectory(prefix="oid-") as folder, ExitStack() as stack:
        sockets = Runtime.of(folder)
        keys = None if mesh.clouds[at].tls is None else Path(folder, "keys")
        if keys is not None:
            set_up(keys, time.time())
        bridge_keys = keys or own_keys
        try:
            if with_bridge:
                Path(folder, "mesh.yaml").write_text(text)
                options = ["--cloud", at, "--config", f"{folder}/mesh.yaml", "--socket", sockets.bridge_socket]
                options += ["--audit-log", f"{folder}/audit.log"]
                if bridge_keys is not None:
                    options += ["--keys", str(bridge_keys)]
                if audited:
                    options += ["--log-socket", sockets.log_socket]
                    bridge_log = stack.enter_context(Path(folder, "bridge.log").open("wb"))
                options += ["--haproxy-socket", sockets.stats_socket, "--records-socket", sockets.records_socket]
                processes.append(ForkedBridge(options, bridge_log))
                _wait(lambda: Path(sockets.bridge_socket).exists())
            files = compile_gateway(mesh, at, sockets, addresses=addresses)
            for name, content in with_routes(files, mesh, at, taught, keys).items():
                Path(folder, name).write_text(edit_haproxy(content))
            # Quiet, it does not complain that nothing reads its log.
            command = [str(HAPROXY.path), "-db", *([] if audited else ["-q"]), "-f", f"{folder}/haproxy.cfg"]
            secrets = {SALT_VARIABLE: token_hex()} | ({SEAL_VARIABLE: SECRET} if secret is None else secret)
            haproxy = subprocess.Popen(command, env=HAPROXY.environment() | secrets)
            processes.append(haproxy)
            _wait(lambda: haproxy.poll() is not None or listens(sockets.stats_socket))
            assert haproxy.poll() is None, "HAProxy refuses its configuration"
            yield sockets, tuple(process.pid for process in processes)
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(60)


def _serve_all(recorder: Recorder, mesh: Mesh, at: tuple[str, ...], down: tuple[str, ...]) -> None:
    """Serve each backend of the clouds whose gateways run, and each socket of their peers, once."""
    ports: dict[int, str] = {}
    for name, cloud in mesh.clouds.items():
        for endpoint in cloud.endpoints:
            port = endpoint.backends[0].port if name in at else endpoint.frontend.port
            ports.setdefault(port, name)
    for port, name in ports.items():
        if name not in down:
            recorder.serve(name, port)


def _wait(ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not ready():
        assert time.monotonic() < deadline, "the gateway did not start"
        time.sleep(0.02)
