# SPDX-License-Identifier: Apache-2.0
"""What a changed description, a reload and a failed reload do to a gateway that runs."""

import socket
import time
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest

from openstackoid.mesh import load_mesh
from unit.gateway.running import Client, Gateway, free_port, gone, health, sending, service, with_settings


def test_no_request_is_lost_over_five_reloads(gateway: Gateway) -> None:
    def connect() -> HTTPConnection:
        return HTTPConnection("127.0.0.1", gateway.port, timeout=60)

    clients = [Client(connect, keep, pause) for keep in (True, False) for pause in (0.001, 0.02, 0.2)]
    with sending(clients):
        for number in range(1, 6):
            time.sleep(0.3)
            gateway.describe(f"CloudNo{number}")
            gateway.hang_up()
            gateway.wait_for("has reloaded", times=number)
        time.sleep(0.3)
    assert [client.lost for client in clients] == [[]] * len(clients)
    assert all(client.answered > 5 for client in clients)
    assert sum(client.answered for client in clients) > 500
    # The predecessors have finished and gone, and so have their files.
    assert gone([child for child in psutil.Process(gateway.running.pid).children() if child not in gateway.parts().values()])
    assert len(list(gateway.state.glob("generation-*"))) == 1


def test_clouds_that_get_tokens_are_logged_at_start_and_reload(tmp_path: Path) -> None:
    warning = "WARNING tokens of the users of CloudOne go to CloudTwo, tokens of its services to "
    with service() as backend:
        gateway = Gateway(tmp_path, free_port(), backend)
        gateway.start()
        said = gateway.said()
        text = gateway.config.read_text()
        gateway.config.write_text(f"{text}shared: [{{service: image, clouds: [CloudOne, CloudTwo]}}]\n")
        gateway.hang_up()
        gateway.wait_for("has reloaded")
        assert gateway.stop() == 0
    assert (said.count(warning), said.count(f"{warning}no other cloud; ")) == (1, 1)
    assert gateway.said().count(f"{warning}CloudTwo; the operators of these clouds can use them in CloudOne ") == 1


def test_a_broken_description_is_ignored(gateway: Gateway) -> None:
    good = gateway.config.read_text()
    before = gateway.parts()
    gateway.config.write_text(good + "  CloudThree:\n    services: {image: {fronted: x}}\n")
    gateway.wait_for("the gateway of CloudOne goes on with the description that it has")
    assert "fronted" in gateway.said()
    assert gateway.parts() == before
    assert gateway.get("/image/x") == (200, "/image/x")
    # A part that dies now comes back with the last good description, not with the broken one.
    for process in before.values():
        process.kill()
    gateway.wait_for("runs again", times=2)
    assert gateway.get("/image/x") == (200, "/image/x")
    time.sleep(1.5)
    assert gateway.said().count("goes on with") == 1
    gateway.config.write_text(good.replace("CloudTwo", "CloudThree"))
    gateway.wait_for("has reloaded")


def test_a_change_without_meaning_restarts_nothing(gateway: Gateway) -> None:
    before = gateway.parts()
    gateway.config.write_text("# A comment.\n" + gateway.config.read_text())
    gateway.hang_up()
    gateway.wait_for("no change for the gateway of CloudOne")
    assert gateway.parts() == before


def test_a_change_that_only_the_python_service_sees_leaves_haproxy_alone(gateway: Gateway) -> None:
    before = gateway.parts()
    gateway.config.write_text(gateway.config.read_text().replace("CloudOne:\n", "CloudOne:\n    region: North\n"))
    gateway.hang_up()
    gateway.wait_for("has reloaded")
    assert gateway.parts() == before
    assert load_mesh(gateway.state / "mesh.packed").clouds["CloudOne"].region == "North"


def test_a_folder_of_files_is_followed_as_a_file_is(tmp_path: Path) -> None:
    with service() as backend:
        gateway = Gateway(tmp_path, free_port(), backend)
        head, _, tail = gateway.config.read_text().partition("  CloudTwo:")
        gateway.config = tmp_path / "mesh"
        gateway.config.mkdir()
        (gateway.config / "one.yaml").write_text(head)
        two = f"mesh: 1\nclouds:\n  CloudTwo:{tail}"
        (gateway.config / "two.yaml").write_text(two)
        gateway.start()
        try:
            assert list(health(gateway)) == ["CloudOne", "CloudTwo"]
            three = gateway.config / "three.yaml"
            three.write_text(two.replace("CloudTwo", "CloudThree"))
            gateway.hang_up()
            gateway.wait_for("127.0.0.1:9 is a frontend of CloudThree already; each cloud has its own")
            gateway.wait_for("goes on with the description that it has")
            assert f"{gateway.config}/two.yaml:5:" in gateway.said()
            three.write_text(three.read_text().replace("127.0.0.1:9/", "127.0.0.1:10/"))
            gateway.wait_for("has reloaded")
            gateway.wait_for("the mesh was read again: 3 clouds")
            assert list(health(gateway)) == ["CloudOne", "CloudThree", "CloudTwo"]
            assert gateway.stop() == 0
            before = (gateway.state / "mesh.cache").read_bytes()
            assert b"three.yaml" in before
            (gateway.state / "mesh.cache").write_bytes(before[:-1])
            three.unlink()
            gateway.log.write_text("")
            gateway.start()
            assert list(health(gateway)) == ["CloudOne", "CloudTwo"]
            assert b"three.yaml" not in (gateway.state / "mesh.cache").read_bytes()
        finally:
            gateway.stop()


