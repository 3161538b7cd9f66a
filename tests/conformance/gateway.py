# SPDX-License-Identifier: Apache-2.0
"""A real HAProxy with the compiled configuration, with or without the Python service, among servers that remember."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from conformance.case import Case
from conformance.clouds import description
from conformance.recorder import Recorder, free_ports
from openstackoid.haproxy import Runtime, compile_gateway
from openstackoid.haproxy.binary import find_haproxy
from openstackoid.mesh import Listener, Mesh, parse_mesh

# Another HAProxy than the bundled one: ``OPENSTACKOID_TEST_HAPROXY=system`` or a path.
HAPROXY = find_haproxy(os.environ.get("OPENSTACKOID_TEST_HAPROXY", "bundled"))


@dataclass(frozen=True)
class Answer:
    """What the client got: the status, and the message of an error body or an empty string."""

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

    def listener(self, key: str) -> Listener:
        return next(endpoint.listener for endpoint in self.mesh.clouds[self.at].endpoints if endpoint.key == key)

    def send(self, case: Case) -> Answer:
        listener = self.listener(case.to)
        connection = http.client.HTTPConnection(listener.host, listener.port, timeout=10)
        try:
            connection.putrequest(case.method, case.path, skip_accept_encoding=True)
            connection.putheader("X-Case", "conformance")
            for name, value in case.headers:
                connection.putheader(name, value.encode("latin-1"))
            if case.body is not None:
                connection.putheader("Content-Type", "application/json")
                connection.putheader("Content-Length", str(len(case.body)))
            connection.endheaders(case.body.encode() if case.body is not None else None)
            response = connection.getresponse()
            body = response.read()
            kind = response.getheader("Content-Type", "")
            error = json.loads(body).get("error", {}) if body and kind.startswith("application/json") else {}
            return Answer(response.status, error.get("message", body.decode() if not error else ""), kind)
        finally:
            connection.close()


@contextmanager
def running_gateway(at: str, *, with_bridge: bool, down: tuple[str, ...] = ()) -> Iterator[RunningGateway]:
    """Start the gateway of ``at``, its backends and its peers' frontends but for those ``down``; stop what was started."""
    with running_gateways(at, with_bridge=with_bridge, down=down) as (gateway,):
        yield gateway


@contextmanager
def running_gateways(*at: str, with_bridge: bool = True, down: tuple[str, ...] = ()) -> Iterator[list[RunningGateway]]:
    """Start several gateways of one mesh; what is neither theirs nor ``down`` is played by the recorder."""
    text = description(free_ports())
    mesh = parse_mesh(text)
    recorder = Recorder()
    with ExitStack() as stack:
        stack.callback(recorder.close)
        _serve_all(recorder, mesh, at, down)
        yield [
            RunningGateway(name, mesh, recorder, *stack.enter_context(started(text, name, with_bridge=with_bridge)))
            for name in at
        ]


@contextmanager
def started(text: str, at: str, *, with_bridge: bool) -> Iterator[tuple[Runtime, tuple[int, ...]]]:
    """Start the two processes of the gateway of ``at``, and nothing around it; yield where they meet, and their ids."""
    mesh = parse_mesh(text)
    processes: list[subprocess.Popen[bytes]] = []
    with TemporaryDirectory(prefix="oid-") as folder:
        sockets = Runtime(f"{folder}/bridge.sock", f"{folder}/stats.sock", f"{folder}/records.sock")
        try:
            if with_bridge:
                Path(folder, "mesh.yaml").write_text(text)
                command = [sys.executable, "-m", "openstackoid.bridge", "--cloud", at]
                command += ["--config", f"{folder}/mesh.yaml", "--socket", sockets.bridge_socket]
                command += ["--haproxy-socket", sockets.stats_socket, "--records-socket", sockets.records_socket]
                processes.append(subprocess.Popen(command))
                _wait(lambda: Path(sockets.bridge_socket).exists())
            for name, content in compile_gateway(mesh, at, sockets).items():
                Path(folder, name).write_text(content)
            command = [str(HAPROXY.path), "-db", "-q", "-f", f"{folder}/haproxy.cfg"]
            processes.append(subprocess.Popen(command, env=HAPROXY.environment(), stdout=subprocess.DEVNULL))
            _wait(lambda: Path(sockets.stats_socket).exists())
            yield sockets, tuple(process.pid for process in processes)
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(10)


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
    deadline = time.monotonic() + 10
    while not ready():
        assert time.monotonic() < deadline, "the gateway did not start"
        time.sleep(0.02)
