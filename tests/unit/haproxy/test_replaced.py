# SPDX-License-Identifier: Apache-2.0
"""The requests of an HAProxy are seen after another has its control socket."""

import asyncio
import socket
from pathlib import Path

import pytest

from openstackoid.haproxy.binary import find_haproxy
from openstackoid.haproxy.process import Predecessor, command, serving_pid
from openstackoid.haproxy.replaced import replaced

CONFIGURATION = """global
    stats socket '{folder}/s' mode 600 level user expose-fd listeners
defaults
    mode http
    timeout connect 9s
    timeout client 9s
    timeout server 9s
frontend f
    bind unix@'{folder}/f'
    default_backend b
backend b
    server s unix@'{folder}/service'
"""


async def served(control: Path, pid: int) -> None:
    while await serving_pid(control) != pid:
        await asyncio.sleep(0.02)


async def _of_slow_haproxy(folder: Path) -> list[int | None]:
    """Ask an HAProxy that does not answer the first question in time."""
    slow = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers = [b"", b"", b"pxname,scur,qcur\nb,7,0\n", b"pxname,scur,qcur\nb,2,1\n"]
        for number, rows in enumerate(answers):
            await reader.readline()
            if number == 2:
                await slow.wait()
            writer.write(rows + b"\n> ")
        await reader.readline()
        writer.close()

    async with await asyncio.start_unix_server(answer, folder / "s"), replaced(folder / "s") as last:
        assert last is not None
        found = [await last.requests_under_way()]
        slow.set()
        return [*found, await last.requests_under_way(), await last.requests_under_way()]


async def _run(folder: Path) -> list[int | None]:
    (folder / "haproxy.cfg").write_text(CONFIGURATION.format(folder=folder))
    control, found = folder / "s", list[int | None]()
    with socket.socket(socket.AF_UNIX) as service, socket.socket(socket.AF_UNIX) as client:
        service.bind(str(folder / "service"))
        service.listen()
        first = await asyncio.create_subprocess_exec(*command(find_haproxy(), folder), stderr=asyncio.subprocess.DEVNULL)
        await served(control, first.pid)
        async with replaced(control) as last:
            assert last is not None
            found.append(await last.requests_under_way())
            client.connect(str(folder / "f"))
            client.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            connection, _ = await asyncio.to_thread(service.accept)
            replace = command(find_haproxy(), folder, Predecessor(first.pid, control))
            second = await asyncio.create_subprocess_exec(*replace, stderr=asyncio.subprocess.DEVNULL)
            await served(control, second.pid)
            found.append(await last.requests_under_way())
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            connection.close()
            await asyncio.to_thread(client.recv, 1000)
            found.append(await last.requests_under_way())
        # The view does not keep the replaced one.
        await first.wait()
        async with replaced(control) as last:
            assert last is not None
            second.terminate()
            await second.wait()
            found.append(await last.requests_under_way())
    async with replaced(control) as none:
        assert none is None
    return found


def test_the_requests_of_a_replaced_haproxy_are_counted_until_they_have_finished(tmp_path: Path) -> None:
    assert asyncio.run(asyncio.wait_for(_run(tmp_path), 20)) == [0, 1, 0, 0]


def test_a_slow_haproxy_has_an_unknown_number_of_requests_and_its_late_answer_is_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openstackoid.haproxy.replaced._PATIENCE", 0.5)
    assert asyncio.run(asyncio.wait_for(_of_slow_haproxy(tmp_path), 20)) == [None, 3, 0]
