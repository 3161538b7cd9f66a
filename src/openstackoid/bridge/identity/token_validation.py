# SPDX-License-Identifier: Apache-2.0
"""Validate tokens: ask the cloud that has issued one about its user, and cache the answer for as long as the policy says.

That time is the bound within which a revocation, or a role that is taken away at home, takes effect here. An answer is kept
under a hash of the token. A service that asks about a token meanwhile is told by :meth:`TokenValidator.heard`.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from openstackoid.binding import is_bound
from openstackoid.bridge.errors import AnswerError
from openstackoid.bridge.identity.questions import Questions
from openstackoid.bridge.identity.readers import AccountError, Reader, asked_with, not_by_itself
from openstackoid.bridge.identity.token_documents import document
from openstackoid.bridge.identity.token_record import token_digest
from openstackoid.bridge.message.head import Head
from openstackoid.bridge.upstream.target import Target
from openstackoid.bridge.upstream.upstream import BufferedResponse, Upstream, UpstreamRequest
from openstackoid.mesh import Endpoint, Timeouts
from openstackoid.policy import Principal, UnfitError, principal_of
from openstackoid.routing import REQUEST_ID
from openstackoid.telemetry import count_validation

MOST = 20_000
"""Tokens that are cached at once, at about 1 KiB each; the one that was not used for longest goes first."""
MOST_BYTES = 64 * 1024 * 1024
"""About how many bytes they take: a peer can give a user many roles with long names."""
REFUSED_SECONDS = 5.0
"""Seconds for which a token that its cloud does not accept is refused without asking again."""
ANSWER_LIMIT = 256 * 1024
"""Bytes of an answer without a catalog."""
ACCESS_RULES = ("OpenStack-Identity-Access-Rules", "1.0")
"""Without it Keystone validates no token of an application credential with access rules.