def test_changed_reader_accounts_are_taken_up_upon_request(gateway: Gateway, tmp_path: Path) -> None:
    before = gateway.parts()
    readers = tmp_path / "readers.yaml"
    readers.touch(0o600)
    readers.write_text("clouds: {}")
    description = with_settings(gateway.config.read_text(), f"readers: {readers}")
    peer = '      identity: {frontend: "http://127.0.0.1:9/identity"}\n'
    gateway.config.write_text(description + peer)
    gateway.hang_up()
    gateway.wait_for("has reloaded")
    # The Python service reads the accounts itself, a moment later.
    gateway.wait_for("the mesh was read again")
    readers.write_text("clouds: {CloudTwo: {auth: {user_id: u, password: hunter2, system_scop: all}}}")
    gateway.hang_up()
    gateway.wait_for(f"{readers}: clouds.CloudTwo.auth: 'system_scop' is unknown; accepted: ")
    gateway.wait_for("goes on with the description that it has")
    readers.write_text(readers.read_text().replace("scop:", "scope:"))
    gateway.hang_up()
    gateway.wait_for("has reloaded", times=2)
    gateway.wait_for("the mesh was read again", times=2)
    gateway.hang_up()
    gateway.wait_for("no change for")
    assert gateway.parts()["bridge"] == before["bridge"]
    assert "hunter2" not in gateway.said()


def test_a_new_frontend_on_a_taken_port_keeps_the_old_ones(gateway: Gateway) -> None:
    before = gateway.parts()
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        more = f'      volumev3: {{frontend: "http://127.0.0.1:{port}/volume", backend: "http://127.0.0.1:9"}}\n'
        gateway.config.write_text(gateway.config.read_text().replace("  CloudTwo:", more + "  CloudTwo:"))
        gateway.hang_up()
        gateway.wait_for(f"the gateway of CloudOne cannot listen on 127.0.0.1:{port}: taken by ")
    assert gateway.parts() == before
    assert gateway.get("/image/x") == (200, "/image/x")
    gateway.hang_up()
    gateway.wait_for(f"has reloaded, ready on 127.0.0.1:{min(port, gateway.port)}, 127.0.0.1:{max(port, gateway.port)}")


def test_a_taken_address_on_a_port_of_its_own_keeps_the_old_one(gateway: Gateway) -> None:
    before = gateway.parts()
    with socket.create_server(("127.0.0.2", gateway.port)):
        gateway.config.write_text(with_settings(gateway.config.read_text(), "bind: 127.0.0.2"))
        gateway.hang_up()
        gateway.wait_for(f"the gateway of CloudOne cannot listen on 127.0.0.2:{gateway.port}: taken by ")
    assert gateway.parts() == before
    assert gateway.get("/image/x") == (200, "/image/x")
    gateway.hang_up()
    gateway.wait_for("has reloaded")
    with pytest.raises(ConnectionRefusedError):
        gateway.get("/image/x")
    gateway.describe("CloudTwo")
    gateway.hang_up()
    gateway.wait_for("has reloaded", times=2)
    assert gateway.get("/image/x") == (200, "/image/x")


def test_a_new_haproxy_that_cannot_start_leaves_the_old_one(gateway: Gateway) -> None:
    before = gateway.parts()
    control = gateway.state / "haproxy.sock"
    # Where the old one cannot be asked for its control socket, the new one ends.
    control.rename(gateway.state / "elsewhere")
    gateway.config.write_text(gateway.config.read_text().replace("127.0.0.1", "127.0.0.2", 1))
    gateway.hang_up()
    gateway.wait_for("HAProxy of CloudOne ended with code 1 before it was ready; see its lines above\n")
    assert gateway.parts() == before
    for _ in range(5):
        assert gateway.get("/image/x") == (200, "/image/x")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", gateway.port))
    assert len(list(gateway.state.glob("generation-*"))) == 1
    (gateway.state / "elsewhere").rename(control)
    gateway.describe("CloudSix")
    gateway.hang_up()
    gateway.wait_for("has reloaded")
