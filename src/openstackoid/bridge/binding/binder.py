# SPDX-License-Identifier: Apache-2.0
"""Bind tokens of this cloud to a peer's gateway, and open those that come back."""

import time
from collections.abc import Callable

from openstackoid.binding import (
    BoundToken,
    KeyRepository,
    Kind,
    audience_digest,
    ends_at,
    open_token,
    scope_digest,
    seal_token,
)
from openstackoid.scope import MARK, SEPARATOR


class Binder:
    """Binds with the keys of one cloud. ``clock`` tells seconds since 1970."""

    def __init__(self, keys: KeyRepository | None = None, clock: Callable[[], float] = time.time) -> None:
        self._keys = KeyRepository() if keys is None else keys
        self._clock = clock

    def bind(self, token: str, kind: Kind, audience: str, scope: str | None, seconds: float) -> str:
        """Return a token as it leaves for ``audience``, good for ``seconds`` at least.

        ``scope``: the completed scope in its header form; None for a token under no scope.
        """
        ends = ends_at(self._clock(), seconds)
        return seal_token(self._keys.current(), BoundToken(kind, audience_digest(audience), ends, scope_digest(scope), token))

    def issue(self, token: str, audience: str, seconds: float, *, by: BoundToken | None) -> str:
        """Return a token that is issued by way of ``audience``; one in exchange for ``by`` is bound to the same scope."""
        kind, scope = (Kind.ISSUED, scope_digest(None)) if by is None else (by.kind, by.scope)
        ends = ends_at(self._clock(), seconds)
        return seal_token(self._keys.current(), BoundToken(kind, audience_digest(audience), ends, scope, token))

    @property
    def key(self) -> str:
        """Return the fingerprint of the key that seals."""
        return self._keys.current().primary.fingerprint

    def open(self, text: str, sender: str | None) -> BoundToken:
        """Return the content of a bound token that the gateway of ``sender`` has sent, by its certificate.

        Raises :class:`~openstackoid.binding.BoundTokenError`.
        """
        return open_token(self._keys.current(), text, sender, self._clock())


def cut(value: str) -> tuple[str, str]:
    """Return the token in the value of a header, and the mark of a scope behind it with all that follows."""
    end = min((at for at in (value.find(MARK), value.find(SEPARATOR)) if at >= 0), default=len(value))
    return value[:end], value[end:]
