# SPDX-License-Identifier: Apache-2.0
"""Small services that answer as the real ones do: with links, pages, redirects, bytes and WebSockets.

The shapes of the links are those that Nova 34, Neutron 29, Keystone 30 and Glance 33 were seen to answer with.
"""

import asyncio
import base64
import hashlib
import json
import ssl
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from conformance.recorder import TOKEN

PAGES = 3
PIECE = b"0123456789abcdef" * 4096
"""64 KiB; a large body is many of them."""


THEIRS = "theirs"
"""How tokens begin that the Keystone of Home does not know."""


@dataclass(frozen=True)
class Place:
    """Where a service stands: its cloud and type, the path that it is mounted at, and the address in its links if it has one.

    ``proxied``: it reads ``X-Forwarded-Prefix``, as services do with ``enable_proxy_headers_parsing``.
    """

    cloud: str
    service: str
    mount: str
    keystone: str
    fixed: str | None = None
    proxied: bool = False


@dataclass
class Call:
    """A request as it arrived."""

    place: Place
    method: str
    path: str
    query: str
    headers: dict[str, str]
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def root(self) -> str:
        """Return the service's own URL as it computes it."""
        if self.place.fixed is not None:
            return self.place.fixed
        told = self.headers.get("x-forwarded-prefix", "") if self.place.proxied else ""
        # A peer's gateway, which is played here too, tells its services that it was asked over https.
        secure = self.writer.get_extra_info("ssl_object") is not None or self.headers.get("x-forwarded-proto") == "https"
        return f"http{'s' if secure else ''}://{self.headers['host']}{told}{self.place.mount}"

    def say(self, status: str, body: bytes = b"", **headers: str) -> None:
        lines = [f"HTTP/1.1 {status}", f"X-Cloud: {self.place.cloud}", f"Content-Length: {len(body)}", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + (b"" if self.method == "HEAD" else body))

    def say_json(self, document: Any, status: str = "200 OK", **headers: str) -> None:
        self.say(status, json.dumps(document).encode(), **{"Content_Type": "application/json", **headers})

    async def body(self) -> Any:
        """Yield the body, chunk by chunk."""
        if self.headers.get("transfer-encoding") == "chunked":
            while size := int(await self.reader.readuntil(b"\r\n"), 16):
                yield (await self.reader.readexactly(size + 2))[:-2]
            return
        left = int(self.headers.get("content-length", "0"))
        while left:
            chunk = await self.reader.read(min(left, 65536))
            if not chunk:
                return
            left -= len(chunk)
            yield chunk


