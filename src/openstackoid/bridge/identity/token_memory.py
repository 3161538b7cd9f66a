# SPDX-License-Identifier: Apache-2.0
"""The record of claims in memory, for an authorizer without a store: for each peer, the oldest first."""

import time
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from openstackoid.bridge.identity.token_record import Changed, Full, Recorded, TokenRecord, most_of_user
from openstackoid.policy import Claims

LONGER = 0.25
"""The share of its time that a token is kept longer, so that its time is not extended at each request."""


@dataclass(slots=True)
class _Token:
    claims: Claims
    until: float
    changed: bool = False


class TokenMemory(TokenRecord):
    """Keeps about 0.6 KiB for each token. ``clock`` is monotonic. The record ends with the process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._peers: defaultdict[str, OrderedDict[bytes, _Token]] = defaultdict(OrderedDict)
        self._users: Counter[tuple[str, bytes]] = Counter()

    def __repr__(self) -> str:
        tokens = {issuer: len(tokens) for issuer, tokens in self._peers.items()}
        return f"<TokenMemory {tokens}>"

    async def tell(self, issuer: str, digest: bytes, claims: Claims, seconds: float, most: int) -> Recorded | Changed | Full:
        """Record the claims of a token (:meth:`TokenRecord.tell`)."""
        now, tokens = self._clock(), self._peers[issuer]
        while tokens and (oldest := next(iter(tokens.items())))[1].until <= now:
            self._drop(issuer, oldest[0])
        known = tokens.get(digest)
        if known is not None and known.until <= now:
            self._drop(issuer, digest)
            known = None
        if known is None:
            if len(tokens) >= most:
                return Full(oldest[1].until - now, most)
            of_user = most_of_user(most)
            if self._users[issuer, claims.user] >= of_user:
                return Full(seconds, of_user, of_user=True)
            self._add(issuer, digest, _Token(claims, now))
            self._keep(issuer, digest, seconds)
            return Recorded()
        if known.claims != claims:
            first, known.changed = not known.changed, True
            return Changed(known.claims, first)
        if known.until < now + seconds:
            self._keep(issuer, digest, seconds)
        return Recorded()

    def _add(self, issuer: str, digest: bytes, token: _Token) -> None:
        self._peers[issuer][digest] = token
        self._users[issuer, token.claims.user] += 1

    def _drop(self, issuer: str, digest: bytes) -> None:
        user = issuer, self._peers[issuer].pop(digest).claims.user
        self._users[user] -= 1
        if not self._users[user]:
            del self._users[user]

    def _keep(self, issuer: str, digest: bytes, seconds: float) -> None:
        tokens = self._peers[issuer]
        tokens.move_to_end(digest)
        tokens[digest].until = self._clock() + seconds * (1 + LONGER)
