# SPDX-License-Identifier: Apache-2.0
import socket
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from openstackoid.service_manager import ServiceManager


@pytest.fixture(params=["a path", "an abstract name"])
def listening(request: pytest.FixtureRequest) -> Iterator[tuple[socket.socket, str]]:
    with TemporaryDirectory(prefix="oid-") as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiving:
        path = str(Path(folder, "notify"))
        receiving.bind(path if request.param == "a path" else f"\0{path}")
        receiving.settimeout(5)
        yield receiving, path if request.param == "a path" else f"@{path}"


def test_each_state_is_told(listening: tuple[socket.socket, str]) -> None:
    receiving, address = listening
    environment = {"NOTIFY_SOCKET": address, "HOME": "/"}
    manager = ServiceManager(environment)
    assert environment == {"HOME": "/"}, "children do not get it"
    manager.ready("ready on 127.0.0.1:80")
    assert receiving.recv(1000) == b"READY=1\nSTATUS=ready on 127.0.0.1:80"
    manager.reloading()
    assert receiving.recv(1000).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
    manager.stopping(300, "requests finish")
    assert receiving.recv(1000) == b"STOPPING=1\nEXTEND_TIMEOUT_USEC=330000000\nSTATUS=requests finish"


def test_without_systemd_nothing_is_told() -> None:
    ServiceManager({}).ready("ready")


def test_a_service_manager_that_has_gone_is_no_error() -> None:
    ServiceManager({"NOTIFY_SOCKET": "/nowhere/notify"}).ready("ready")
