# SPDX-License-Identifier: Apache-2.0
"""The bridge as a process: its socket, its signals, and how it ends."""

import http.client
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from openstackoid.bridge.__main__ import main
from openstackoid.bridge.http.sockets import BridgeError, bind
from openstackoid.mesh import parse_mesh
from unit.bridge.haproxy import HAPROXY, command, configured
from waiting import until

MESH = """
mesh: 1
clouds:
  CloudOne:
    gateway: {{timeouts: {{connect: 1, server: 10}}}}
    services:
      {service}: {{frontend: "http://127.0.0.1:8801/{service}", backend: "http://127.0.0.1:{port}"}}
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short enough for a unix socket."""
    with TemporaryDirectory(prefix="oid-") as name:
        yield Path(name)


@contextmanager
def bridge(
    folder: Path,
    *options: str,
    mesh: str = "",
    stdin: int | None = None,
    python: tuple[str, ...] = ("-m", "openstackoid.bridge"),
) -> Iterator[subprocess.Popen[str]]:
    """Run a bridge until the block ends; its output is in the file ``log``."""
    (folder / "mesh.yaml").write_text(mesh or MESH.format(service="image", port=1))
    command = [sys.executable, *python, "--cloud", "CloudOne", "--config", str(folder / "mesh.yaml")]
    command += ["--socket", str(folder / "bridge.sock"), *options]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdin=stdin or subprocess.DEVNULL, stderr=log, text=True)
        try:
            until(lambda: accepts(folder / "bridge.sock") or process.poll() is not None)
            yield process
        finally:
            process.kill()
            process.wait()
            if process.stdin:
                process.stdin.close()


@contextmanager
def haproxy(folder: Path, mesh: str) -> Iterator[None]:
    """Run the HAProxy by which the bridge of that folder sends."""
    runtime = configured(parse_mesh(mesh), folder)
    with subprocess.Popen(command(folder), env=HAPROXY.environment()) as process:
        try:
            until(lambda: accepts(Path(runtime.upstream_socket)) or process.poll() is not None)
            yield
        finally:
            process.kill()


def accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def status(folder: Path, path: str) -> int:
    connection = http.client.HTTPConnection("bridge", timeout=10)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(folder / "bridge.sock"))
    try:
        connection.request("GET", path, headers={"X-Openstackoid-Listener": "127.0.0.1:8801"})
        return connection.getresponse().status
    finally:
        connection.close()


def logged(folder: Path) -> str:
    return (folder / "log").read_text()


def test_its_socket_is_its_owners_alone_and_goes_with_it(folder: Path) -> None:
    with bridge(folder) as process:
        assert stat.S_IMODE((folder / "bridge.sock").stat().st_mode) == 0o600
        assert status(folder, "/image") == 503
        process.terminate()
        assert process.wait(60) == 0
        assert not (folder / "bridge.sock").exists()
    assert "GET /image 503 CloudOne" in logged(folder)


@pytest.mark.parametrize("written", [True, False])
def test_the_bridge_waits_for_its_description_with_the_option(folder: Path, written: bool) -> None:
    command = [
        sys.executable,
        "-m",
        "openstackoid.bridge",
        "--cloud",
        "CloudOne",
        "--config",
        str(folder / "mesh.yaml"),
        "--wait",
    ]
    with subprocess.Popen([*command, "--socket", str(folder / "bridge.sock")], stdin=subprocess.DEVNULL) as process:
        try:
            time.sleep(1.5)
            assert process.poll() is None
            assert not (folder / "bridge.sock").exists()
            if written:
                (folder / "mesh.yaml").write_text(MESH.format(service="image", port=1))
                until(lambda: accepts(folder / "bridge.sock"))
            process.terminate()
            # On a busy machine it may not even have begun to wait.
            assert process.wait(60) in ([0] if written else [0, -signal.SIGTERM])
        finally:
            process.kill()


def test_the_socket_of_a_killed_process_does_not_stop_the_next(folder: Path) -> None:
    with bridge(folder) as process:
        process.kill()
        process.wait()
    assert (folder / "bridge.sock").exists()
    with bridge(folder) as process:
        assert status(folder, "/image") == 503


def test_a_living_predecessor_is_left_alone(folder: Path) -> None:
    with bind(folder / "bridge.sock"), pytest.raises(BridgeError, match="another process listens"):
        bind(folder / "bridge.sock")


def test_the_socket_of_the_records_is_its_owners_alone_and_goes_with_it(folder: Path) -> None:
    path = folder / "records.sock"
    with bridge(folder, "--records-socket", str(path)) as process:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with pytest.raises(BridgeError, match="another process listens"):
            bind(path, socket.SOCK_DGRAM)
        process.kill()
        process.wait()
    with bridge(folder, "--records-socket", str(path)) as process:
        process.terminate()
        assert process.wait(60) == 0
        assert not path.exists()


@pytest.mark.parametrize("name", ["file", "missing/bridge.sock", "x" * 200])
def test_a_path_that_cannot_be_used_is_named(folder: Path, name: str) -> None:
    (folder / "file").touch()
    with pytest.raises(BridgeError, match=name[:20]):
        bind(folder / name)
    assert (folder / "file").exists()


@pytest.mark.parametrize(("cloud", "mesh"), [("CloudTen", ""), ("CloudOne", "mesh: 2"), ("CloudOne", "{")])
def test_an_unusable_description_is_one_clear_error(folder: Path, cloud: str, mesh: str) -> None:
    with bridge(folder, "--cloud", cloud, mesh=mesh) as process:
        assert process.wait(60) == 1
    assert logged(folder).startswith(f"openstackoid bridge: {folder}/mesh.yaml")
    assert "Traceback" not in logged(folder)


