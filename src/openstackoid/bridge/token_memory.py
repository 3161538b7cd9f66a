# SPDX-License-Identifier: Apache-2.0
"""The record of tokens' claims of a gateway without a database, in memory: of each peer, the one told of longest ago first."""

import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from openstackoid.bridge.token_record import Changed, Full, Recorded, TokenRecord
from openstackoid.policy import Claims

LONGER = 0.25
"""By which share of its time a token stays longer than it must: so often, and not at each request, its time is made longer."""


@dataclass(slots=True)
class _Token:
    claims: Claims
    until: float
    changed: bool = False


class TokenMemory(TokenRecord):
    """Keeps about 0.6 KiB for each token. ``clock`` never goes back. The record ends with the process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._peers: defaultdict[str, OrderedDict[bytes, _Token]] = defaultdict(OrderedDict)

    def __repr__(self) -> str:
        tokens = {issuer: len(tokens) for issuer, tokens in self._peers.items()}
        return f"<TokenMemory {tokens}>"

    async def tell(self, issuer: str, digest: bytes, claims: Claims, seconds: float, most: int) -> Recorded | Changed | Full:
        """Record the claims of a token (:meth:`TokenRecord.tell`)."""
        now, tokens = self._clock(), self._peers[issuer]
        while tokens and (oldest := next(iter(tokens.values()))).until <= now:
            tokens.popitem(last=False)
        known = tokens.get(digest)
        if known is None or known.until <= now:
            if known is None and len(tokens) >= most:
                return Full(oldest.until - now)
            tokens[digest] = _Token(claims, now)
            self._keep(issuer, digest, seconds)
            return Recorded()
        if known.claims != claims:
            first, known.changed = not known.changed, True
            return Changed(known.claims, first)
        if known.until < now + seconds:
            self._keep(issuer, digest, seconds)
        return Recorded()

    def _keep(self, issuer: str, digest: bytes, seconds: float) -> None:
        tokens = self._peers[issuer]
        tokens.move_to_end(digest)
        tokens[digest].until = self._clock() + seconds * (1 + LONGER)
