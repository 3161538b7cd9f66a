# SPDX-License-Identifier: Apache-2.0
"""Services that read HTTP by the letter, keep connections open, and remember each request and all that is unclear."""

import asyncio
import json
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from fuzz.wire import IncompleteError, Message, UnclearError, request_at

_TOKEN = {"project": {"id": "p1"}, "catalog": [{"type": "compute", "endpoints": []}]}
_BODY = json.dumps({"token": _TOKEN, "catalog": []}).encode()
LIMIT = 4 * 1024 * 1024


@dataclass(frozen=True)
class Seen:
    """A whole request that has reached the backend of a service, or the gateway, of ``cloud`` on ``port``."""

    cloud: str
    port: int
    request: Message


class Backends:
    """Servers of loopback in a thread of their own.

    ``unclear``: messages that no gateway may pass on; ``busy``: requests on their way.
    """

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.unclear: list[str] = []
        self.busy = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._servers: list[asyncio.Server] = []

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    def serve(self, cloud: str, port: int) -> None:
        """Serve on a port in place of a cloud."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await self._connection(cloud, port, reader, writer)
            except ConnectionError:
                pass
            finally:
                writer.close()

        self._servers.append(self._run(asyncio.start_server(serve, "127.0.0.1", port)))

    async def _connection(self, cloud: str, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = b""
        while True:
            try:
                request = request_at(data, 0)
            except IncompleteError:
                if b"expect: 100-continue" in data.lower() and data.endswith(b"\r\n\r\n"):
                    writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                chunk = await self._more(reader, within=bool(data))
                data += chunk
                if not chunk or len(data) > LIMIT:
                    return
            except UnclearError as error:
                self.unclear.append(f"{cloud}: {error}")
                return
            else:
                data = data[request.end :]
                self.seen.append(Seen(cloud, port, request))
                self._answer(request, writer)
                await writer.drain()

    async def _more(self, reader: asyncio.StreamReader, *, within: bool) -> bytes:
        """Return what comes next; as long as it is waited for ``within`` a request, that one is on its way."""
        self.busy += within
        try:
            return await reader.read(65536)
        finally:
            self.busy -= within

    def _answer(self, request: Message, writer: asyncio.StreamWriter) -> None:
        head = (
            f"HTTP/1.1 200 OK\r\nX-Backend: {len(self.seen)}\r\nX-Subject-Token: new-token\r\nContent-Type: application/json\r\n"
        )
        body = b"" if request.first[0] == b"HEAD" else _BODY
        writer.write(f"{head}Content-Length: {len(_BODY)}\r\n\r\n".encode() + body)

    def close(self) -> None:
        """Stop all of them."""

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
