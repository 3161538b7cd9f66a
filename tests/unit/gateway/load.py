# SPDX-License-Identifier: Apache-2.0
"""A load of a fixed rate on a gateway, and the service behind it: the outcome and time of each request."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

RATE = 320
"""Requests a second."""

BROKEN_OFF = "broken off"
"""The result of a request whose answer had begun."""

_PATIENCE = 120.0
_SLOW = "/image/wait/0.1"
"""The service takes as many seconds as the path says, so that some of these requests are under way at any time."""


@dataclass(frozen=True)
class Kind:
    """One kind of request: ``scope`` is its X-Scope. ``twice``: it stands behind the token as well, so HAProxy keeps no route."""

    name: str
    method: str = "GET"
    path: str = "/image/v2/images"
    scope: str | None = None
    twice: bool = False

    def text(self, connection: str) -> bytes:
        token = f"token!SCOPE!{self.scope}" if self.twice else "token"
        head = f"{self.method} {self.path} HTTP/1.1\r\nHost: gateway\r\nX-Auth-Token: {token}\r\nConnection: {connection}\r\n"
        if self.scope is not None:
            head += f"X-Scope: {self.scope}\r\n"
        body = "{}" if self.method == "POST" else ""
        return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


_SCOPE = json.dumps({"image": "CloudOne"})
HAPROXYS = [Kind("no scope"), Kind("a scope whose route HAProxy keeps", scope=_SCOPE)]
PYTHONS = [
    Kind("a scope that Python reads", scope=_SCOPE, twice=True),
    Kind("the same, under way for a while", path=_SLOW, scope=_SCOPE, twice=True),
    Kind("HEAD", "HEAD", path=_SLOW, scope=_SCOPE, twice=True),
]
WRITES = [Kind("a write by HAProxy", "POST"), Kind("a write by Python", "POST", _SLOW, _SCOPE, twice=True)]


@dataclass(frozen=True)
class Sent:
    """One request: when it was begun, by the loop's clock, and its status or the error in its place; the body of an error.

    The first of a connection begins with that.
    """

    kind: Kind
    at: float
    result: int | str
    body: str = ""

    @property
    def answered(self) -> bool:
        return self.result == 200


async def load(port: int, kinds: Iterable[Kind], seconds: float, after: float, event: Callable[[], None]) -> list[Sent]:
    """Send requests of the kinds in turn, each on a connection of its own; the event comes ``after`` so many seconds."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    loop.call_later(after, event)
    order = list(kinds)
    sending = []
    for number in range(int(seconds * RATE)):
        await asyncio.sleep(max(0.0, started + number / RATE - loop.time()))
        sending.append(loop.create_task(_send(port, order[number % len(order)])))
    return await asyncio.gather(*sending)


async def _send(port: int, kind: Kind) -> Sent:
    return (await send(port, [kind]))[0]


async def send(port: int, kinds: Sequence[Kind]) -> list[Sent]:
    """Send requests one after the other on one connection, as far as the gateway answers them."""
    sent = []
    at = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout(_PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                for number, kind in enumerate(kinds, start=1):
                    writer.write(kind.text("close" if number == len(kinds) else "keep-alive"))
                    status, body = await _answer(reader, kind.method)
                    sent.append(Sent(kind, at, status, body))
                    at = asyncio.get_running_loop().time()
            finally:
                writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
        sent.append(Sent(kinds[len(sent)], at, type(error).__name__))
    return sent


async def _answer(reader: asyncio.StreamReader, method: str) -> tuple[int | str, str]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = re.search(r"\r\ncontent-length: ([0-9]+)\r\n", head)
    try:
        body = b"" if method == "HEAD" else await (reader.readexactly(int(length[1])) if length else reader.read())
    except asyncio.IncompleteReadError:
        return BROKEN_OFF, ""
    return int(head.split()[1]), body.decode()


@asynccontextmanager
async def service() -> AsyncIterator[int]:
    """Run a service that answers 200 to all, and give its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                if "content-length: 2" in head.lower():
                    await reader.readexactly(2)
                if waits := re.search(r"/wait/([0-9.]+) ", head):
                    await asyncio.sleep(float(waits[1]))
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + (b"" if head.startswith("HEAD") else b"ok"))
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1024)
    async with server:
        yield server.sockets[0].getsockname()[1]