The service applies the rules: it, too, is told of such a token only where its middleware sends this header.
"""


@dataclass(frozen=True, slots=True)
class _Known:
    """A cached answer about a token, its end, and about how many bytes it takes. ``document`` has no catalog."""

    until: float
    principal: Principal | None
    document: bytes = field(repr=False)

    @property
    def size(self) -> int:
        """Return about how many bytes it takes; a letter of a name takes four where it has one of a rare script."""
        roles = () if self.principal is None else self.principal.roles
        return 1024 + len(self.document) + sum(64 + 4 * len(role) for role in roles)


@dataclass(frozen=True, slots=True)
class Asked:
    """The Keystone to ask, and the way to ask it: ``identity`` is its endpoint, ``target`` where it is asked about tokens.

    ``reader`` is an account there, for a token that cannot vouch for itself, or None; ``late`` allows the token to have expired.
    """

    identity: Endpoint
    target: Target
    seconds: float
    timeouts: Timeouts
    reader: Reader | None = None
    late: bool = False

    def asks_late(self, token: str) -> bool:
        """Return whether an account may be asked about an expired token: one here, or of the cloud that has bound the token."""
        return self.reader is not None or is_bound(token)


class TokenValidator:
    """Asks about tokens, each once, however many requests wait for the answer, and remembers the answers for a while.

    ``relayed`` counts the questions of services here that are relayed: a flood of them keeps none of this class back.
    """

    def __init__(self, upstream: Upstream, clock: Callable[[], float] = time.monotonic) -> None:
        self._upstream = upstream
        self._clock = clock
        self._questions = Questions(upstream.at)
        self.relayed = Questions(upstream.at)
        self._known: OrderedDict[tuple[str, bytes, bool], _Known] = OrderedDict()
        self._size = 0
        self._asking: dict[tuple[str, bytes, bool], asyncio.Task[Principal | None]] = {}

    async def of(self, token: str, asked: Asked, head: Head) -> Principal | None:
        """Return the token's user, or None where its cloud does not accept the token.

        Raises :class:`AnswerError` where that cloud cannot be asked, or its answer makes no sense.
        """
        key = (asked.identity.cloud, token_digest(token), asked.late)
        known = self._known.get(key)
        if known is not None and self._clock() < known.until:
            self._known.move_to_end(key)
            return known.principal
        task = self._asking.get(key)
        if task is None:
            self._questions.check(asked.identity.cloud)
            task = asyncio.create_task(self._learn(key, token, asked, head))
            self._asking[key] = task
            task.add_done_callback(lambda done: self._answered(key, done))
        # A client that waits may leave; the others still need the answer.
        return await asyncio.shield(task)

    def late(self, seconds: float) -> int:
        """Return how many questions to the Keystone here have waited for at least these seconds."""
        return self._questions.late(self._upstream.at, seconds)

    def heard(self, token: str, cloud: str) -> bytes | None:
        """Return the document of a token that its cloud has told a moment ago, without a catalog, or None."""
        known = self._known.get((cloud, token_digest(token), False))
        fresh = known is not None and known.principal is not None and self._clock() < known.until
        return known.document if known is not None and fresh else None

    def principal(self, token: str, cloud: str) -> Principal | None:
        """Return the user of a token that its cloud has told a moment ago, or None."""
        known = self._known.get((cloud, token_digest(token), False))
        return None if known is None or self._clock() >= known.until else known.principal

    def seconds_left(self, issuer: str, token: str, *, late: bool = False) -> float:
        """Return how long the cached answer about a token counts: none where there is none, or the token is not accepted.

        ``late``: it was asked for with :attr:`Asked.late`.
        """
        known = self._known.get((issuer, token_digest(token), late))
        return 0.0 if known is None or known.principal is None else max(0.0, known.until - self._clock())

    def _answered(self, key: tuple[str, bytes, bool], done: "asyncio.Task[Principal | None]") -> None:
        self._asking.pop(key, None)
        if not done.cancelled():
            # Looked at here, for those who asked may all have left.
            done.exception()

    async def _learn(self, key: tuple[str, bytes, bool], token: str, asked: Asked, head: Head) -> Principal | None:
        began = self._clock()
        result = "failed"
        try:
            with self._questions.asking(asked.identity.cloud):
                principal, document = await self._ask(token, asked, head)
            result = "refused" if principal is None else "accepted"
        finally:
            count_validation(asked.identity.cloud, result)
        # From before the request, so that a concurrent revocation is not cached longer.
        until = began + (REFUSED_SECONDS if principal is None else asked.seconds)
        before = self._known.pop(key, None)
        known = self._known[key] = _Known(until, principal, document)
        self._size += known.size - (0 if before is None else before.size)
        while len(self._known) > MOST or self._size > MOST_BYTES:
            self._size -= self._known.popitem(last=False)[1].size
        return principal

    async def _ask(self, token: str, asked: Asked, head: Head) -> tuple[Principal | None, bytes]:
        ids = tuple((key, value) for key, value in head.headers if key.lower() == REQUEST_ID)
        seconds = asked.timeouts.connect + asked.timeouts.server
        until = asyncio.get_running_loop().time() + seconds

        async def send(credential: str, query: str) -> BufferedResponse:
            tokens = (("X-Auth-Token", credential), ("X-Subject-Token", token))
            sent = UpstreamRequest("GET", query, (*tokens, ("Accept-Encoding", "identity"), ACCESS_RULES, *ids))
            return await self._upstream.send_buffered(
                asked.target, sent, timeouts=asked.timeouts, until=until, limit=ANSWER_LIMIT
            )

        late = asked.late and is_bound(token)
        answer = await send(token, "nocatalog&allow_expired=1" if late else "nocatalog")
        # 403: Keystone has accepted the token, so the account is never asked about an invented one.
        if asked.reader is not None and (answer.status == 403 or (answer.status == 401 and asked.late)):
            query = "nocatalog&allow_expired=1" if asked.late else "nocatalog"
            try:
                async with asyncio.timeout_at(until):
                    answer = await asked_with(asked.reader, lambda account: send(account, query))
            except TimeoutError:
                raise self._error(asked, 504, f"does not answer within {seconds:g} s") from None
            except AccountError as error:
                error.accepted = answer.status == 403
                raise
        match answer.status:
            case 200:
                return self._principal(asked, answer.content), answer.content
            case 401 | 404:
                return None, b""
            case 403:
                raise self._error(asked, 403, not_by_itself(asked.identity.cloud))
            case status if status >= 500:
                raise self._error(asked, 503 if status == 503 else 502, f"answers {status} when asked about a token")
            case status:
                raise self._error(asked, 502, f"answers {status} when asked about a token")

    def _principal(self, asked: Asked, content: bytes) -> Principal:
        try:
            return principal_of(document(content))
        except UnfitError as error:
            raise AnswerError(403, f"gateway of {self._upstream.at}: {error}") from None
        except ValueError as error:
            raise self._error(asked, 502, f"its answer about a token cannot be used: {error}") from None

    def _error(self, asked: Asked, status: int, what: str) -> AnswerError:
        place = f"identity of {asked.identity.cloud} at {asked.identity.frontend.root()}"
        return AnswerError(status, f"gateway of {self._upstream.at}: {place} {what}", fault=asked.identity.cloud)
