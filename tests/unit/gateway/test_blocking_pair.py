# SPDX-License-Identifier: Apache-2.0
"""``peer block`` between two real gateways with certificates cuts all that goes either way, until ``unblock``."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from http.client import HTTPSConnection

import pytest

from openstackoid.cli import main
from openstackoid.mesh import BLOCKED
from unit.gateway.pair import HELLO, PeerGateway, Services, pair
from unit.gateway.running import PATIENCE
from unit.gateway.test_blocking import REFUSAL, UPGRADE

BUSY = 15.0
"""Seconds for the cut on a machine where other tests run; a second where nothing else does."""


@pytest.fixture(scope="module")
def gateways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PeerGateway, PeerGateway]]:
    """Two gateways. The service of the second never ends its answers, so its gateway would wait for them when it stops."""
    with pair(tmp_path_factory.mktemp("blocking"), CloudTwo="drain: {longest: 1}") as both:
        yield both


def scoped(cloud: str) -> dict[str, str]:
    return {"X-Auth-Token": "tok", "X-Scope": f'{{"image": "{cloud}"}}'}


def opened(gateway: PeerGateway, cloud: str, path: str, more: str = "") -> ssl.SSLSocket:
    """Return a user's connection on which a long answer of the cloud has begun."""
    plain = socket.create_connection(("127.0.0.1", gateway.port), timeout=60)
    connection = gateway.context().wrap_socket(plain, server_hostname="127.0.0.1")
    head = "".join(f"{name}: {value}\r\n" for name, value in scoped(cloud).items())
    connection.sendall(f"GET /image/v2/{path} HTTP/1.1\r\nHost: a\r\n{head}{more}\r\n".encode())
    received = b""
    while not received.endswith(HELLO):
        part = connection.recv(65536)
        assert part, received
        received += part
    return connection


def command(gateway: PeerGateway, word: str, capsys: pytest.CaptureFixture[str]) -> str:
    options = ["--cloud", gateway.cloud, "--config", str(gateway.config), "--state-dir", str(gateway.state)]
    assert main(["peer", word, "CloudTwo", *options]) == 0
    return capsys.readouterr().out


def validated(gateway: PeerGateway, token: str) -> int:
    """Return the status of a question of CloudTwo's gateway to this Keystone about a token."""
    connection = HTTPSConnection("127.0.0.1", gateway.port, timeout=60, context=gateway.context("CloudTwo"))
    try:
        connection.request("GET", "/identity/v3/auth/tokens", headers={"X-Auth-Token": token, "X-Subject-Token": token})
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_peer_is_cut_off_both_ways(gateways: tuple[PeerGateway, PeerGateway], capsys: pytest.CaptureFixture[str]) -> None:
    one, two = gateways
    for gateway, cloud in ((one, "CloudTwo"), (two, "CloudOne")):
        # Python decides the first; HAProxy takes the learnt route, and admits the user, alone after it.
        assert [gateway.get("/image/v2/images/i/file", scoped(cloud))[0] for _ in range(3)] == [200] * 3
    bound = next(token for token in Services.tokens if token.startswith("tok") is False and token)
    assert validated(one, bound) == 200
    cut: list[float] = []

    def wait_for_the_cut(connection: ssl.SSLSocket) -> None:
        with suppress(OSError):
            while connection.recv(65536):
                continue
        cut.append(time.time())

    with ExitStack() as stack:
        held = [stack.enter_context(opened(gateway, cloud, *how)) for gateway, cloud in ((one, "CloudTwo"), (two, "CloudOne"))
                for how in (("images/endless/file",), ("socket", UPGRADE))]  # fmt: skip
        waiting = [threading.Thread(target=wait_for_the_cut, args=(connection,), daemon=True) for connection in held]
        for thread in waiting:
            thread.start()
        assert command(one, "block", capsys) == "CloudTwo is blocked at the gateway of CloudOne\n"
        blocked = (one.state / BLOCKED).stat().st_mtime
        status, body = one.get("/image/v2/images/i/file", scoped("CloudTwo"))
        assert (status, REFUSAL in body) == (403, True)
        status, body = two.get("/image/v2/images/i/file", scoped("CloudOne"))
        assert (status, REFUSAL in body) == (403, True)
        assert validated(one, bound) == 403
        for thread in waiting:
            thread.join(PATIENCE)
    assert len(cut) == len(held)
    assert max(cut) - blocked < BUSY
    # Each cloud's own users are served.
    assert [gateway.get("/image/v2/images/i/file", {"X-Auth-Token": "tok"})[0] for gateway in gateways] == [200, 200]

    assert command(one, "unblock", capsys) == "CloudTwo is not blocked at the gateway of CloudOne\n"
    assert one.get("/image/v2/images/i/file", scoped("CloudTwo"))[0] == 200
    assert two.get("/image/v2/images/i/file", scoped("CloudOne"))[0] == 200
    assert validated(one, bound) == 200