@dataclass
class Services:
    """Services on ports, in a thread of their own. ``go`` lets a service that waits in the middle of its answer go on."""

    go: threading.Event = field(default_factory=threading.Event)
    closed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._servers: list[asyncio.Server] = []

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    def serve(self, port: int, places: list[Place], tls: ssl.SSLContext | None = None) -> None:
        """Serve ``places`` on one port of loopback, each below its mount."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await self._answer(places, reader, writer)
                await writer.drain()
            except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                pass
            finally:
                writer.close()

        self._servers.append(self._run(asyncio.start_server(serve, "127.0.0.1", port, ssl=tls)))

    def close(self) -> None:
        async def close() -> None:
            for server in self._servers:
                server.close()
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        self._run(close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _answer(self, places: list[Place], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = line.split(" ")
        path, _, query = target.partition("?")
        headers = {key.lower(): value.strip() for key, _, value in (line.partition(":") for line in lines if line)}
        headers.setdefault("host", "nobody")
        if path.startswith("/.openstackoid/"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        fitting = [place for place in places if f"{path}/".startswith(f"{place.mount}/")]
        if not fitting:
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        place = max(fitting, key=lambda place: len(place.mount))
        await self._play(Call(place, method, path[len(place.mount) :], query, headers, reader, writer))

    async def _play(self, call: Call) -> None:
        token = call.headers.get("x-auth-token", "")
        # The gateway asks the Keystone of its own cloud whether a token that is called a peer's is one of its own.
        if "x-refused" in call.headers or (token.startswith(THEIRS) and call.place.cloud == "Home" and call.query == "nocatalog"):
            call.say("401 Unauthorized", WWW_Authenticate=f'Keystone uri="{call.place.keystone}"')
            return
        match call.path.rstrip("/").split("/")[1:]:
            case [*_, "auth", "tokens"] if call.method == "GET" and "x-subject-token" in call.headers:
                call.say_json({"token": TOKEN})
            case [] | [_]:
                self._document(call)
            case [*_, "bytes", "file"]:
                await self._bytes(call)
            case [*_, "slow", _]:
                await self._slow(call)
            case [*_, "echo"]:
                await self._echo(call)
            case [*_, "location"]:
                call.say("201 Created", Location=call.headers["x-say"], Content_Location=call.headers["x-say"])
            case [*_, "redirect"]:
                call.say("302 Found", Location=call.headers["x-say"], Content_Location=call.headers["x-say"])
            case [*_, "huge"]:
                call.say("200 OK", b'["' + b"x" * (33 * 1024 * 1024) + b'"]', Content_Type="application/json")
            case [*_, "packed"]:
                call.say_json({"links": []}, Content_Encoding="gzip")
            case [_, collection]:
                self._collection(call, collection)
            case _:
                call.say_json({"thing": call.path, "links": [{"rel": "self", "href": call.root() + call.path}]})

    def _document(self, call: Call) -> None:
        link = {"rel": "self", "href": f"{call.root()}/v2/"}
        call.say_json({"versions": [{"id": "v2", "links": [link]}]}, "300 Multiple Choices", Location=f"{call.root()}/v2/")

    def _collection(self, call: Call, collection: str) -> None:
        if call.method == "POST":
            # Glance makes a path of its own absolute, and forgets its prefix.
            root = f"http://{call.headers['host']}" if call.place.service == "image" else call.root()
            call.say_json({"id": "new"}, "201 Created", Location=f"{root}{call.path}/new", ETag='"1"', Content_MD5="x")
            return
        page = int(dict(part.split("=") for part in call.query.split("&")).get("marker", "0")) if call.query else 0
        after = f"?limit=1&marker={page + 1}" if page + 1 < PAGES else None
        item = {"name": call.root() + call.path, "cloud": call.place.cloud, "metadata": {"href": call.root(), "rel": "x"}}
        root = "" if call.place.service == "image" else call.root()
        following = None if after is None else root + call.path + after
        if call.place.service == "image":
            document: dict[str, Any] = {collection: [item], "first": f"{call.path}?limit=1"}
            document |= {"next": following} if following else {}
        elif call.place.service == "identity":
            document = {collection: [item], "links": {"self": root + call.path, "next": following, "previous": None}}
        else:
            document = {collection: [item], f"{collection}_links": [{"rel": "next", "href": following}] if following else []}
        call.say_json(document, ETag='"7"', Content_MD5="y")

    async def _bytes(self, call: Call) -> None:
        if call.headers.get("expect") == "100-continue":
            if call.headers.get("x-say") == "417":
                call.say("417 Expectation Failed")
                return
            call.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if call.method in ("PUT", "POST"):
            got = 0
            async for chunk in call.body():
                got += len(chunk)
            call.say("200 OK", str(got).encode())
            return
        content = PIECE[:1000]
        wanted = call.headers.get("range", "").removeprefix("bytes=").partition("-")
        if wanted[1] and call.headers.get("if-range", '"e1"') == '"e1"':
            first, last = int(wanted[0]), int(wanted[2])
            part = f"bytes {first}-{last}/1000"
            call.say("206 Partial Content", content[first : last + 1], Content_Range=part, ETag='"e1"', Accept_Ranges="bytes")
        else:
            call.say("200 OK", content, Content_Type="application/octet-stream", ETag='"e1"', Content_MD5="m")

    async def _slow(self, call: Call) -> None:
        """Send the first piece, wait until told to go on, then send as many more as were asked for."""
        pieces = int(call.headers["x-say"])
        head = f"HTTP/1.1 200 OK\r\nX-Cloud: {call.place.cloud}\r\nContent-Type: application/octet-stream\r\n"
        call.writer.write(f"{head}Content-Length: {len(PIECE) * pieces}\r\nConnection: close\r\n\r\n".encode() + PIECE)
        await call.writer.drain()
        await asyncio.to_thread(self.go.wait, 10)
        for _ in range(pieces - 1):
            call.writer.write(PIECE)
            await call.writer.drain()

    async def _echo(self, call: Call) -> None:
        """Speak "WebSocket", of which only the handshake matters here: every byte is sent back, until ``bye``."""
        if call.headers.get("upgrade", "").lower() != "websocket":
            call.say("426 Upgrade Required")
            return
        lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", f"X-Cloud: {call.place.cloud}"]
        key = call.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = f"Sec-WebSocket-Accept: {base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()}"
        call.writer.write("\r\n".join([*lines, accept, "", ""]).encode() + b"hello")
        while chunk := await call.reader.read(65536):
            call.writer.write(chunk)
            await call.writer.drain()
            if chunk.endswith(b"bye"):
                break
        self.closed.append(call.place.cloud)
