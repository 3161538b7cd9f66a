# SPDX-License-Identifier: Apache-2.0
"""A real gateway for tests: the command, a real HAProxy and the real Python service, on free ports of the loopback."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil

PATIENCE = 120.0


class Echo(BaseHTTPRequestHandler):
    """A service that answers with the path that it was asked for."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self.answer(self.path.encode())

    def answer(self, body: bytes, kind: str | None = None) -> None:
        self.send_response(200)
        if kind is not None:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""


class Server(ThreadingHTTPServer):
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A health check that hangs up early is not an error."""


@contextmanager
def serving(server: ThreadingHTTPServer) -> Iterator[int]:
    """Run a server in a thread and give its port."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def service() -> AbstractContextManager[int]:
    """Run a service and give its port."""
    return serving(Server(("127.0.0.1", 0), Echo))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def description(port: int, backend: int, peer: str = "CloudTwo") -> str:
    return f"""\
mesh: 1
clouds:
  CloudOne:
    gateway: {{unbound_tokens: true}}
    services:
      identity: {{frontend: "http://127.0.0.1:{port}/identity", backend: "http://127.0.0.1:{backend}/identity"}}
      image: {{frontend: "http://127.0.0.1:{port}/image", backend: "http://127.0.0.1:{backend}/image"}}
  {peer}:
    services:
      image: {{frontend: "http://127.0.0.1:9/image"}}
"""


def with_settings(text: str, settings: str) -> str:
    """Return a description with further settings of CloudOne's gateway."""
    if "gateway: {" in text:
        return text.replace("gateway: {", f"gateway: {{{settings}, ", 1)
    return text.replace("  CloudOne:\n", f"  CloudOne:\n    gateway: {{{settings}}}\n", 1)


class Gateway:
    """``openstackoid gateway run`` of CloudOne as a process of its own."""

    def __init__(self, folder: Path, port: int, backend: int) -> None:
        self.config = folder / "mesh.yaml"
        self.state = folder / "state"
        self.port = port
        self.backend = backend
        self.log = folder / "gateway.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.describe("CloudTwo")

    def describe(self, peer: str) -> None:
        self.config.write_text(description(self.port, self.backend, peer))

    @property
    def argv(self) -> list[str]:
        command = [sys.executable, "-W", "error", "-m", "openstackoid", "gateway", "run", "--cloud", "CloudOne"]
        return [*command, "--config", str(self.config), "--state-dir", str(self.state)]

    def renew(self) -> None:
        """Have it run as at the beginning, started only if it does not run, with an empty log."""
        self.describe("CloudTwo")
        if self.process is None or self.process.poll() is not None:
            self.start()
        else:
            said = self.said().count("has reloaded") + self.said().count("no change for")
            self.hang_up()
            until = time.monotonic() + PATIENCE
            while self.said().count("has reloaded") + self.said().count("no change for") == said:
                assert time.monotonic() < until, self.said()
                time.sleep(0.02)
        self.log.write_text("")

    def start(self) -> None:
        with self.log.open("a") as log:
            self.process = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stderr=log)
        self.wait_for("is ready on")

    @property
    def running(self) -> "subprocess.Popen[bytes]":
        assert self.process is not None
        return self.process

    def said(self) -> str:
        return self.log.read_text()

    def wait_for(self, text: str, times: int = 1) -> None:
        until = time.monotonic() + PATIENCE
        while self.said().count(text) < times:
            assert time.monotonic() < until, f"'{text}' was not said {times} times:\n{self.said()}"
            assert self.running.poll() is None, f"it ended:\n{self.said()}"
            time.sleep(0.02)

    def hang_up(self) -> None:
        os.kill(self.running.pid, signal.SIGHUP)

    def parts(self) -> dict[str, psutil.Process]:
        """Its children by what they run."""
        found = {}
        for child in psutil.Process(self.running.pid).children():
            if child.status() != psutil.STATUS_ZOMBIE:
                found["bridge" if "openstackoid.bridge" in child.cmdline() else "haproxy"] = child
        return found

    def haproxies(self) -> list[psutil.Process]:
        """Its HAProxies, including those that finish the requests of an earlier time."""
        children = psutil.Process(self.running.pid).children()
        return [one for one in children if one.status() != psutil.STATUS_ZOMBIE and "haproxy" in one.name()]

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def stop(self) -> int:
        """Tell it to stop, if it runs, and return its exit code."""
        if self.running.poll() is None:
            self.running.terminate()
        return self.running.wait(PATIENCE)


def gone(processes: list[psutil.Process]) -> bool:
    """Whether none of the processes runs, within half a minute; zombies do not run."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if all(not process.is_running() or process.status() == psutil.STATUS_ZOMBIE for process in processes):
            return True
        time.sleep(0.02)
    return False


class Client(threading.Thread):
    """Sends requests until it is told to stop; with ``keep`` over one connection for as long as the gateway lets it."""

    def __init__(self, connect: Callable[[], HTTPConnection], keep: bool, pause: float, body: str = "/image/v2/images") -> None:
        super().__init__()
        self.connect, self.keep, self.pause, self.body = connect, keep, pause, body.encode()
        self.answered, self.lost = 0, list[str]()
        self.enough = threading.Event()

    def run(self) -> None:
        connection = None
        while not self.enough.is_set():
            connection = connection or self.connect()
            try:
                connection.request("GET", "/image/v2/images")
                response = connection.getresponse()
                assert (response.status, response.read()) == (200, self.body)
                self.answered += 1
            except (OSError, HTTPException, AssertionError) as error:
                self.lost.append(repr(error))
            if not self.keep or self.lost or response.will_close:
                connection.close()
                connection = None
            self.enough.wait(self.pause)
        if connection is not None:
            connection.close()


@contextmanager
def sending(clients: Sequence[Client]) -> Iterator[None]:
    """Have clients send requests meanwhile; at the end, each has its last answer."""
    for client in clients:
        client.start()
    try:
        yield
    finally:
        for client in clients:
            client.enough.set()
        for client in clients:
            client.join()


def health(gateway: Gateway) -> dict[str, str]:
    """Return the health of each cloud, as the page of the gateway says it."""
    status, body = gateway.get("/.openstackoid/mesh")
    return {cloud["name"]: cloud["health"] for cloud in json.loads(body)["clouds"]} if status == 200 else {}
