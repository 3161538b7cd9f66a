# SPDX-License-Identifier: Apache-2.0
"""The client that sends requests to backends and peers, and the errors for their failures."""

import asyncio
import os
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp
from aiohttp import hdrs
from multidict import CIMultiDict
from yarl import URL

from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.message.deadline import Deadline
from openstackoid.bridge.message.head import end_to_end, is_chunked, of_others, without
from openstackoid.bridge.message.verbatim import LIMITS, Outgoing, Request, decoded
from openstackoid.bridge.upstream.large_documents import LargeDocuments
from openstackoid.bridge.upstream.target import Target, targets
from openstackoid.mesh import HTTPS, Endpoint, Timeouts
from openstackoid.routing import Headers, wire_version
from openstackoid.routing.links import ABOUT_THE_CLIENT, CLAIMS_OF_PROXIES, HOSTS_OWN, LEADING
from openstackoid.routing.loops import passed
from openstackoid.scope import WIRE
from openstackoid.tls import Identity, fault_of, what_was_wrong

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class UpstreamRequest:
    """A request to a target. ``query`` is raw, or None without a ``?``; hop-by-hop headers are left out on the way.

    The body goes in chunks where the headers say so, else with the length that they say. Bytes without a length are given theirs.
    ``upgrade`` is the protocol that the client wants to go on with on this connection, or None.
    """

    method: str
    query: str | None = field(repr=False)
    headers: Headers = field(repr=False)
    body: bytes | AsyncIterable[bytes] | None = field(default=None, repr=False)
    upgrade: str | None = None


class UpstreamError(AnswerError):
    """A backend or peer that could not be asked, or whose answer cannot be used. ``unreached``: no byte has been sent to it.

    ``what`` is the end of the message, behind the name of the place.
    """

    def __init__(self, status: int, message: str, *, what: str = "", reason: str | None = None, unreached: bool = False) -> None:
        super().__init__(status, message, reason=reason)
        self.what = what
        self.unreached = unreached


@dataclass(frozen=True, slots=True)
class BufferedResponse:
    """An answer that was read to its end."""

    status: int
    content: bytes = field(repr=False)


async def first_reached(tried: Iterable[Target], to: Callable[[Target], Awaitable[T]], nowhere: AnswerError) -> T:
    """Return the answer of the first target that is reached; ``to`` sends the request to one target.

    A target that has been sent a byte is the last: the request may have been carried out. Raises its error, or ``nowhere`` where
    there is no target.
    """
    failure = nowhere
    for target in tried:
        try:
            return await to(target)
        except UpstreamError as error:
            failure = error
            if not error.unreached:
                break
    raise failure


