# SPDX-License-Identifier: Apache-2.0
"""Have the cloud that issued a token bind it anew, for the next cloud that the scope names: RFC 8693's token exchange."""

import asyncio
import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import Callable

from openstackoid.binding import is_bound
from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.message.deadline import Deadline
from openstackoid.bridge.upstream.target import Target, gateway_targets
from openstackoid.bridge.upstream.upstream import BufferedResponse, Upstream, UpstreamRequest, first_reached, read_answer
from openstackoid.mesh import Mesh
from openstackoid.routing import REQUEST_ID, Headers
from openstackoid.routing.pages import TOKEN

MOST = 10_000
"""Bound tokens that are cached at once; the one that was not used for longest goes first."""
SECONDS = 600.0
"""Seconds for which one is cached. Its home judges it at each use."""
SOCKETS = 3
ANSWER_LIMIT = 32 * 1024
LONGEST = 4096
"""Characters of a bound token that is accepted, and so about 43 MB for all of them: uWSGI's default for all headers together."""
TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105

_Key = tuple[str, str, bytes]


class TokenExchange:
    """Asks the gateways that issued tokens, and caches the bound tokens that they give, under digests."""

    def __init__(self, upstream: Upstream, clock: Callable[[], float] = time.monotonic) -> None:
        self._upstream = upstream
        self._clock = clock
        self._cached: OrderedDict[_Key, tuple[float, str]] = OrderedDict()
        self._asking: dict[_Key, asyncio.Task[str]] = {}

    async def bound(self, mesh: Mesh, issuer: str, token: str, audience: str, *, scope: str, headers: Headers) -> str:
        """Return a token of ``issuer`` bound to ``audience``; ``token`` is bound to this gateway.

        ``scope``: the completed scope. Raises :class:`AnswerError`: 401 where the issuer refuses, 502 to 504 where it cannot be
        asked.
        """
        key = (issuer, audience, hashlib.sha256(f"{token} {scope}".encode()).digest())
        cached = self._cached.get(key)
        if cached is not None and self._clock() < cached[0]:
            self._cached.move_to_end(key)
            return cached[1]
        task = self._asking.get(key)
        if task is None:
            task = asyncio.create_task(self._ask(mesh, key, token, scope, headers))
            self._asking[key] = task
            task.add_done_callback(lambda done: self._answered(key, done))
        # A client that waits may leave; the others still need the answer.
        return await asyncio.shield(task)

    def _answered(self, key: _Key, done: "asyncio.Task[str]") -> None:
        self._asking.pop(key, None)
        if not done.cancelled():
            done.exception()

    async def _ask(self, mesh: Mesh, key: _Key, token: str, scope: str, headers: Headers) -> str:
        issuer, audience, _ = key
        began = self._clock()
        here, home = mesh.clouds[self._upstream.at], mesh.clouds[issuer]
        ids = tuple((name, value) for name, value in headers if name.lower() == REQUEST_ID)
        body = json.dumps({"subject_token": token, "audience": audience, "scope": scope}).encode("ascii")
        sent = UpstreamRequest("POST", None, (("Content-Type", "application/json"), ("Accept-Encoding", "identity"), *ids), body)
        places = gateway_targets(mesh, here.name, home, TOKEN)[:SOCKETS]

        async def to(target: Target) -> BufferedResponse:
            deadline = Deadline(here.timeouts.connect + here.timeouts.server)
            async with self._upstream.send(target, sent, here.timeouts, deadline) as answer:
                return BufferedResponse(answer.status, await read_answer(self._upstream, target, answer, ANSWER_LIMIT))

        answer = await first_reached(places, to, AnswerError(503, f"{issuer} has no gateway in the mesh"))
        if answer.status in (400, 401, 403):
            message = f"the gateway of {issuer} does not bind the token to {audience} ({answer.status}); its audit log says why"
            raise AnswerError(401, f"gateway of {self._upstream.at}: {message}")
        bound = _token_of(answer)
        if bound is None:
            message = f"the gateway of {issuer} answers {answer.status} when asked to bind a token to {audience}"
            raise AnswerError(502, f"gateway of {self._upstream.at}: {message}", fault=issuer)
        self._cached[key] = (began + SECONDS, bound)
        if len(self._cached) > MOST:
            self._cached.popitem(last=False)
        return bound


def _token_of(answer: BufferedResponse) -> str | None:
    """Return the token in the answer to an exchange, or None where it is not such an answer."""
    try:
        token = json.loads(answer.content)["access_token"] if answer.status == 200 else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if not isinstance(token, str) or len(token) > LONGEST or not is_bound(token):
        return None
    return token if all("!" < character < "~" for character in token) else None
