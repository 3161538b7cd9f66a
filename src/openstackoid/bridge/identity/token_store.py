# SPDX-License-Identifier: Apache-2.0
"""The record of claims in the store, which the gateways of a cloud share, with a cache."""

import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from typing import NamedTuple

from openstackoid.bridge.identity.token_record import Changed, Full, Recorded, TokenRecord, most_of_user
from openstackoid.policy import Claims
from openstackoid.store import NoRoom, Offer, Store, TokenRow

LONGER = 0.25
"""The share of its time that a token is kept longer, so that its time is not extended at each request."""


class _Cached(NamedTuple):
    """The claims of a token, and the time until which the store has them at least."""

    claims: bytes
    until: float


class TokenStore(TokenRecord):
    """Asks the store about a token once in a quarter of its time. ``clock`` returns seconds since 1970.

    The cache has at most as many tokens of each peer as the store.
    """

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock
        self._cached: defaultdict[str, OrderedDict[bytes, _Cached]] = defaultdict(OrderedDict)

    def __repr__(self) -> str:
        cached = {issuer: len(tokens) for issuer, tokens in self._cached.items()}
        return f"<TokenStore {cached} cached>"

    async def tell(self, issuer: str, digest: bytes, claims: Claims, seconds: float, most: int) -> Recorded | Changed | Full:
        """Record the claims of a token (:meth:`TokenRecord.tell`)."""
        now, tokens = self._clock(), self._cached[issuer]
        while tokens and next(iter(tokens.values())).until <= now:
            tokens.popitem(last=False)
        cached = tokens.get(digest)
        if cached is not None and cached.claims == claims.digests and cached.until >= now + seconds:
            return Recorded()
        row = TokenRow(issuer, digest, claims.user, claims.digests, claims.rule, now, now + seconds * (1 + LONGER))
        of_user = most_of_user(most)
        found = await self._store.record(Offer(row, most, of_user))
        if isinstance(found, NoRoom):
            return Full(found.until - now, of_user if found.of_user else most, of_user=found.of_user)
        there = found.row
        if there.claims != claims.digests:
            return Changed(Claims(there.claims, there.rule), found.first)
        tokens[digest] = _Cached(there.claims, there.expires)
        tokens.move_to_end(digest)
        return Recorded()
