# SPDX-License-Identifier: Apache-2.0
"""An HAProxy that is ended with requests leaves a line in the audit log."""

import asyncio
import json
import logging
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from openstackoid.gateway.child import Child
from openstackoid.gateway.decisions import Part
from openstackoid.gateway.ended_requests import connections_of, record_end
from openstackoid.gateway.folder import Folder
from openstackoid.gateway.process_group import MOST_REPLACED, ProcessGroup
from openstackoid.haproxy.binary import Haproxy

PROGRAM = (
    "import socket, sys; one = socket.create_connection(('127.0.0.1', int(sys.argv[1]))); print(flush=True); sys.stdin.read()"
)


@pytest.fixture
def connected() -> Iterator[int]:
    """Return the id of a process with one connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        argv = [sys.executable, "-c", PROGRAM, str(server.getsockname()[1])]
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            try:
                yield process.pid
            finally:
                process.kill()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def lost(folder: Folder) -> list[str]:
    lines: list[dict[str, Any]] = (
        [json.loads(line) for line in folder.audit.read_text().splitlines()] if folder.audit.exists() else []
    )
    assert {line["outcome"] for line in lines} <= {"lost"}
    return [line["reason"] for line in lines]


def expected(pid: int, why: str) -> str:
    return f"HAProxy {pid} was ended with 1 connection, {why}: requests on them that it served alone have no line"


class Ended:
    """A process of the gateway, which records its signals."""

    part, alive, lived = Part.HAPROXY, True, 1.0

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.end = asyncio.get_running_loop().create_future()
        self.sent: list[signal.Signals] = []

    def send(self, number: signal.Signals) -> None:
        self.sent.append(number)
        if not self.end.done():
            self.end.set_result("ended")


def group(folder: Folder, *children: Ended) -> ProcessGroup:
    found = ProcessGroup("CloudOne", folder, cast("Haproxy", None))
    found._children = {cast("Child", child) for child in children}
    return found


def test_the_connections_of_a_process_are_counted(connected: int) -> None:
    assert connections_of(connected) == 1
    assert connections_of(2**22 + 1) == 0


def test_a_line_says_why_and_with_how_many_connections(folder: Folder, connected: int) -> None:
    record_end(folder, "CloudOne", connected, "as a test ends it")
    assert lost(folder) == [expected(connected, "as a test ends it")]


def test_one_that_has_ended_or_has_no_connection_has_no_line(folder: Folder) -> None:
    record_end(folder, "CloudOne", 2**22 + 1, "as a test ends it")
    assert lost(folder) == []


def test_what_cannot_be_known_is_called_unknown(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openstackoid.gateway.ended_requests.connections_of", lambda _: None)
    record_end(folder, "CloudOne", 7, "as a test ends it")
    assert "HAProxy 7 was ended with an unknown number of connections, " in lost(folder)[0]


def test_a_line_that_cannot_be_written_is_told(folder: Folder, connected: int, caplog: pytest.LogCaptureFixture) -> None:
    folder.audit.mkdir()
    with caplog.at_level(logging.WARNING):
        record_end(folder, "CloudOne", connected, "as a test ends it")
    assert expected(connected, "as a test ends it") in caplog.text


def test_the_block_of_a_peer_and_a_drain_leave_a_line(folder: Folder, connected: int) -> None:
    async def ended() -> list[signal.Signals]:
        child = Ended(connected)
        await group(folder, child).end([cast("Child", child)], "as a peer was blocked")
        return child.sent

    assert asyncio.run(ended()) == [signal.SIGTERM]
    assert lost(folder) == [expected(connected, "as a peer was blocked")]


def test_so_does_the_end_of_one_that_was_replaced_long_ago(folder: Folder, connected: int) -> None:
    async def ended() -> None:
        children = [Ended(connected) for _ in range(MOST_REPLACED + 1)]
        group(folder, *children).end_oldest(cast("Child", Ended(1)))
        assert sum(len(child.sent) for child in children) == 1

    asyncio.run(ended())
    assert lost(folder) == [expected(connected, "as it was replaced long ago")]
