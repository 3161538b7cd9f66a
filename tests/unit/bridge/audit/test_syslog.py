# SPDX-License-Identifier: Apache-2.0
"""Each line of the audit log reaches the syslog server over TLS, also after the server was away, or the log was rotated."""

import asyncio
import json
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from openstackoid.bridge.audit import following, syslog
from openstackoid.bridge.audit.audit_file import Audit
from openstackoid.bridge.audit.following import Follower
from openstackoid.bridge.audit.syslog import SyslogSink, framed
from openstackoid.certs import issue, make_authority
from openstackoid.mesh import SyslogServer
from unit.bridge.audit.test_audit_log import LINE
from unit.bridge.stage import played

MESSAGE = re.compile(rb"<110>1 (\S+) (\S+) openstackoid ([0-9]+) audit - (\{.*\})")


class Collector:
    """A syslog server, and the lines that it got."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.port = 0
        self._writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        try:
            while True:
                size = int(await reader.readuntil(b" "))
                found = MESSAGE.fullmatch(await reader.readexactly(size))
                assert found is not None
                self.lines.append(found[4])
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.transport.abort()

    def hang_up(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    @property
    def numbers(self) -> list[int]:
        return [json.loads(line)["number"] for line in self.lines]

    async def has(self, *numbers: int) -> None:
        while sorted(set(self.numbers)) != list(numbers):
            await asyncio.sleep(0.02)


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    make_authority(tmp_path)
    issue(tmp_path, "logs", ["localhost"])
    issue(tmp_path, "gateway", [])
    return tmp_path


@asynccontextmanager
async def collecting(folder: Path, port: int = 0, *, proves: bool = False, host: str = "127.0.0.1") -> AsyncIterator[Collector]:
    collector = Collector()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "logs.pem")
    if proves:
        context.load_verify_locations(folder / "authority.pem")
        context.verify_mode = ssl.CERT_REQUIRED
    server = await asyncio.start_server(collector.serve, host, port, ssl=context)
    collector.port = server.sockets[0].getsockname()[1]
    try:
        yield collector
    finally:
        server.close()
        collector.hang_up()


@asynccontextmanager
async def sending(path: Path, server: SyslogServer, lost: list[int] | None = None) -> AsyncIterator[SyslogSink]:
    sink = SyslogSink(path, server, (lost if lost is not None else []).append)
    task = asyncio.create_task(sink.run())
    try:
        yield sink
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syslog, "PAUSE", 0.02)
    monkeypatch.setattr(syslog, "SETTLED", 0.05)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.log"


def server_at(folder: Path, port: int, **more: str) -> SyslogServer:
    return SyslogServer("localhost", str(folder / "authority.pem"), port, **more)


async def until(path: Path, number: int) -> None:
    """Wait until so many lines are noted as sent."""
    sent = path.with_name("audit.log.sent")
    while not sent.exists() or int(sent.read_text()) < number:
        await asyncio.sleep(0.02)


@played
async def test_each_line_is_sent_as_it_stands_in_the_log(certificates: Path, path: Path) -> None:
    audit = Audit(path)
    audit.write(LINE)
    async with collecting(certificates) as collector, sending(path, server_at(certificates, collector.port)):
        await until(path, 1)
        audit.write(LINE, replace(LINE, status=201))
        await collector.has(2, 3)
        audit.rotate(1, 9)
        audit.write(LINE)
        await collector.has(2, 3, 4)
    files = path.with_name("audit.log.1").read_bytes() + path.read_bytes()
    assert collector.lines == files.splitlines()[1:]
    assert path.with_name("audit.log.sent").stat().st_mode & 0o777 == 0o600
    audit.close()


@played
async def test_lines_wait_for_a_server_that_is_away_also_over_a_restart(certificates: Path, path: Path) -> None:
    audit = Audit(path)
    async with collecting(certificates) as collector:
        port = collector.port
        async with sending(path, server_at(certificates, port)):
            await until(path, 0)
            audit.write(LINE)
            await collector.has(1)
            await until(path, 1)
    for _ in range(3):
        audit.write(LINE)
        audit.rotate(1, 9)
    async with sending(path, server_at(certificates, port)):
        await asyncio.sleep(0.1)
        audit.write(LINE)
        async with collecting(certificates, port) as collector:
            await collector.has(2, 3, 4, 5)
            collector.hang_up()
            audit.write(LINE)
            await collector.has(2, 3, 4, 5, 6)
    audit.close()


@played
async def test_lines_that_were_removed_before_they_could_be_sent_are_counted(
    certificates: Path, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    audit, lost = Audit(path), list[int]()
    path.with_name("audit.log.sent").write_text("0\n")
    for _ in range(5):
        audit.write(LINE)
        audit.rotate(1, 2)
    async with collecting(certificates) as collector, sending(path, server_at(certificates, collector.port), lost):
        await collector.has(4, 5)
    assert lost == [3]
    assert "audit: 3 lines were removed before they could be sent to localhost" in caplog.text
    audit.close()


@played
async def test_the_gateway_can_prove_itself(certificates: Path, path: Path) -> None:
    audit = Audit(path)
    async with collecting(certificates, proves=True) as collector:
        server = server_at(certificates, collector.port, certificate=str(certificates / "gateway.pem"))
        async with sending(path, server):
            await until(path, 0)
            audit.write(LINE)
            await collector.has(1)
    audit.close()


@played
async def test_a_server_that_does_not_prove_its_name_gets_nothing(
    certificates: Path, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    audit = Audit(path)
    issue(certificates, "logs", ["other.example"], renew=True)
    async with collecting(certificates) as collector, sending(path, server_at(certificates, collector.port)):
        audit.write(LINE)
        while "no line can be sent" not in caplog.text:
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.2)
        assert collector.lines == []
    assert caplog.text.count("no line can be sent") == 1
    assert "its certificate is refused: Hostname mismatch" in caplog.text
    audit.close()


@played
async def test_a_server_may_have_an_ipv6_address(certificates: Path, path: Path) -> None:
    audit = Audit(path)
    issue(certificates, "logs", ["::1"], renew=True)
    there = server_at(certificates, 0)
    async with (
        collecting(certificates, host="::1") as collector,
        sending(path, replace(there, host="[::1]", port=collector.port)),
    ):
        await until(path, 0)
        audit.write(LINE)
        await until(path, 1)
    audit.close()


@played
async def test_a_server_that_ends_each_connection_is_logged_once(
    certificates: Path, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with collecting(certificates, proves=True) as collector, sending(path, server_at(certificates, collector.port)):
        while "no line can be sent" not in caplog.text:
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.3)
    assert caplog.text.count("no line can be sent") == 1
    assert "never retrieved" not in caplog.text
    assert "lines are sent to" not in caplog.text


@played
async def test_an_address_of_ipv6_is_written_in_brackets(
    certificates: Path, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with sending(path, SyslogServer("[::1]", str(certificates / "authority.pem"), 1)):
        while "no line can be sent to [::1]:1" not in caplog.text:
            await asyncio.sleep(0.02)
    assert "Name or service not known" not in caplog.text


def test_a_damaged_line_is_sent_without_a_time() -> None:
    assert b">1 - " in framed(b'{"tim, "number": 7, "digest": "..."}\n')


@played
async def test_a_file_that_cannot_be_read_is_named(certificates: Path, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (certificates / "authority.pem").write_text("no certificate")
    async with sending(path, server_at(certificates, 1)):
        while "authority.pem: no certificate in PEM can be read there" not in caplog.text:
            await asyncio.sleep(0.02)


@played
async def test_the_sink_outlives_a_host_that_no_name_can_be_and_a_line_of_another_program(
    certificates: Path, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    audit = Audit(path)
    async with collecting(certificates) as collector:
        server = server_at(certificates, collector.port)
        async with sending(path, replace(server, host="a..b")) as sink:
            while "no line can be sent to a..b" not in caplog.text:
                await asyncio.sleep(0.02)
            sink.server = server
            audit.write(LINE)
            await until(path, 1)
            with path.open("ab") as file:
                file.write(b'{no JSON, "number": 2, "digest": "%s"}\n' % (b"0" * 64))
            path.with_name("audit.log.chain").unlink()
            audit.write(replace(LINE, status=299))
            while not any(b'"status": 299' in line for line in collector.lines):
                await asyncio.sleep(0.02)
    audit.close()


def test_half_of_a_line_is_not_read(path: Path) -> None:
    audit = Audit(path)
    audit.write(LINE, LINE)
    audit.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    follower = Follower(path, 0)
    assert [len(lines) for lines, _ in (follower.read(), follower.read())] == [1, 0]
    with path.open("ab") as file:
        file.write(whole[-10:])
    assert follower.read() == (whole.splitlines(keepends=True)[1:], 0)
    follower.close()


def test_the_first_new_line_of_a_long_log_is_read_at_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "AT_ONCE", 1000)
    audit = Audit(path)
    for _ in range(20):
        audit.write(LINE)
    audit.rotate(1, 9)
    audit.write(LINE)
    audit.close()
    follower = Follower(path, 19)
    assert [json.loads(line)["number"] for line in follower.read()[0]] == [20]
    assert [json.loads(line)["number"] for line in follower.read()[0]] == [21]
    follower.close()
