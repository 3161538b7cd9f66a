# SPDX-License-Identifier: Apache-2.0
"""HAProxy's log at the Python service: redacted, audited, and with a count of lost lines."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest

from openstackoid.bridge import haproxy_log
from openstackoid.bridge.audit.audit_file import Audit
from openstackoid.bridge.audit.egress_lines import EgressLines
from openstackoid.bridge.haproxy_log import AT_ONCE, HaproxyLog, LostLines
from openstackoid.bridge.pages.runtime_api import RuntimeApi, RuntimeApiError
from openstackoid.bridge.telemetry.haproxy_lines import LineCounts
from openstackoid.bridge.telemetry.token_answers import TokenAnswerCounts
from openstackoid.haproxy.egress import LONGEST_LINE
from unit.bridge.audit.test_egress_lines import line
from unit.bridge.http.test_server import MESH
from waiting import until

LOCAL = "127.0.0.1 GET /image/v2/images/%41%42 -> local.image.public - 200 0 ms ---- -\n"


def info(pid: int, dropped: int) -> str:
    return f"Name: HAProxy\nPid: {pid}\nDroppedLogs: {dropped}\n"


def test_lost_lines_are_counted_over_haproxys() -> None:
    lost = LostLines()
    answers = [info(7, 0), info(7, 5), info(7, 5), info(8, 2), info(8, 2), "unknown command", info(8, 3)]
    assert [lost.look(answer) for answer in answers] == [0, 5, 0, 2, 0, 0, 3]


def test_lost_lines_are_told_with_a_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    counted: list[int] = []
    answers: list[str | Exception] = [info(7, 0), RuntimeApiError("gone"), info(7, 57)]

    class Api(RuntimeApi):
        async def command(self, text: str) -> str:
            assert text == "show info"
            if not answers:
                raise asyncio.CancelledError
            match answers.pop(0):
                case str(answer):
                    return answer
                case error:
                    raise error

    monkeypatch.setattr(haproxy_log, "LOOK", 0)
    monkeypatch.setattr(haproxy_log, "QUEUE", tmp_path / "queue")
    (tmp_path / "queue").write_text("10\n")
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(haproxy_log._watch(LostLines(), Api(tmp_path), haproxy_log._larger_queue, counted.append))
    assert counted == [57]
    assert caplog.messages == [
        "HAProxy has lost 57 lines of its log: the socket holds 10 lines; set net.unix.max_dgram_qlen to a larger number"
    ]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short enough for a unix socket."""
    with TemporaryDirectory(prefix="oid-") as name:
        yield Path(name)


@contextmanager
def bridge(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a Python service that reads HAProxy's log; its output is in the file ``log``."""
    (folder / "mesh.yaml").write_text(MESH.format(service="image", port=1))
    command = [sys.executable, "-m", "openstackoid.bridge", "--cloud", "CloudOne", "--config", str(folder / "mesh.yaml")]
    command += ["--socket", str(folder / "bridge.sock"), "--log-socket", str(folder / "log.sock")]
    command += ["--audit-log", str(folder / "audit.log")]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log)
        try:
            until(lambda: "serves 1 clouds" in said(folder))
            yield process
        finally:
            process.kill()
            process.wait()


def said(folder: Path) -> str:
    return (folder / "log").read_text()


