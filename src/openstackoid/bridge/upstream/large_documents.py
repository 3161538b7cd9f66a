# SPDX-License-Identifier: Apache-2.0
"""A bound on the large documents of other clouds that this process holds at once."""

import asyncio
from collections import defaultdict

LARGE_AT_ONCE = 4
"""The most large documents of one cloud at a time; further ones wait, within the time of their answers."""


class LargeDocuments:
    """Semaphores for requests that hold a large document, one for each answering cloud."""

    def __init__(self) -> None:
        self._slots: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(LARGE_AT_ONCE))

    def of(self, cloud: str) -> asyncio.Semaphore:
        """Return the semaphore to acquire once a document of ``cloud`` turns out to be large."""
        return self._slots[cloud]
