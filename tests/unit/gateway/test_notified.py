# SPDX-License-Identifier: Apache-2.0
"""The states that systemd is told by a gateway, and by the Python service alone."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from unit.gateway.apart import apart
from unit.gateway.running import PATIENCE, Gateway, free_port, service


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The socket of a service manager; the programs that are started find it."""
    with TemporaryDirectory(prefix="oid-") as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiving:
        receiving.bind(str(Path(folder, "notify")))
        receiving.settimeout(PATIENCE)
        monkeypatch.setenv("NOTIFY_SOCKET", str(Path(folder, "notify")))
        yield receiving


def test_a_gateway_tells_when_it_is_ready_reloads_and_stops(tmp_path: Path, told: socket.socket) -> None:
    with service() as backend:
        gateway = Gateway(tmp_path, free_port(), backend)
        gateway.start()
        assert told.recv(1000).decode() == f"READY=1\nSTATUS=ready on 127.0.0.1:{gateway.port}"
        for change in ("", "  CloudThree: {services: {image: {frontend: 'http://127.0.0.1:9/'}}}\n", "  broken"):
            gateway.config.write_text(gateway.config.read_text() + change)
            gateway.hang_up()
            assert told.recv(1000).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
            assert told.recv(1000).startswith(b"READY=1\n"), "after a reload that fails, too"
        gateway.running.terminate()
        assert told.recv(1000).startswith(b"STOPPING=1\nEXTEND_TIMEOUT_USEC=330000000\n")
        assert gateway.running.wait(PATIENCE) == 0


def test_the_python_service_alone_tells_when_it_is_ready_and_stops(told: socket.socket) -> None:
    with TemporaryDirectory(prefix="oid-") as folder:
        (Path(folder) / "state").mkdir(mode=0o700)
        with apart(Path(folder)) as gateway:
            assert told.recv(1000) == b"READY=1\nSTATUS=2 clouds"
            os.kill(gateway.bridge.pid, signal.SIGTERM)
            assert told.recv(1000).startswith(b"STOPPING=1\n")
            assert gateway.bridge.wait(PATIENCE) == 0
