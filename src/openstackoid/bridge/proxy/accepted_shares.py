# SPDX-License-Identifier: Apache-2.0
"""The shares of clouds in HAProxy's table of accepted tokens: a peer that accepts any token pushes out none of others."""

import time
from collections import Counter, OrderedDict
from collections.abc import Callable

from openstackoid.bridge.identity.token_record import token_digest
from openstackoid.haproxy.places import ACCEPTED_SECONDS, ACCEPTED_TOKENS

SHARE = ACCEPTED_TOKENS // 10
"""Tokens of the table that one other cloud vouches for, at most."""


class AcceptedShares:
    """The tokens that HAProxy of the cloud ``at`` was told of, and the clouds that vouch for them. ``clock`` is monotonic."""

    def __init__(self, at: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._at = at
        self._clock = clock
        self._until: OrderedDict[tuple[str, bytes], float] = OrderedDict()
        self._of: Counter[str] = Counter()

    def take(self, cloud: str, token: str) -> bool:
        """Return whether HAProxy is told of a token that ``cloud`` accepts: not of one beyond the share."""
        if cloud == self._at:
            return True
        now, key = self._clock(), (cloud, token_digest(token))
        while self._until and (len(self._until) >= ACCEPTED_TOKENS or next(iter(self._until.values())) <= now):
            self._of[self._until.popitem(last=False)[0][0]] -= 1
        if key not in self._until:
            if self._of[cloud] >= SHARE:
                return False
            self._of[cloud] += 1
        self._until[key] = now + ACCEPTED_SECONDS
        self._until.move_to_end(key)
        return True
