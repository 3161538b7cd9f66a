# SPDX-License-Identifier: Apache-2.0
"""A service with more time than the others has it at each hop: at its backend, behind the Python service, and at a peer."""

import http.client
import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from conformance.case import unseen
from conformance.gateway import HAPROXY, started
from conformance.recorder import free_ports

SLOW = 2.5
"""Seconds that a service needs: more than the gateway's second, less than the image service has."""


class Slow(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if "/slow" in self.path:
            time.sleep(SLOW)
        self.answer()

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer()

    def answer(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A gateway that does not wait is not an error."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    ports = free_ports()
    gate = next(ports)
    lines = ["mesh: 1", "clouds:", "  One:"]
    lines += ["    gateway: {timeouts: {client: 1, server: 1s, check: 100}, limits: {exempt: [127.0.0.1]}}", "    services:"]
    with ExitStack() as stack:
        served = []
        for _ in range(2):
            server = Server(("127.0.0.1", next(ports)), Slow)
            Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            served.append(server.server_address[1])
        for service, waits in (("image", ", timeouts: {client: 8s, server: 0.1m}"), ("compute", "")):
            frontend, backend = f"http://127.0.0.1:{gate}/{service}", f"http://127.0.0.1:{served[0]}/{service}"
            lines.append(f"      {service}: {{frontend: '{frontend}', backend: '{backend}'{waits}}}")
        lines += ["  Two:", "    services:"]
        lines += [f"      {service}: {{frontend: 'http://127.0.0.1:{served[1]}/{service}'}}" for service in ("image", "compute")]
        stack.enter_context(started("\n".join(lines), "One", with_bridge=True))
        yield gate


def ask(port: int, path: str, scope: str | None) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path, headers={"X-Auth-Token": "tok", **({"X-Scope": scope} if scope else {})})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def ways(service: str) -> list[str | None]:
    """Return the scopes of requests that stay, by HAProxy and by Python, and that leave, by Python and by HAProxy."""
    there = f'{{"{service}":"Two"}}'
    return [None, unseen(f'{{"{service}":"One"}}'), there, there]


def test_a_service_with_its_own_time_has_it(port: int) -> None:
    for scope in ways("image"):
        # Glance's first request teaches the route.
        assert ask(port, "/image/v2/images", scope)[0] == 200
        assert ask(port, "/image/v2/images/slow", scope) == (200, "{}")


def test_any_other_has_that_of_the_gateway(port: int) -> None:
    for scope in ways("compute"):
        status, content = ask(port, "/compute/slow", scope)
        assert status == 504
        assert "within 1 s" in json.loads(content)["error"]["message"]


@pytest.mark.parametrize("service", ["image", "compute"])
def test_a_client_may_pause_for_as_long_as_its_service_allows(service: str, port: int) -> None:
    head = f"PUT /{service}/v2/images/1/file HTTP/1.1\r\nHost: h\r\nX-Auth-Token: tok\r\nContent-Length: 4\r\n\r\nab"
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        client.sendall(head.encode())
        time.sleep(SLOW)
        client.sendall(b"cd")
        status = client.recv(100).split(b" ")[1:2]
    # HAProxy 2.6 counts the pause as one of the service, too.
    others = ([b"400"], [b"408"]) if HAPROXY.version >= (3, 0) else ([b"200"], [b"504"])
    assert status in (([b"200"],) if service == "image" else others)
