# SPDX-License-Identifier: Apache-2.0
"""The record of tokens' claims of one gateway, in memory: for each peer its tokens, the one told of longest ago first."""

import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from openstackoid.bridge.token_journal import Row, TokenJournal
from openstackoid.bridge.token_record import Changed, Full, Recorded, TokenRecord
from openstackoid.policy import Claims

LONGER = 0.25
"""By which share of its time a token stays longer than it must: so often, and not at each request, its time is made longer."""
_LONGEST = 7 * 86400 * (1 + LONGER)


@dataclass(slots=True)
class _Token:
    claims: Claims
    until: float
    changed: bool = False


class TokenMemory(TokenRecord):
    """Keeps about 0.6 KiB for each token. ``clock`` never goes back.

    ``journal`` keeps the record over a restart of the process; without it the record ends with it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, journal: TokenJournal | None = None) -> None:
        self._clock = clock
        self._journal = journal
        self._peers: defaultdict[str, OrderedDict[bytes, _Token]] = defaultdict(OrderedDict)
        began, now = clock(), time.time()
        for row in journal.read() if journal is not None else ():
            tokens = self._peers[row.issuer]
            tokens.pop(row.digest, None)
            if row.until > now:
                # A clock that was set back meanwhile makes the time no longer than it may be.
                tokens[row.digest] = _Token(row.claims, began + min(row.until - now, _LONGEST))

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
        longer = seconds * (1 + LONGER)
        known = tokens[digest]
        known.until = self._clock() + longer
        if self._journal is not None:
            now = time.time()
            self._journal.write(Row(issuer, digest, known.claims, now + longer), now)
