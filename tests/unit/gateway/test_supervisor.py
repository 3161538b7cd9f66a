# SPDX-License-Identifier: Apache-2.0
"""The supervised gateway as its operator knows it: a real HAProxy, the real Python service, signals, files and a port."""

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import time
import uuid
from pathlib import Path

import psutil

from openstackoid.gateway.process_group import MOST_REPLACED
from unit.gateway.running import PATIENCE, Gateway, description, free_port, gone, health, service


def run(gateway: Gateway, *more: str) -> tuple[int, str]:
    done = subprocess.run([*gateway.argv, *more], check=False, capture_output=True, text=True, timeout=PATIENCE)
    return done.returncode, done.stderr


def test_slow_clients_keep_a_bounded_number_of_replaced_haproxies(gateway: Gateway) -> None:
    def haproxies() -> int:
        children = psutil.Process(gateway.running.pid).children()
        return sum("haproxy" in child.name() for child in children if child.status() != psutil.STATUS_ZOMBIE)

    with contextlib.ExitStack() as clients:
        for number in range(1, MOST_REPLACED + 3):
            client = clients.enter_context(socket.create_connection(("127.0.0.1", gateway.port)))
            client.sendall(b"POST /image/v2/images HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nx")
            time.sleep(0.2)
            gateway.describe(f"CloudNo{number}")
            gateway.hang_up()
            gateway.wait_for("has reloaded", times=number)
        until = time.monotonic() + PATIENCE
        while haproxies() > MOST_REPLACED + 1:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert haproxies() == MOST_REPLACED + 1, "the others finish what they have begun"
    assert gateway.said().count("is ended with the requests that it had: it was replaced long ago") == 2
    assert gateway.get("/image/v2/images")[0] == 200


def test_a_killed_part_is_started_again(gateway: Gateway) -> None:
    before = gateway.parts()
    before["haproxy"].kill()
    gateway.wait_for("HAProxy of CloudOne runs again")
    before["bridge"].kill()
    gateway.wait_for("the Python service of CloudOne runs again")
    assert "HAProxy of CloudOne was killed by SIGKILL; it is started again in " in gateway.said()
    after = gateway.parts()
    assert {part: after[part] != before[part] for part in after} == {"haproxy": True, "bridge": True}
    assert gateway.get("/image/v2/images") == (200, "/image/v2/images")
    # Malformed, so the Python service is who answers.
    status, body = gateway.get("/image/v2/images", {"X-Scope": "{"})
    assert status == 400
    assert json.loads(body)["error"]["message"].startswith("gateway of CloudOne: X-Scope")


def test_sigint_stops_all_parts(gateway: Gateway) -> None:
    parts = list(gateway.parts().values())
    assert len(parts) == 2
    gateway.running.send_signal(signal.SIGINT)
    assert gateway.running.wait(PATIENCE) == 0
    assert gone(parts)
    assert gateway.said().rstrip().endswith("gateway of CloudOne has stopped")
    assert sorted(path.name for path in gateway.state.iterdir() if path.is_socket()) == []


def test_a_second_signal_does_not_wait_for_requests(gateway: Gateway) -> None:
    parts = list(gateway.parts().values())
    with socket.create_connection(("127.0.0.1", gateway.port)) as unfinished:
        unfinished.sendall(b"GET /image/x HTTP/1.1\r\n")
        time.sleep(0.1)
        start = time.monotonic()
        gateway.running.terminate()
        gateway.wait_for("gateway of CloudOne stops")
        gateway.running.terminate()
        assert gateway.running.wait(PATIENCE) == 0
        assert time.monotonic() - start < PATIENCE / 2
    assert gone(parts)


def test_no_part_outlives_a_killed_supervisor(gateway: Gateway) -> None:
    parts = list(gateway.parts().values())
    gateway.running.kill()
    gateway.running.wait(PATIENCE)
    assert gone(parts)
    gateway.start()
    assert gateway.get("/image/x") == (200, "/image/x")


def test_a_second_run_is_refused(gateway: Gateway, tmp_path: Path) -> None:
    code, said = run(gateway)
    assert code == 1
    pid = gateway.running.pid
    assert said.startswith(f"openstackoid: the gateway of CloudOne runs already (process {pid}, state in {gateway.state})\n")
    code, said = run(gateway, "--state-dir", str(tmp_path / "other"))
    assert code == 1
    assert said.startswith(f"openstackoid: the gateway of CloudOne cannot listen on 127.0.0.1:{gateway.port}: taken by haproxy")
    assert len(said.splitlines()) == 1
    assert gateway.get("/image/x") == (200, "/image/x")


