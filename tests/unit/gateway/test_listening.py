# SPDX-License-Identifier: Apache-2.0
"""The sockets that the supervisor opens: for which addresses, how long they stay open, and those that systemd passes."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from openstackoid.gateway.errors import GatewayError
from openstackoid.gateway.listening import ListeningSockets, passed_sockets
from openstackoid.gateway.ports import sockets
from openstackoid.mesh import Cloud, parse_mesh
from unit.gateway.running import PATIENCE, Gateway, free_port, service


def cloud(*urls: str, bind: str = "") -> Cloud:
    services = "".join(
        f"\n      {kind}: {{frontend: '{url}', backend: 'http://b:1'}}"
        for kind, url in zip(("image", "compute"), urls, strict=False)
    )
    gateway = f"\n    gateway: {{bind: '{bind}'}}" if bind else ""
    return parse_mesh(f"mesh: 1\nclouds:\n  One:{gateway}\n    services:{services}").clouds["One"]


def accepted(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=5).close()
    except ConnectionRefusedError:
        return False
    return True


def test_a_socket_stays_the_same_until_it_is_not_wanted() -> None:
    one, two = free_port(), free_port()
    held = ListeningSockets("One")
    both = held.open(cloud(f"http://127.0.0.1:{one}", f"http://127.0.0.1:{two}"))
    assert set(both) == {"OPENSTACKOID_LISTENER_1", "OPENSTACKOID_LISTENER_2"}
    assert held.open(cloud(f"http://127.0.0.1:{one}", f"http://127.0.0.1:{two}")) == both
    left = held.open(cloud(f"http://127.0.0.1:{one}"))
    assert set(left.values()) < set(both.values())
    held.close(but=left.values())
    assert (accepted("127.0.0.1", one), accepted("127.0.0.1", two)) == (True, False)
    held.close()
    assert not accepted("127.0.0.1", one)


def test_every_address_takes_the_place_of_one_that_is_still_open() -> None:
    port = free_port()
    held = ListeningSockets("One")
    held.open(cloud(f"http://127.0.0.1:{port}"))
    wide = held.open(cloud(f"http://127.0.0.1:{port}", bind="*"))
    held.close(but=wide.values())
    assert accepted("127.0.0.2", port)
    held.close()


def test_every_address_of_ipv6_is_every_address_of_ipv4_too() -> None:
    port = free_port()
    held = ListeningSockets("One")
    held.open(cloud(f"http://[::1]:{port}", bind="[::]"))
    assert accepted("127.0.0.1", port)
    assert accepted("::1", port)
    held.close()


def test_an_address_that_is_taken_is_refused_and_the_others_stay() -> None:
    port = free_port()
    held = ListeningSockets("One")
    before = held.open(cloud(f"http://127.0.0.1:{port}"))
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        taken = stranger.getsockname()[1]
        with pytest.raises(GatewayError, match=rf"the gateway of One cannot listen on 127\.0\.0\.1:{taken}: taken by "):
            held.open(cloud(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{taken}"))
    held.close(but=before.values())
    assert accepted("127.0.0.1", port)
    held.close()


def test_a_passed_socket_is_used_and_not_closed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as passed:
        port = passed.getsockname()[1]
        held = ListeningSockets("One", [passed])
        wanted = cloud(f"http://127.0.0.1:{port}", "http://127.0.0.1:1")
        assert held.not_passed(sockets(wanted)) == {("127.0.0.1", 1)}
        assert held.unused(sockets(wanted)) == []
        assert held.unused({("127.0.0.1", 1)}) == [f"127.0.0.1:{port}"]
        assert held.open(cloud(f"http://localhost:{port}")) == {"OPENSTACKOID_LISTENER_1": passed.fileno()}
        held.close()
        assert accepted("127.0.0.1", port)


@pytest.mark.parametrize("environment", [{}, {"LISTEN_PID": "1", "LISTEN_FDS": "1"}, {"LISTEN_PID": str(os.getpid())}])
def test_sockets_for_another_process_are_not_taken(environment: dict[str, str]) -> None:
    assert passed_sockets(environment) == []
    assert environment == {}


def test_a_gateway_serves_sockets_of_systemd_and_earlier_connections(tmp_path: Path) -> None:
    with service() as backend, socket.socket() as passed:
        # As systemd has it: without SO_REUSEPORT, so that no other process could listen there, too.
        passed.bind(("127.0.0.1", 0))
        passed.listen()
        gateway = Gateway(tmp_path, passed.getsockname()[1], backend)
        early = socket.create_connection(("127.0.0.1", gateway.port), timeout=PATIENCE)
        early.sendall(b"GET /image/x HTTP/1.0\r\n\r\n")
        activated = (
            "import os, sys; os.dup2(int(sys.argv[1]), 3); os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1');"
            "os.execv(sys.argv[2], sys.argv[2:])"
        )
        argv = [sys.executable, "-c", activated, str(passed.fileno()), *gateway.argv]
        with gateway.log.open("a") as log:
            gateway.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=log, pass_fds=(3, passed.fileno()))
        try:
            gateway.wait_for("is ready on")
            with early:
                assert early.recv(65536).startswith(b"HTTP/1.1 200 ")
            gateway.describe("CloudThree")
            gateway.hang_up()
            gateway.wait_for("has reloaded")
            assert gateway.get("/image/x") == (200, "/image/x")
        finally:
            assert gateway.stop() == 0
        # It is systemd's to close.
        assert accepted("127.0.0.1", gateway.port)


def test_a_descriptor_that_is_no_listening_socket_is_refused(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path, free_port(), 9)
    activated = (
        "import os, sys; os.dup2(os.open('/dev/null', os.O_RDONLY), 3); os.set_inheritable(3, True);"
        "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1'); os.execv(sys.argv[1], sys.argv[1:])"
    )
    done = subprocess.run(
        [sys.executable, "-c", activated, *gateway.argv], check=False, capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 1
    assert done.stderr.startswith("openstackoid: LISTEN_FDS: descriptor 3 is not a TCP socket that listens\n")


def test_connections_wait_for_an_haproxy_and_are_refused_once_it_cannot_be_started(gateway: Gateway) -> None:
    haproxy = gateway.parts()["haproxy"]
    (folder,) = gateway.state.glob("generation-*")
    configuration = folder / "haproxy.cfg"
    good = configuration.read_text()
    configuration.write_text("nonsense")
    haproxy.kill()
    gateway.wait_for("HAProxy of CloudOne ended with code 1 before it was ready; see its lines above; it is started again")
    until = time.monotonic() + PATIENCE
    while accepted("127.0.0.1", gateway.port):
        assert time.monotonic() < until
        time.sleep(0.01)
    configuration.write_text(good)
    gateway.wait_for("HAProxy of CloudOne runs again")
    assert gateway.get("/image/x") == (200, "/image/x")
