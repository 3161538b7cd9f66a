# SPDX-License-Identifier: Apache-2.0
"""HTTP messages written as they came: heads byte for byte, and bodies with their framing.

aiohttp reads a head as UTF-8 with surrogates and writes UTF-8 without them, and its client adds a missing length. The classes
here write the encoding that was read, and add nothing.
"""

import asyncio
from collections.abc import AsyncIterable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import ClientRequest, ClientResponse, hdrs, payload, web
from aiohttp.http import StreamWriter
from multidict import CIMultiDict

from openstackoid.routing import Headers

if TYPE_CHECKING:
    from aiohttp.connector import Connection

HEAD_LIMIT = 32 * 1024
"""Bytes of a line or a header: HAProxy's buffer (:mod:`openstackoid.haproxy.hardening`)."""

HEADERS_LIMIT = 256 + 16
"""Headers of a message: HAProxy's limit, and the headers that it adds."""

LIMITS: dict[str, Any] = {"max_line_size": HEAD_LIMIT, "max_field_size": HEAD_LIMIT, "max_headers": HEADERS_LIMIT}
"""The limits as options of aiohttp's server and client."""

_CODEC = ("utf-8", "surrogateescape")


def decoded(raw: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Return headers as text, from which :func:`encoded` makes the same bytes."""
    return tuple((key.decode(*_CODEC), value.decode(*_CODEC)) for key, value in raw)


def encoded(text: str) -> bytes:
    """Return the bytes of a text that was read from a head."""
    return text.encode(*_CODEC)


class Writer(StreamWriter):
    """aiohttp's writer of a message, with another serializer of heads."""

    async def write_headers(self, status_line: str, headers: Mapping[str, str]) -> None:
        """Prepare the head, to be sent with the first bytes of the body. Raises ``ValueError`` for a line break within a line."""
        lines = [status_line, *(f"{name}: {value}" for name, value in headers.items())]
        if any("\r" in line or "\n" in line for line in lines):
            raise ValueError("a line of a head holds a line break")
        self._headers_written = False
        self._headers_buf = encoded("\r\n".join([*lines, "", ""]))


@dataclass(frozen=True, slots=True)
class Outgoing:
    """The data of a :class:`Request`: path and query, headers and body for sending."""

    target: str = field(repr=False)
    headers: CIMultiDict[str] = field(repr=False)
    body: bytes | AsyncIterable[bytes] | None = field(repr=False)


class Request(ClientRequest):
    """A request whose URL is the address to connect to. Its headers determine the framing: chunks, a length, or no body."""

    _target = "/"

    def update_body_from_data(self, body: Outgoing, _stacklevel: int = 3) -> None:
        """Take the whole message; of aiohttp's own headers, add only a missing ``Host``."""
        self._target = body.target
        host = self.headers[hdrs.HOST]
        self.headers = body.headers
        self.headers.setdefault(hdrs.HOST, host)
        if body.body is not None:
            self._body = payload.PAYLOAD_REGISTRY.get(body.body, disposition=None)

    def update_transfer_encoding(self) -> None:
        """Leave the headers alone."""

    async def send(self, conn: "Connection") -> ClientResponse:
        """Send the head, and begin to send the body."""
        protocol = conn.protocol
        if protocol is None:
            raise ConnectionError("the connection is closed")
        self.headers.setdefault(hdrs.CONNECTION, "close")
        writer = Writer(protocol, self.loop)
        if hdrs.TRANSFER_ENCODING in self.headers:
            writer.enable_chunking()
        await writer.write_headers(f"{self.method} {self._target} HTTP/1.1", self.headers)
        task = None
        if self._body is None and not protocol.writing_paused:
            protocol.start_timeout()
            writer.set_eof()
        else:
            task = self._writer = asyncio.create_task(self.write_bytes(writer, conn))
        return self.response_class(
            self.method,
            self.original_url,
            writer=task,
            continue100=None,
            timer=self._timer,
            request_info=self.request_info,
            traces=[],
            loop=self.loop,
            session=self._session,
            stream_writer=writer,
        )


def server_request(
    message: Any, payload: Any, protocol: web.RequestHandler, _: object, task: "asyncio.Task[None]"
) -> web.BaseRequest:
    """Return a request of aiohttp's server whose answer uses :class:`Writer`: its ``request_factory``.

    The connection ends after a body in chunks: aiohttp's C parser (seen in 3.14.5) takes the last trailer of such a body for a
    header of the connection's next request, which may be another user's.
    """
    loop = asyncio.get_running_loop()
    if message.chunked:
        message = message._replace(should_close=True)
    return web.BaseRequest(message, payload, protocol, Writer(protocol, loop), task, loop)
