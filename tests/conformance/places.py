# SPDX-License-Identifier: Apache-2.0
"""A gateway with few places, and requests that take them."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from conformance.hostile import ODD, Arrived, Site, from_address, hostile_site
from waiting import until

USER, OTHER, ATTACKER, PROXY = "127.0.0.3", "127.0.0.4", "127.0.0.2", "127.0.0.9"
GOOD, MADE_UP = "good", "made-up"
SCOPE = 'X-Scope: {"image":"CloudTwo"}\r\n'
SHARE = 8
"""The least share of a client."""
POLICY = "{peers: {CloudTwo: {services: {'*': all}, people: [{name: anyone, roles: [member]}]}}}"
DOCUMENT = {
    "methods": ["password"],
    "user": {"id": "u1", "name": "ada", "domain": {"id": "default", "name": "Default"}},
    "project": {"id": "p1", "name": "demo", "domain": {"id": "default", "name": "Default"}},
    "roles": [{"id": "r1", "name": "member"}],
}


def keystone(connection: socket.socket, request: Arrived) -> None:
    """Accept tokens that begin as the good ones do."""
    accepted = request.values("x-subject-token")[0].startswith(GOOD)
    body = json.dumps({"token": DOCUMENT} if accepted else {"error": {"code": 401}}).encode()
    status = b"200 OK" if accepted else b"401 Unauthorized"
    connection.sendall(b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (status, len(body)) + body)


@contextmanager
def guarded(limits: str = "", more: str = "") -> Iterator[Site]:
    """Start a gateway whose Keystone tells good tokens from others."""
    with hostile_site(f"{{bridge: 40, wait: 1{limits}}}", policy=POLICY, gateway=more) as site:
        site.plays["identity"] = keystone
        yield site


def write(token: str = GOOD, more: str = "", scope: str = SCOPE) -> bytes:
    """Return a request that the Python service forwards once a Keystone has accepted its token."""
    head = f"POST /compute/v2.1/os-keypairs HTTP/1.1\r\nHost: h\r\nX-Auth-Token: {token}\r\n{scope}{more}"
    return f"{head}Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}".encode()


def read(token: str = MADE_UP) -> bytes:
    """Return a request that the Python service forwards with any token."""
    return f"GET /image/a HTTP/1.1\r\nHost: h\r\n{ODD['CloudOne'].replace('tok', token, 1)}Connection: close\r\n\r\n".encode()


@contextmanager
def held(site: Site, address: str, request: bytes, number: int, name: str = "compute") -> Iterator[None]:
    """Have the Python service wait for the answers to so many requests."""
    release = threading.Event()

    def hold(connection: socket.socket, _: Arrived) -> None:
        release.wait(30)
        with contextlib.suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    site.plays[name] = hold
    site.arrived.clear()
    with ExitStack() as stack:
        for _ in range(number):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", site.ports["gate"]), 10, (address, 0)))
            connection.sendall(request)
        until(lambda: sum(one.server == name for one in site.arrived) == number)
        del site.plays[name]
        yield
        release.set()


def message(site: Site, address: str, request: bytes) -> tuple[int, str]:
    """Send a request; return the status, and the message of an error."""
    (answer,) = from_address(site, address, request).answers
    return answer.status, json.loads(answer.body)["error"]["message"] if answer.status >= 400 else ""