def test_the_mesh_is_reloaded_on_sighup_and_a_bad_one_is_ignored(folder: Path) -> None:
    with bridge(folder) as process:
        assert status(folder, "/network") == 404
        (folder / "mesh.yaml").write_text("mesh: [")
        process.send_signal(signal.SIGHUP)
        until(lambda: "the mesh stays as it was" in logged(folder))
        assert "mesh.yaml:1" in logged(folder)
        assert status(folder, "/image") == 503
        (folder / "mesh.yaml").write_text(MESH.format(service="network", port=1))
        process.send_signal(signal.SIGHUP)
        until(lambda: "the mesh was read again" in logged(folder))
        assert (status(folder, "/network"), status(folder, "/image")) == (503, 404)


def readers_mesh(folder: Path) -> str:
    gateway = f"gateway: {{readers: {folder}/readers.yaml, timeouts: {{connect: 1, server: 10}}}}"
    peer = '  CloudTwo: {services: {identity: {frontend: "http://127.0.0.1:9/identity"}}}\n'
    return MESH.format(service="image", port=1).replace("gateway: {timeouts: {connect: 1, server: 10}}", gateway) + peer


def write_readers(folder: Path, key: str) -> None:
    auth = f"{{user_id: u, {key}: hunter2, system_scope: all}}"
    (folder / "readers.yaml").touch(0o600)
    (folder / "readers.yaml").write_text(f"clouds: {{CloudTwo: {{auth: {auth}}}}}\n")


def test_reader_accounts_are_reloaded_and_bad_ones_are_ignored(folder: Path) -> None:
    write_readers(folder, "password")
    with bridge(folder, mesh=readers_mesh(folder)) as process:
        write_readers(folder, "pasword")
        (folder / "mesh.yaml").write_text(readers_mesh(folder).replace("image", "network"))
        process.send_signal(signal.SIGHUP)
        until(lambda: "the mesh stays as it was" in logged(folder))
        assert f"{folder}/readers.yaml: clouds.CloudTwo.auth: 'pasword' is unknown; accepted: auth_url, " in logged(folder)
        assert (status(folder, "/image"), status(folder, "/network")) == (503, 404)
        write_readers(folder, "password")
        process.send_signal(signal.SIGHUP)
        until(lambda: "the mesh was read again" in logged(folder))
    assert "hunter2" not in logged(folder)
    assert "Traceback" not in logged(folder)


def test_the_bridge_serves_without_unreadable_reader_accounts(folder: Path) -> None:
    """The supervisor has refused such a file at its start; one that broke later is no reason to leave the rest unserved."""
    with bridge(folder, mesh=readers_mesh(folder)):
        assert status(folder, "/image") == 503
    assert f"no reader account is used: {folder}/readers.yaml: cannot read" in logged(folder)


def test_running_requests_are_finished_at_the_end(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as backend:
        backend.settimeout(5)
        mesh = MESH.format(service="image", port=backend.getsockname()[1])
        with haproxy(folder, mesh), bridge(folder, mesh=mesh) as process:
            found: list[int] = []
            asking = threading.Thread(target=lambda: found.append(status(folder, "/image")))
            asking.start()
            arrived, _ = backend.accept()
            process.terminate()
            until(lambda: not accepts(folder / "bridge.sock"))
            arrived.recv(4096)
            arrived.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
            asking.join(5)
            arrived.close()
            assert process.wait(60) == 0
            assert found == [204]


def test_requests_beyond_the_grace_period_are_dropped_at_the_end(folder: Path) -> None:
    imports = "import sys; from openstackoid.bridge import __main__; from openstackoid.bridge.http import server"
    impatient = f"{imports}; server.GRACE = 0.4; sys.exit(__main__.main())"
    with socket.create_server(("127.0.0.1", 0)) as backend, socket.socket(socket.AF_UNIX) as idle:
        mesh = MESH.format(service="image", port=backend.getsockname()[1])
        with (
            haproxy(folder, mesh),
            bridge(folder, mesh=mesh, python=("-c", impatient)) as process,
            socket.socket(socket.AF_UNIX) as asking,
        ):
            idle.connect(str(folder / "bridge.sock"))
            asking.connect(str(folder / "bridge.sock"))
            asking.sendall(b"GET /image HTTP/1.1\r\nHost: h\r\nX-Openstackoid-Listener: 127.0.0.1:8801\r\n\r\n")
            with backend.accept()[0]:
                process.terminate()
                assert process.wait(60) == 0
                assert asking.recv(1) == b""


def test_the_bridge_ends_with_its_input_with_the_option(folder: Path) -> None:
    with bridge(folder, "--stop-on-eof", stdin=subprocess.PIPE) as process:
        assert status(folder, "/image") == 503
        assert process.stdin
        process.stdin.close()
        assert process.wait(60) == 0


def test_the_bridge_does_not_end_with_its_input_without_the_option(folder: Path) -> None:
    with bridge(folder) as process:
        time.sleep(0.2)
        assert process.poll() is None


def test_usage(folder: Path) -> None:
    command = [sys.executable, "-m", "openstackoid.bridge", "--cloud", "CloudOne"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "200"})
    assert run.returncode == 2
    assert "--config" in run.stderr


def test_the_removed_journal_options_name_their_replacement(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for option in ("--journal", "--token-journal"):
        with pytest.raises(SystemExit):
            main(["--cloud", "One", "--config", "x", "--socket", "x", option, str(folder / "j")])
        assert f"{option} was removed: --store-file names the file of the store" in capsys.readouterr().err