class Upstream:
    """Sends requests to backends and peers, for the gateway of the cloud ``at``.

    Each request has a connection of its own: one that was kept could be closed by the other side while a request that must
    not be repeated is on its way. Redirects, cookies and proxies of the environment are left alone. ``identity`` is for peers
    that are sent requests over https, and may be replaced at any time. ``announced``: the peers whose last answer
    announced the newer wire version.
    """

    def __init__(self, at: str, identity: Identity | None = None) -> None:
        self.at = at
        self.identity = identity
        self.large_documents = LargeDocuments()
        self.announced: set[str] = set()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, force_close=True),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            request_class=Request,
            **LIMITS,
        )
        # aiohttp sends a GET again whose connection was closed, as if it had been idle before. Its own TestClient says so, too.
        self._session._retry_connection = False

    async def close(self) -> None:
        """Close what is open."""
        await self._session.close()

    @asynccontextmanager
    async def send(
        self,
        target: Target,
        request: UpstreamRequest,
        timeouts: Timeouts,
        deadline: Deadline,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request to ``target`` and yield its answer, whose body is yet to be read.

        The waits for a connection and for the next bytes of the answer are bounded by ``timeouts``; whatever else is to be
        bounded, the caller does by ``deadline``. Raises :class:`UpstreamError`, also for failures while the answer is read
        inside the block.
        """
        url = URL(target.url, encoded=True)
        raw_target = url.raw_path if request.query is None else f"{url.raw_path}?{request.query}"
        timeout = aiohttp.ClientTimeout(total=None, connect=timeouts.connect, sock_read=timeouts.server)
        claims = ABOUT_THE_CLIENT if target.peer else CLAIMS_OF_PROXIES
        sent = CIMultiDict(without(end_to_end(request.headers), *claims))
        if target.prefix is not None:
            sent["X-Forwarded-Prefix"] = target.prefix
        if target.secure:
            sent["X-Forwarded-Proto"] = HTTPS
        if target.peer:
            sent.add(hdrs.VIA, passed(self.at))
            sent[wire_version.HEADER] = str(WIRE)
        if is_chunked(request.headers):
            sent[hdrs.TRANSFER_ENCODING] = "chunked"
        elif isinstance(request.body, bytes):
            sent.setdefault(hdrs.CONTENT_LENGTH, str(len(request.body)))
        if request.upgrade is not None:
            sent[hdrs.CONNECTION], sent[hdrs.UPGRADE] = "Upgrade", request.upgrade
        message = Outgoing(raw_target, sent, request.body)
        options: Any = {"timeout": timeout, "allow_redirects": False, **self._tls_options(target)}
        try:
            async with (
                deadline,
                self._session.request(request.method, url, data=message, **options) as answer,
            ):
                if target.peer:
                    wire_version.note(self.announced, target.peer, answer.headers.getall(wire_version.HEADER, []))
                yield answer
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._tls_error(target, error) or self._failure(target, error, timeouts) from None

    def _tls_options(self, target: Target) -> dict[str, Any]:
        """Return the mutual-TLS options for this target. Raises :class:`UpstreamError` where this gateway has no certificate."""
        if target.certified is None or not target.url.startswith(f"{HTTPS}:"):
            return {}
        if self.identity is None:
            why = ": this gateway has no usable certificate; see its log"
            raise self._error(503, target, why, unreached=True)
        return {"ssl": self.identity.context, "server_hostname": target.certified}

    def _tls_error(self, target: Target, error: Exception) -> UpstreamError | None:
        """Return the error for a failed mutual TLS; None for any other failure."""
        fault = fault_of(error)
        if fault is None or self.identity is None or target.certified is None:
            return None
        what = what_was_wrong(fault, target.certified, self.identity.authority)
        unreached = isinstance(error, aiohttp.ClientConnectorError)
        return self._error(503, target, f": {what}", unreached=unreached)

    async def send_buffered(
        self,
        endpoint: Endpoint,
        local: bool,
        path: str,
        request: UpstreamRequest,
        *,
        timeouts: Timeouts,
        until: float,
        limit: int,
    ) -> "BufferedResponse":
        """Return the answer to a request for a small document, of the first place of an endpoint that is reached.

        It must be there at ``until``, a time of the event loop, and have ``limit`` bytes at most. Raises :class:`AnswerError`.
        """

        async def to(target: Target) -> BufferedResponse:
            deadline = Deadline(until - asyncio.get_running_loop().time())
            async with self.send(target, request, timeouts, deadline) as answer:
                return BufferedResponse(answer.status, await read_answer(self, target, answer, limit))

        return await first_reached(targets(endpoint, local, path), to, self.no_backend(endpoint))

    def answer_headers(self, target: Target, answer: aiohttp.ClientResponse) -> Headers:
        """Return the headers of an answer that travel on: end-to-end, and none of those that gateways alone write."""
        kept = of_others(end_to_end(decoded(answer.raw_headers)))
        return without(kept, *HOSTS_OWN, *LEADING) if target.peer else kept

    def unusable(self, target: Target, why: str) -> UpstreamError:
        """Return the error for an answer that cannot be used."""
        return self._error(502, target, f": {why}")

    def no_backend(self, endpoint: Endpoint) -> AnswerError:
        """Return the error for an endpoint of this cloud that the mesh describes without a backend."""
        return AnswerError(503, f"gateway of {self.at}: {endpoint.service} of {endpoint.cloud} has no backend in the mesh")

    def _failure(self, target: Target, error: Exception, timeouts: Timeouts) -> UpstreamError:
        """Return the error for a failure, in words of our own: aiohttp's may quote headers."""
        match error:
            case aiohttp.ConnectionTimeoutError():
                return self._error(
                    503, target, f" cannot be reached: no connection within {timeouts.connect:g} s", unreached=True
                )
            case aiohttp.ClientConnectorDNSError():
                return self._error(503, target, " cannot be reached: its host name is not known", unreached=True)
            case aiohttp.ClientConnectorError():
                reason = os.strerror(error.errno).lower() if error.errno else "no connection"
                return self._error(503, target, f" cannot be reached: {reason}", unreached=True)
            case TimeoutError():
                return self._error(504, target, f" does not answer within {timeouts.server:g} s")
            case aiohttp.ClientResponseError() | aiohttp.InvalidURL():
                return self._error(502, target, ": its answer is not HTTP")
            case _:
                return self._error(502, target, " closed the connection before its answer was complete")

    def _error(self, status: int, target: Target, what: str, *, unreached: bool = False) -> UpstreamError:
        """Return an error about a target; only the log names a backend's address."""
        message = f"gateway of {self.at}: {target.place}{what}"
        reason = target.address and f"gateway of {self.at}: {target.place} at its backend {target.address}{what}"
        return UpstreamError(status, message, what=what, reason=reason, unreached=unreached)


async def read_answer(
    upstream: Upstream,
    target: Target,
    answer: aiohttp.ClientResponse,
    limit: int,
    grown: Callable[[int], Awaitable[None]] | None = None,
) -> bytes:
    """Return the body of an answer; ``grown`` is awaited with the size of what is there, before more is read.

    Raises :class:`UpstreamError` (502) when it is longer than ``limit`` bytes.
    """
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if grown is not None:
            await grown(len(body))
        if len(body) > limit:
            raise upstream.unusable(target, f"its answer is larger than {limit} bytes")
    return bytes(body)
