# SPDX-License-Identifier: Apache-2.0
"""A cache of the digests of tokens that a Keystone has accepted without naming their user."""

from collections import OrderedDict

from openstackoid.bridge.identity.token_record import token_digest

MOST = 10_000
"""The most cached tokens; the first accepted is removed first."""


class AcceptedTokens:
    """Times are seconds of a monotonic clock."""

    def __init__(self) -> None:
        self._until: OrderedDict[tuple[str, bytes], float] = OrderedDict()

    def add(self, issuer: str, token: str, until: float) -> None:
        """Cache a token of the cloud ``issuer`` until a time."""
        key = _key(issuer, token)
        self._until.pop(key, None)
        self._until[key] = until
        if len(self._until) > MOST:
            self._until.popitem(last=False)

    def has(self, issuer: str, token: str, now: float) -> bool:
        """Return whether a token is cached as accepted."""
        return now < self._until.get(_key(issuer, token), now)


def _key(issuer: str, token: str) -> tuple[str, bytes]:
    return issuer, token_digest(token)
