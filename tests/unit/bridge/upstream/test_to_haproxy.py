# SPDX-License-Identifier: Apache-2.0
"""The Python service keeps connections to its HAProxy for reads: none is held up, lost, mixed with another, or sent twice."""

import asyncio
import signal
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import pytest
from multidict import CIMultiDict

from openstackoid.bridge.message.verbatim import Outgoing
from openstackoid.bridge.upstream import to_haproxy as module
from openstackoid.bridge.upstream.to_haproxy import ToHaproxy
from openstackoid.mesh import parse_mesh
from openstackoid.routing.backend_names import TARGET
from unit.bridge.haproxy import command, configured, haproxy, listens
from unit.bridge.listening import listening
from unit.bridge.stage import played

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
LOCAL = "identity.public"


class Heard:
    """A server that answers each request with ``answer``, or ends the connection where it is empty."""

    def __init__(self, answer: Callable[[int], bytes] = lambda _: OK) -> None:
        self.requests: list[tuple[int, bytes]] = []
        self._answer = answer
        self._connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        connection = self._connections
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.requests.append((connection, head))
                answer = self._answer(len(self.requests))
                writer.write(answer.removesuffix(b"ok") if head.startswith(b"HEAD ") else answer)
                if not answer or b"broken" in answer:
                    break
        except (OSError, asyncio.IncompleteReadError):
            pass
        writer.close()

    @property
    def connections(self) -> list[int]:
        return [connection for connection, _ in self.requests]


@asynccontextmanager
async def asking(heard: Heard) -> AsyncIterator[ToHaproxy]:
    with TemporaryDirectory(prefix="oid-") as folder:
        path = Path(folder, "upstream.sock")
        async with listening(heard.serve, path=path):
            client = ToHaproxy(path)
            try:
                yield client
            finally:
                await client.close()