def send(folder: Path, *lines: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sending:
        sending.connect(str(folder / "log.sock"))
        for one in lines:
            sending.send(one)


def reader_of(process: "subprocess.Popen[bytes]") -> psutil.Process:
    (reader,) = psutil.Process(process.pid).children()
    return reader


def test_lines_are_shown_redacted_and_lines_of_egress_are_audited(folder: Path) -> None:
    with bridge(folder):
        send(folder, LOCAL.encode(), line(), b"Server local.image.public/s1 is DOWN\n")
        until(lambda: "is DOWN" in said(folder))
        lines = said(folder).splitlines()
        assert [text.partition(" haproxy ")[2] for text in lines if " haproxy " in text] == [
            "127.0.0.1 GET /image/v2/images/... -> local.image.public - 200 0 ms ---- -",
            "127.0.0.1 GET /image/v2/images -> peer Cloud-3.b 200 250 ms ---- - left",
            "Server local.image.public/s1 is DOWN",
        ]
        (audited,) = [json.loads(text) for text in (folder / "audit.log").read_text().splitlines()]
        assert (audited["direction"], audited["cloud"], audited["rule"]) == ("out", "Cloud-3.b", "staff")


def test_a_datagram_with_the_longest_line_is_read_whole_and_audited(folder: Path) -> None:
    longest = line().replace(b"/image/v2/images", b"/image/v2/images" + b"#20" * ((LONGEST_LINE - len(line())) // 3))
    assert LONGEST_LINE - 3 < len(longest) <= LONGEST_LINE
    with bridge(folder):
        send(folder, longest, b"Server x is DOWN\n")
        until(lambda: "is DOWN" in said(folder))
        (audited,) = [json.loads(text) for text in (folder / "audit.log").read_text().splitlines()]
        assert (audited["direction"], audited["cloud"]) == ("out", "Cloud-3.b")


def test_bytes_without_an_end_keep_no_line_back(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    log = HaproxyLog(reading, EgressLines("CloudOne", Audit(None)), LineCounts(), TokenAnswerCounts())
    try:
        for _ in range(3):
            os.write(writing, b"x" * AT_ONCE)
            assert log.read()
        os.write(writing, LOCAL.encode())
        assert log.read()
    finally:
        os.close(reading)
        os.close(writing)
    assert b" 127.0.0.1 GET /image/v2/images/... -> local.image.public" in capfdbinary.readouterr().err


def test_the_socket_is_its_owners_alone_and_goes_with_the_service(folder: Path) -> None:
    with bridge(folder) as process:
        assert (folder / "log.sock").stat().st_mode & 0o777 == 0o600
        process.terminate()
        assert process.wait(10) == 0
        assert not (folder / "log.sock").exists()


def test_lines_that_have_arrived_are_shown_before_the_service_ends(folder: Path) -> None:
    with bridge(folder) as process:
        reader = reader_of(process)
        reader.suspend()
        send(folder, *(LOCAL.replace("200", str(status)).encode() for status in range(201, 206)))
        process.terminate()
        reader.resume()
        assert process.wait(10) == 0
    assert [status for status in range(201, 206) if f" - {status} 0 ms" in said(folder)] == [*range(201, 206)]


def test_the_reader_ends_with_a_service_that_is_killed(folder: Path) -> None:
    with bridge(folder) as process:
        reader = reader_of(process)
        process.kill()
        process.wait()
        until(lambda: not reader.is_running() or reader.status() == psutil.STATUS_ZOMBIE)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_service_ends_where_its_reader_does_so_that_it_is_started_again(folder: Path, number: signal.Signals) -> None:
    with bridge(folder) as process:
        reader_of(process).send_signal(number)
        assert process.wait(10) == 1
    assert "the process that reads HAProxy's log has ended" in said(folder)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT])
def test_the_reader_leaves_other_signals_to_the_service(folder: Path, number: signal.Signals) -> None:
    with bridge(folder) as process:
        reader = reader_of(process)
        reader.send_signal(number)
        send(folder, LOCAL.encode())
        until(lambda: "local.image.public" in said(folder))
        assert process.poll() is None
        assert reader.is_running()


def test_lines_are_written_whole_or_in_pieces_that_no_other_program_gets_into() -> None:
    lines = [b"a" * 3000 + b"\n", b"b" * 1000 + b"\n", b"c" * 200 + b"\n", b"d" * 5000 + b"\n", b"e\n"]
    parts = [part for part in haproxy_log._atomic(lines) if part]
    assert b"".join(parts) == b"".join(lines)
    assert [len(part) for part in parts] == [3001 + 1001, 201, 5001, 2]


def test_a_descriptor_that_is_no_pipe_is_refused_in_words(folder: Path) -> None:
    (folder / "mesh.yaml").write_text(MESH.format(service="image", port=1))
    command = [sys.executable, "-m", "openstackoid.bridge", "--cloud", "CloudOne", "--config", str(folder / "mesh.yaml")]
    done = subprocess.run(
        [*command, "--socket", str(folder / "bridge.sock"), "--log-fd", "77"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "openstackoid bridge: --log-fd 77: Bad file descriptor\n")
