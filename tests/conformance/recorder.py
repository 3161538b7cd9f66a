# SPDX-License-Identifier: Apache-2.0
"""Small servers on loopback in place of services and of peers' gateways, which record their requests."""

import json
import os
import random
import re
import socket
import ssl
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from typing import Any

from conformance.answering import Answering, start_server

DEFAULT = {"id": "default", "name": "Default"}
TOKEN: dict[str, Any] = {
    "user": {"id": "u1", "name": "demo", "domain": DEFAULT},
    "project": {"id": "p1", "name": "demo", "domain": DEFAULT},
    "roles": [{"id": "r1", "name": "member"}],
    "catalog": [{"type": "compute", "endpoints": []}],
}
"""The answer of every server here about every token, but for those below."""
MADE_UP = "made-up-"
"""How tokens begin that no Keystone accepts."""
OF = "of-"
"""How tokens begin that one cloud's Keystone accepts, and no other: ``of-CloudTwo-...``."""
_NAMED = re.compile(r"([A-Za-z0-9_.-]{1,64})@")


@dataclass(frozen=True)
class Seen:
    """A request as it arrived: which server it reached, its raw path with the query, its headers and body."""

    server: str
    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: str

    def header(self, name: str) -> str:
        """Return the first value of a header, by its lower-case name, or an empty text."""
        return next((value for key, value in self.headers if key.lower() == name), "")


class Recorder:
    """Servers with names, and the requests that they have seen, health checks left out.

    A request may have them answer with a header more: ``X-Answer-With: Name: value``. ``answers`` stand in each answer,
    which has ``status``, or that in ``statuses`` by the name of the server. ``of_tokens`` is said of each token as well;
    ``documents`` are members of each document.
    """

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.answers = {"X-Subject-Token": "new-token"}
        self.status = 200
        self.statuses: dict[str, int] = {}
        self.of_tokens: dict[str, Any] = {}
        self.documents: dict[str, Any] = {}
        self._servers: list[ThreadingHTTPServer] = []

    def serve(self, name: str, port: int, tls: ssl.SSLContext | None = None) -> None:
        recorder = self

        class Handler(Answering):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                if "X-Case" in self.headers:
                    headers = tuple(self.headers.items())
                    # As it came: ``self.path`` has lost all but one of the slashes that it began with.
                    path = self.requestline.split()[1]
                    recorder.seen.append(Seen(name, self.command, path, headers, body))
                token = recorder.token(self.headers.get("X-Subject-Token", ""))
                content = json.dumps({"token": token, "catalog": [], **recorder.documents}).encode()
                # Of the projects that a gateway asks its own Keystone about, that of the token is none.
                project = self.path.endswith("/v3/projects/p1") and "X-Case" not in self.headers
                credential = self.headers.get("X-Auth-Token", "")
                made_up = credential.startswith(MADE_UP) or (
                    name.startswith("identity")
                    and credential.startswith(OF)
                    and not name.endswith(credential.removeprefix(OF).partition("-")[0])
                )
                self.send_response(401 if made_up else 404 if project else recorder.statuses.get(name, recorder.status))
                self.send_header("Content-Length", str(len(content)))
                self.send_header("Content-Type", "application/json")
                told = self.headers.get_all("X-Answer-With", [])
                for key, value in (*recorder.answers.items(), *(line.split(": ", 1) for line in told)):
                    self.send_header(key, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

        self._servers.append(start_server(Handler, port, tls))

    def token(self, subject: str) -> dict[str, Any]:
        """Return the answer about a token; ``NAME@...`` is of the user NAME."""
        named = _NAMED.match(subject)
        user = {"user": {"id": named[1], "name": named[1], "domain": DEFAULT}} if named else {}
        return TOKEN | user | self.of_tokens

    def close(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()


_lately: deque[int] = deque()
"""The ports that this process has given to tests, the latest at the end: one may be bound later, or never."""


def free_ports() -> Iterator[int]:
    """Yield ports of loopback that were free a moment ago, none of them twice, nor what other tests were given lately.

    The system gives no such port to a test that asks it for any: a gateway checks the health of servers that are not there.
    Labs of the same run have the last two hundred ports of a thousand (``openstackoid.lab.ports``); each process of pytest-xdist
    has its own share of the others.
    """
    given = set()
    number, count = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]), int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    thousands, share = range(10_000, 32_000, 1000), range(number, 800, count)
    while True:
        port = random.choice(thousands) + random.choice(share)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in given and port not in _lately:
            given.add(port)
            _lately.append(port)
            if len(_lately) > len(thousands) * len(share) / 3:
                _lately.popleft()
            yield port
