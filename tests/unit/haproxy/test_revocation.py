# SPDX-License-Identifier: Apache-2.0
"""HAProxy opens no connection to a peer whose certificate has been revoked, and accepts none of it."""

import os
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from openstackoid.certs import issue, make_authority, revoke
from openstackoid.haproxy.binary import find_haproxy
from openstackoid.haproxy.tls import bind_options, peer_options
from openstackoid.mesh import Tls, parse_mesh
from unit.gateway.running import free_port, serving
from waiting import until

HAPROXY = find_haproxy(os.environ.get("OPENSTACKOID_TEST_HAPROXY", "bundled"))
MESH = """
mesh: 1
clouds:
  CloudOne:
    gateway: {{tls: {{certificate: {folder}/CloudOne.pem, authority: {folder}/authority.pem, revoked: {folder}/revoked.pem}}}}
    services: {{image: {{frontend: "https://127.0.0.1:{port}/image", backend: "http://127.0.0.1:9"}}}}
"""
CONFIGURATION = """
defaults
    mode http
    timeout connect 3s
    timeout client 3s
    timeout server 3s
frontend plain
    bind 127.0.0.1:{plain}
    http-request set-var(txn.cloud) str(CloudTwo)
    default_backend peer
frontend secure
    bind 127.0.0.1:{secure}{bind}
    http-request return status 200 if {{ ssl_c_used }}
    http-request return status 401
backend peer
    server gateway 127.0.0.1:{peer}{server}
"""


class Peer(ThreadingHTTPServer):
    """CloudTwo's gateway."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep the test's output clean."""


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""


@contextmanager
def peer(folder: Path) -> Iterator[int]:
    server = Peer(("127.0.0.1", 0), Answer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "CloudTwo.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    with serving(server) as port:
        yield port


@contextmanager
def haproxy(folder: Path, to: int) -> Iterator[tuple[int, int]]:
    plain, secure = free_port(), free_port()
    cloud = parse_mesh(MESH.format(folder=folder, port=secure)).clouds["CloudOne"]
    assert cloud.tls is not None
    assert cloud.tls == Tls(f"{folder}/CloudOne.pem", f"{folder}/authority.pem", f"{folder}/revoked.pem")
    (listener,) = cloud.listeners
    lines = {"bind": bind_options(cloud, [listener], cloud.tls), "server": peer_options(cloud.tls)}
    (folder / "haproxy.cfg").write_text(CONFIGURATION.format(plain=plain, secure=secure, peer=to, **lines))
    command = [str(HAPROXY.path), "-db", "-f", str(folder / "haproxy.cfg")]
    process = subprocess.Popen(command, env=HAPROXY.environment(), stderr=subprocess.DEVNULL)
    try:
        until(lambda: _accepts(secure))
        yield plain, secure
    finally:
        process.kill()
        process.wait()


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def asked(port: int, context: ssl.SSLContext | None = None) -> int:
    connection = (
        HTTPConnection("127.0.0.1", port, timeout=10)
        if context is None
        else HTTPSConnection("127.0.0.1", port, timeout=10, context=context)
    )
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    finally:
        connection.close()


def of(folder: Path, cloud: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(folder / "authority.pem"))
    if cloud is not None:
        context.load_cert_chain(folder / f"{cloud}.pem")
    return context


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_authority(tmp_path)
    issue(tmp_path, "CloudOne", ["127.0.0.1"])
    issue(tmp_path, "CloudTwo", ["127.0.0.1"])
    return tmp_path


def test_a_peer_that_is_not_on_the_list_is_believed(folder: Path) -> None:
    revoke(folder)
    with peer(folder) as to, haproxy(folder, to) as (plain, secure):
        assert (asked(plain), asked(secure, of(folder, "CloudTwo")), asked(secure, of(folder, None))) == (200, 200, 401)


def test_a_peer_on_the_list_is_not_and_users_are_served(folder: Path) -> None:
    revoke(folder, "CloudTwo")
    with peer(folder) as to, haproxy(folder, to) as (plain, secure):
        assert (asked(plain), asked(secure, of(folder, None))) == (503, 401)
        with pytest.raises((ssl.SSLError, ConnectionError)):
            asked(secure, of(folder, "CloudTwo"))
    issue(folder, "CloudTwo", ["127.0.0.1"], renew=True)
    with peer(folder) as to, haproxy(folder, to) as (plain, secure):
        assert (asked(plain), asked(secure, of(folder, "CloudTwo"))) == (200, 200)
