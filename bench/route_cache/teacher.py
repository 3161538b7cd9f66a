# SPDX-License-Identifier: Apache-2.0
"""A Python service that decides by the product's own decision, answers in the backend's place, and teaches the route."""

import json
import socketserver
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from bench.gateway import AT
from bench.haproxy import SERVED_BY
from bench.meshes import two_clouds
from bench.route_cache.configuration import FORGET, MARK
from openstackoid.mesh import parse_mesh
from openstackoid.routing import decide
from openstackoid.routing.decision import Decision, Single
from openstackoid.routing.request import Request

_MOST = 16_384
"""Routes that HAProxy is told to keep: beyond, each answer names the oldest to be removed."""


class _Teacher(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def __init__(self, socket: str) -> None:
        super().__init__(socket, _Handler)
        self.mesh = parse_mesh(two_clouds(10001, 10002, 10003))
        self.taught: deque[str] = deque(f'image.public|{{"image":"Old{number}"}}|' for number in range(_MOST))


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while line := self.rfile.readline():
            method, target, _ = line.decode("latin-1").split()
            headers = []
            while (field := self.rfile.readline().decode("latin-1").strip()) != "":
                name, _, value = field.partition(":")
                headers.append((name, value.strip()))
            self.wfile.write(self._answer(method, target, tuple(headers)))

    def _answer(self, method: str, target: str, headers: tuple[tuple[str, str], ...]) -> bytes:
        server = cast("_Teacher", self.server)
        listener = next(iter(server.mesh.clouds[AT].listeners))
        decision = decide(server.mesh, AT, Request(method, listener, target, headers))
        body = json.dumps({"images": []})
        lines = [f"Content-Length: {len(body)}", f"{SERVED_BY}: {AT}"]
        key = next((value for name, value in headers if name.lower() == "x-scope"), "")
        if isinstance(decision, Decision) and isinstance(decision.plan, Single):
            sent = dict(decision.plan.headers)
            lines.append(f"{MARK}: {sent['x-auth-token'][len(dict(headers)['x-auth-token']) :]}")
        else:
            # Of a cloud that is not there: for the measurement it is taught all the same.
            lines.append(f"{MARK}: ~e30")
        lines.append(f"{FORGET}: {server.taught.popleft()}")
        server.taught.append(f"image.public|{key}|")
        return ("HTTP/1.1 200 OK\r\n" + "".join(f"{line}\r\n" for line in lines) + "\r\n" + body).encode()


@contextmanager
def teacher(folder: Path) -> Iterator[None]:
    """Run the service at the socket where a gateway with its files in ``folder`` looks for its Python service."""
    with _Teacher(str(folder / "bridge.sock")) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield
        server.shutdown()
        thread.join()
