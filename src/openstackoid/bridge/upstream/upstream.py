# SPDX-License-Identifier: Apache-2.0
"""The client that sends requests to backends and peers by way of HAProxy, and the errors for their failures."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

import aiohttp
from aiohttp import hdrs
from multidict import CIMultiDict
from yarl import URL

from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.message.deadline import Deadline
from openstackoid.bridge.message.head import end_to_end, is_chunked, of_others, without
from openstackoid.bridge.message.verbatim import Outgoing, decoded
from openstackoid.bridge.upstream.failures import Failure, Told, failure_of
from openstackoid.bridge.upstream.kept_connections import KeptConnections
from openstackoid.bridge.upstream.large_documents import LargeDocuments
from openstackoid.bridge.upstream.outages import Outages
from openstackoid.bridge.upstream.peer_facts import PeerFacts
from openstackoid.bridge.upstream.reasons import Reasons
from openstackoid.bridge.upstream.target import Target
from openstackoid.bridge.upstream.to_haproxy import ToHaproxy
from openstackoid.haproxy.hardening import HEAD_BUFFER, HEAD_RESERVE
from openstackoid.mesh import HTTPS, Timeouts
from openstackoid.routing import Headers
from openstackoid.routing.backend_names import FAILED, TARGET
from openstackoid.routing.links import GATEWAYS_OWN, HOSTS_OWN, LEADING
from openstackoid.routing.pages import HEALTH
from openstackoid.routing.places import AT_WORK

T = TypeVar("T")

HEALTH_WAIT = 2.0
"""Seconds in which a peer's gateway may say its health."""

LARGEST_HEAD = HEAD_BUFFER - HEAD_RESERVE - 64
"""Bytes of a head that HAProxy takes; for a larger one it has a page of its own. The rest is for what ends the lines."""


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

    ``what`` is the end of the message, behind the name of the place. ``is_outage``: the next request would fail alike; one
    request or answer that is at fault says nothing of others. ``certificate``: that of the place is at fault.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        what: str = "",
        reason: str | None = None,
        unreached: bool = False,
        is_outage: bool = False,
        fault: str | None = None,
        certificate: bool = False,
    ) -> None:
        super().__init__(status, message, reason=reason, fault=fault)
        self.what = what
        self.unreached = unreached
        self.is_outage = is_outage
        self.certificate = certificate


_PROBE = UpstreamRequest("GET", None, (("Accept-Encoding", "identity"),))
_LONGEST_PROBED = 65_536


@dataclass(frozen=True, slots=True)
class BufferedResponse:
    """An answer that was read to its end."""

    status: int
    content: bytes = field(repr=False)


async def first_reached(
    tried: Iterable[Target], to: Callable[[Target], Awaitable[T]], nowhere: AnswerError, *, repeatable: bool = False
) -> T:
    """Return the answer of the first target that is reached; ``to`` sends the request to one target.

    A target that has been sent a byte is the last: the request may have been carried out. A ``repeatable`` question goes on from
    a target that does not answer in time, too. Raises the last error, or ``nowhere`` where there is no target.
    """
    failure = nowhere
    for target in tried:
        try:
            return await to(target)
        except UpstreamError as error:
            failure = error
            if not error.unreached and not (repeatable and error.status == HTTPStatus.GATEWAY_TIMEOUT):
                break
    raise failure