def test_its_files_are_its_owners_alone(gateway: Gateway) -> None:
    for path in [gateway.state, *gateway.state.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_long_path_still_finds_room_for_sockets(tmp_path: Path) -> None:
    with service() as backend:
        gateway = Gateway(tmp_path, free_port(), backend)
        gateway.state = tmp_path / ("long" * 25)
        gateway.start()
        try:
            sockets = Path((gateway.state / "sockets").read_text())
            assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
            assert gateway.get("/image/x") == (200, "/image/x")
        finally:
            assert gateway.stop() == 0
        assert not sockets.exists()


def test_a_port_in_use_is_an_error_before_the_start(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        gateway = Gateway(tmp_path, stranger.getsockname()[1], 9)
        code, said = run(gateway)
    assert code == 1
    name, pid = psutil.Process().name(), os.getpid()
    assert (
        said
        == f"openstackoid: the gateway of CloudOne cannot listen on 127.0.0.1:{gateway.port}: taken by {name} (process {pid})\n"
    )


def test_an_unusable_description_is_an_error_before_the_start(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path, free_port(), 9)
    gateway.config.write_text(description(gateway.port, 9).replace("CloudOne", "CloudSix"))
    code, said = run(gateway)
    assert (code, said) == (1, "openstackoid: the mesh has no cloud 'CloudOne'; known: CloudSix, CloudTwo\n")


def test_its_pages_show_services_and_traces(gateway: Gateway) -> None:
    """Also after HAProxy has been replaced, and the Python service has been killed."""
    request_id = "req-7472ace0-1111-2222-3333-444455556666"
    gateway.describe("CloudThree")
    gateway.hang_up()
    gateway.wait_for("has reloaded")
    gateway.parts()["bridge"].kill()
    gateway.wait_for("bridge of CloudOne serves")
    deadline = time.monotonic() + PATIENCE
    while (found := health(gateway)) != {"CloudOne": "up", "CloudThree": "down"}:
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    assert gateway.get("/image/v2/images?x=secret", {"X-OpenStack-Request-Id": request_id})[0] == 200
    status, body = gateway.get(f"/.openstackoid/trace/{request_id}")
    assert status == 200, body
    (hop,) = json.loads(body)["hops"]
    assert (hop["path"], hop["route"], hop["status"]) == ("/image/v2/images", "local", 200)


def test_requests_that_leave_are_in_the_audit_log_after_a_rotation(gateway: Gateway) -> None:
    """Both parts write it: HAProxy's lines, of a scope whose route it has, and the Python service's, of a new scope."""
    audit, rotated = gateway.state / "audit.log", gateway.state / "audit.log.1"

    def told(request_id: str) -> list[tuple[str, str, int, str]]:
        """Return what the log says of this request; it holds lines of earlier tests, too."""
        lines = [json.loads(line) for file in (rotated, audit) if file.exists() for line in file.read_text().splitlines()]
        mine = [line for line in lines if line.get("request_id") == request_id]
        return [(line["direction"], line["cloud"], line["status"], line["outcome"]) for line in mine]

    def ask(scope: str) -> None:
        request_id = f"req-{uuid.uuid4()}"
        headers = {"X-Auth-Token": "tok", "X-Scope": scope, "X-OpenStack-Request-Id": request_id}
        assert gateway.get("/image/v2/images/i/file", headers)[0] == 200
        until = time.monotonic() + PATIENCE
        while not told(request_id):
            assert time.monotonic() < until, gateway.said()
            time.sleep(0.02)
        assert told(request_id) == [("out", "CloudTwo", 200, "allowed")]

    with service() as peer:
        gateway.config.write_text(gateway.config.read_text().replace("127.0.0.1:9/", f"127.0.0.1:{peer}/"))
        gateway.hang_up()
        gateway.wait_for("has reloaded")
        ask("image=CloudTwo")
        ask("image=CloudTwo")
        audit.rename(rotated)
        ask("image=CloudTwo")
        ask("glance=CloudTwo")
    assert stat.S_IMODE(audit.stat().st_mode) == 0o600
    gateway.wait_for(" -> peer CloudTwo 200 ", 2)
    gateway.wait_for(" -> bridge - 200 ", 2)