async def ask(client: ToHaproxy, method: str = "GET", body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    sent = {"Host": "one", TARGET: f"{LOCAL}|", **headers}
    async with await client.send(method, Outgoing("/v3", CIMultiDict(sent), body)) as answer:
        return answer.status, await answer.read()


@played
async def test_reads_share_a_connection_and_other_requests_have_their_own() -> None:
    heard = Heard()
    async with asking(heard) as client:
        for method in ("GET", "HEAD", "POST", "OPTIONS", "PUT", "GET"):
            await ask(client, method)
        await ask(client, body=b"x", **{"Content-Length": "1"})
        await ask(client, Upgrade="websocket", Connection="Upgrade")
    assert heard.connections == [1, 1, 2, 1, 3, 1, 4, 5]


@played
async def test_reads_at_once_have_connections_of_their_own_and_idle_ones_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IDLE", 0.1)
    heard = Heard()
    async with asking(heard) as client:
        await asyncio.gather(*(ask(client) for _ in range(3)))
        assert sorted(heard.connections) == [1, 2, 3]
        await asyncio.sleep(0.5)
        await ask(client)
    assert heard.connections[-1] == 4


@played
async def test_a_read_is_sent_once_more_on_a_new_connection_where_a_kept_one_ends_without_an_answer() -> None:
    heard = Heard(lambda number: b"" if number == 2 else OK)
    async with asking(heard) as client:
        assert await ask(client) == (200, b"ok")
        assert await ask(client) == (200, b"ok")
    assert heard.connections == [1, 1, 2]


@pytest.mark.parametrize(("method", "sent"), [("GET", 2), ("POST", 1), ("DELETE", 1)])
@played
async def test_without_an_answer_a_read_is_sent_twice_at_most_and_a_write_once(method: str, sent: int) -> None:
    heard = Heard(lambda _: b"")
    async with asking(heard) as client:
        with pytest.raises(aiohttp.ClientError):
            await ask(client, method)
    assert len(heard.requests) == sent


@played
async def test_an_answer_that_has_begun_is_not_asked_for_again() -> None:
    heard = Heard(lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nbroken")
    async with asking(heard) as client:
        with pytest.raises(aiohttp.ClientPayloadError):
            await ask(client)
    assert len(heard.requests) == 1


@played
async def test_an_answer_that_was_not_read_to_its_end_is_not_mixed_with_the_next() -> None:
    heard = Heard(lambda number: OK if number > 1 else b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nbegin")
    async with asking(heard) as client:
        async with await client.send("GET", Outgoing("/v3", CIMultiDict({"Host": "one"}), None)):
            pass
        assert [await ask(client), await ask(client)] == [(200, b"ok")] * 2
    assert heard.connections == [1, 2, 2]


@played
async def test_an_answer_that_was_given_up_is_not_mixed_with_the_next() -> None:
    heard = Heard(lambda number: OK if number > 1 else b"HTTP/1.1 102 Processing\r\n\r\n")
    async with asking(heard) as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await ask(client)
        assert await ask(client) == (200, b"ok")
    assert heard.connections == [1, 2]


def one(port: int) -> str:
    return (
        "mesh: 1\nclouds: {CloudOne: {services: {identity:"
        f" {{frontend: 'http://127.0.0.1:8801/identity', backend: 'http://127.0.0.1:{port}'}}}}}}}}\n"
    )


@asynccontextmanager
async def through_haproxy(heard: Heard, folder: Path) -> AsyncIterator[ToHaproxy]:
    async with listening(heard.serve) as server, haproxy(parse_mesh(one(server.sockets[0].getsockname()[1])), folder) as path:
        client = ToHaproxy(path)
        try:
            yield client
        finally:
            await client.close()


@asynccontextmanager
async def replaceable() -> AsyncIterator[tuple[ToHaproxy, Process, list[str]]]:
    """Yield a client, its HAProxy, and the command of a successor that replaces a process with a given id."""
    with TemporaryDirectory(prefix="oid-") as name:
        async with listening(Heard().serve) as server:
            folder = Path(name)
            runtime = configured(parse_mesh(one(server.sockets[0].getsockname()[1])), folder)
            process = await asyncio.create_subprocess_exec(*command(folder))
            while not listens(runtime.stats_socket):
                await asyncio.sleep(0.01)
            client = ToHaproxy(Path(runtime.upstream_socket))
            try:
                yield client, process, [*command(folder), "-x", runtime.stats_socket, "-sf"]
            finally:
                await client.close()


@played
async def test_an_haproxy_that_is_replaced_is_not_held_by_idle_connections() -> None:
    async with replaceable() as (client, process, _):
        assert (await asyncio.gather(*(ask(client) for _ in range(4)))) == [(200, b"ok")] * 4
        process.send_signal(signal.SIGUSR1)
        began = time.monotonic()
        await asyncio.wait_for(process.wait(), 5)
        assert time.monotonic() - began < module.IDLE / 2


@played
async def test_no_read_fails_while_haproxy_is_replaced_again_and_again() -> None:
    async with replaceable() as (client, first, successor):
        answers = set()
        done = asyncio.Event()

        async def reading() -> None:
            while not done.is_set():
                answers.add(await ask(client))

        readers = [asyncio.create_task(reading()) for _ in range(4)]
        processes = [first]
        try:
            for _ in range(3):
                processes.append(await asyncio.create_subprocess_exec(*successor, str(processes[-1].pid)))
                await asyncio.wait_for(processes[-2].wait(), 10)
        finally:
            done.set()
            await asyncio.gather(*readers)
            processes[-1].kill()
            await processes[-1].wait()
    assert answers == {(200, b"ok")}


@played
async def test_a_connection_that_a_user_has_logged_in_on_is_of_no_other_user() -> None:
    challenge = b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n"
    heard = Heard(lambda number: challenge if number == 1 else OK)
    with TemporaryDirectory(prefix="oid-") as folder:
        async with through_haproxy(heard, Path(folder)) as client:
            assert [await ask(client) for _ in range(3)] == [(401, b""), (200, b"ok"), (200, b"ok")]
    assert heard.connections == [1, 2, 2]