class Upstream:
    """Sends requests to backends and peers, for the gateway of the cloud ``at``: by its HAProxy, at the unix socket ``haproxy``.

    Connections to peers are HAProxy's, which keeps them. Redirects, cookies and proxies of the environment are left alone.
    ``peers``: the facts about peers that HAProxy tells.
    """

    def __init__(self, at: str, haproxy: Path) -> None:
        self.at = at
        self.large_documents = LargeDocuments()
        self.reasons = Reasons()
        self.outages = Outages()
        self.peers = PeerFacts()
        self.kept = KeptConnections(self._ask_health)
        self._haproxy = ToHaproxy(haproxy)

    async def close(self) -> None:
        """Close what is open."""
        self.outages.close()
        await self._haproxy.close()

    @asynccontextmanager
    async def send(
        self,
        target: Target,
        request: UpstreamRequest,
        timeouts: Timeouts,
        deadline: Deadline,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request to ``target`` and yield its answer, whose body is yet to be read.

        HAProxy bounds the waits for a connection and for the next bytes of the answer by the timeouts of the gateway; whatever
        else is to be bounded, the caller does by ``deadline``. Errors name ``timeouts``. Raises :class:`UpstreamError`, also for
        failures while the answer is read inside the block.
        """
        url = URL(target.url, encoded=True)
        raw_target = url.raw_path if request.query is None else f"{url.raw_path}?{request.query}"
        sent = CIMultiDict(end_to_end(request.headers))
        sent.setdefault(hdrs.HOST, url.host_port_subcomponent or "")
        if target.secure:
            sent["X-Forwarded-Proto"] = HTTPS
        if is_chunked(request.headers):
            sent[hdrs.TRANSFER_ENCODING] = "chunked"
        elif isinstance(request.body, bytes):
            sent.setdefault(hdrs.CONTENT_LENGTH, str(len(request.body)))
        if request.upgrade is not None:
            sent[hdrs.CONNECTION], sent[hdrs.UPGRADE] = "Upgrade", request.upgrade
        sent[TARGET] = target.to
        head = len(request.method) + len(raw_target) + sum(len(key) + len(value) + len(": \r\n") for key, value in sent.items())
        if head > LARGEST_HEAD:
            what = ": the request has too large a head: at most 28 KiB with what the gateway adds"
            raise self._error(target, Failure(400, what, unreached=True), is_outage=False)
        message = Outgoing(raw_target, sent, request.body)
        if target.gateway:
            self.kept.note(target.gateway)
        began = asyncio.get_running_loop().time()
        try:
            async with deadline, await self._haproxy.send(request.method, message) as answer:
                header = answer.headers.get(FAILED)
                if header is not None:
                    told, seconds = Told.of(answer.status, header), asyncio.get_running_loop().time() - began
                    failure = failure_of(told, timeouts) or await self.reasons.failure(target, told, timeouts, seconds)
                    raise self._error(target, failure)
                if target.peer and raw_target != HEALTH:
                    # HAProxy itself answers about the health, and announces nothing.
                    self.peers.note(target.peer, answer.headers)
                yield answer
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._failure(target, error, timeouts) from None

    async def reach(self, target: Target, timeouts: Timeouts) -> None:
        """Raise :class:`UpstreamError` where no connection to ``target`` can be made; nothing is sent to it."""
        what = await self.reasons.trial(target, timeouts)
        if what is not None:
            raise self._error(target, Failure(503, what, unreached=True))

    async def answers(self, target: Target, timeouts: Timeouts, until: float) -> bool:
        """Return whether ``target`` answers a question for its document by ``until``, with no error of its own (5xx).

        A peer's gateway without a place for the question is busy; its service is not down.
        """
        try:
            answer = await self.send_buffered(target, _PROBE, timeouts=timeouts, until=until, limit=_LONGEST_PROBED)
        except UpstreamError as error:
            # An answer that is too large is one.
            return not error.is_outage and not error.unreached
        except AnswerError:
            return False
        if answer.status == HTTPStatus.SERVICE_UNAVAILABLE:
            text = answer.content.decode("utf-8", "replace")
            return f'"message": "gateway of {target.peer}: ' in text and AT_WORK in text
        return answer.status < HTTPStatus.INTERNAL_SERVER_ERROR

    async def _ask_health(self, gateway: str) -> None:
        """Ask a peer's gateway for its health; whatever it says, its connection was used."""
        message = Outgoing(HEALTH, CIMultiDict({hdrs.HOST: "gateway", TARGET: gateway}), None)
        with suppress(aiohttp.ClientError, TimeoutError, OSError):
            async with asyncio.timeout(HEALTH_WAIT), await self._haproxy.send("GET", message) as answer:
                await answer.read()

    async def send_buffered(
        self, target: Target, request: UpstreamRequest, *, timeouts: Timeouts, until: float, limit: int
    ) -> BufferedResponse:
        """Return the answer to a request for a small document.

        It must be there at ``until``, a time of the event loop, and have ``limit`` bytes at most. Raises :class:`AnswerError`.
        """
        deadline = Deadline(until - asyncio.get_running_loop().time())
        async with self.send(target, request, timeouts, deadline) as answer:
            return BufferedResponse(answer.status, await read_answer(self, target, answer, limit))

    def answer_headers(self, target: Target, answer: aiohttp.ClientResponse) -> Headers:
        """Return the headers of an answer that travel on: end-to-end, and none of those that gateways alone write."""
        theirs = of_others(end_to_end(decoded(answer.raw_headers)))
        kept = tuple(pair for pair in theirs if not pair[0].lower().startswith(GATEWAYS_OWN))
        return kept if target.peer is None else without(kept, *HOSTS_OWN, *LEADING)

    def unusable(self, target: Target, why: str) -> UpstreamError:
        """Return the error for an answer that cannot be used."""
        return self._error(target, Failure(502, f": {why}"), is_outage=False)

    def _failure(self, target: Target, error: Exception, timeouts: Timeouts) -> UpstreamError:
        """Return the error for a failure, in words of our own: aiohttp's may quote headers."""
        match error:
            case aiohttp.ClientConnectorError():
                what = " cannot be asked: HAProxy of this gateway is not there; try again"
                return self._error(target, Failure(503, what, unreached=True), is_outage=False)
            case TimeoutError():
                return self._error(target, Failure(504, f" does not answer within {timeouts.server:g} s"))
            case aiohttp.ClientResponseError() | aiohttp.InvalidURL():
                return self._error(target, Failure(502, ": its answer is not HTTP"))
            case _:
                return self._error(target, Failure(502, " closed the connection before its answer was complete"))

    def _error(self, target: Target, failure: Failure, *, is_outage: bool = True) -> UpstreamError:
        """Return an error about a target; only the log names a backend's address."""
        place = f"gateway of {self.at}: {target.place}"
        known = [backend for backend in target.backends if f"{backend.host}:{backend.port}" == failure.address]
        urls = " or ".join(f"{backend.scheme}://{backend.host}:{backend.port}" for backend in known or target.backends)
        reason = f"{place} at its backend {urls}{failure.what}" if target.backends else None
        return UpstreamError(
            failure.status,
            f"{place}{failure.what}",
            what=failure.what,
            reason=reason,
            unreached=failure.unreached,
            is_outage=is_outage,
            fault=target.peer or self.at,
            certificate=failure.certificate,
        )


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
