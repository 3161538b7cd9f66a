# SPDX-License-Identifier: Apache-2.0
"""Compare the keys of bound tokens with those of the cloud's other gateways, by the store that they share."""

import asyncio
import time
from collections.abc import Callable

from openstackoid.binding import KeyRepository
from openstackoid.bridge.log import LOG
from openstackoid.store import Store, StoreUnavailableError

SAME, DIFFER = "same", "differ"

PAUSE = 60.0
"""Seconds between two looks."""

COUNTS = 3 * PAUSE
"""Seconds for which a use counts: a gateway that has stopped binds nothing more."""


class SharedKeys:
    """Tells ``store`` the key that this gateway binds with, and finds keys of others that it cannot open.

    A gateway without such a key refuses every token that was bound with it: 401 for requests of peers that reach it.
    ``missing``: the fingerprints of these keys. ``clock``: seconds since 1970.
    """

    def __init__(self, store: Store, keys: KeyRepository, clock: Callable[[], float] = time.time) -> None:
        self.missing: tuple[str, ...] = ()
        self._store = store
        self._keys = keys
        self._clock = clock

    def state(self) -> str:
        """Return :data:`SAME` or :data:`DIFFER`, for the health page, which anybody can read."""
        return DIFFER if self.missing else SAME

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self.look()
            await asyncio.sleep(PAUSE)

    async def look(self) -> None:
        """Look once; without the store, what is known stays."""
        keys, now = self._keys.current(), self._clock()
        try:
            used = await self._store.share_key(keys.primary.fingerprint, now, now - COUNTS)
        except StoreUnavailableError:
            return
        own = {key.fingerprint for key in keys.keys}
        missing = tuple(fingerprint for fingerprint in used if fingerprint not in own)
        if missing != self.missing:
            self.missing = missing
            if missing:
                LOG.error(
                    "bound tokens: another gateway of this cloud binds with the key %s, which is not here:"
                    " give all gateways of the cloud the same folder of keys",
                    ", ".join(missing),
                )
            else:
                LOG.info("bound tokens: all gateways of this cloud have the same keys")
