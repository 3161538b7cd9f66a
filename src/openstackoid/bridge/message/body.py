# SPDX-License-Identifier: Apache-2.0
"""The body of a request, read as a whole."""

import asyncio
import time
from dataclasses import replace

from aiohttp import web

from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.message.head import Head, Incoming
from openstackoid.bridge.message.pace import Pace
from openstackoid.mesh import Cloud

AUTHENTICATION_LIMIT = 64 * 1024
"""Bytes of the body of an authentication; Keystone's own limit for any body is 112 KiB."""
OPERATION_LIMIT = 128 * 1024
"""Bytes of a body that decides whether an operation may begin; oslo.middleware's limit, also Nova's, is 112 KiB."""

BROKEN_BODY = "the body of the request is malformed, or did not arrive in time"


async def invite(request: web.BaseRequest) -> None:
    """Ask a client that waits with its body (``Expect: 100-continue``) to send it."""
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    # The interim answer is not part of the final one.
    request.writer.output_size = 0


class PacedBody:
    """The body of ``request``, of which each part is waited for as long as ``pace`` says."""

    def __init__(self, request: web.BaseRequest, pace: Pace) -> None:
        self.request = request
        self._pace = pace

    async def read(self) -> bytes:
        """Return the next bytes, none at the end. Raises ``TimeoutError``, and aiohttp's errors for a body that breaks off."""
        began = time.monotonic()
        async with asyncio.timeout(self._pace.patience):
            chunk = await self.request.content.readany()
        self._pace.take(len(chunk), time.monotonic() - began)
        return chunk


async def read_body(request: web.BaseRequest, head: Head, limit: int, here: Cloud) -> bytes | None:
    """Return the body of at most ``limit`` bytes, or None without one.

    Raises :class:`AnswerError`: 413, or 400 for a broken one.
    """
    if not request.body_exists:
        return None
    too_large = AnswerError(413, f"gateway of {here.name}: the body is larger than {limit} bytes", title="Content Too Large")
    if (request.content_length or 0) > limit:
        raise too_large
    if head.values("expect"):
        await invite(request)
    body = bytearray()
    try:
        async with asyncio.timeout(here.timeouts.client):
            while chunk := await request.content.readany():
                body += chunk
                if len(body) > limit:
                    raise too_large
    except (TimeoutError, web.RequestPayloadError, ConnectionError):
        raise AnswerError(400, f"gateway of {here.name}: {BROKEN_BODY}") from None
    return bytes(body)


async def with_small_body(incoming: Incoming, here: Cloud) -> Incoming:
    """Return the request with its body, where its length is declared and at most :data:`OPERATION_LIMIT`; else as it is.

    Raises :class:`AnswerError` as :func:`read_body` does.
    """
    length = incoming.request.content_length
    if incoming.body is not None or length is None or length > OPERATION_LIMIT:
        return incoming
    return replace(incoming, body=await read_body(incoming.request, incoming.head, OPERATION_LIMIT, here))
