# SPDX-License-Identifier: Apache-2.0
"""What of other clouds' large documents this process holds at once."""

import asyncio
from collections import defaultdict

LARGE_AT_ONCE = 4
"""Large documents of one cloud that are held at the same time; further ones wait, within the time that their answer has."""


class LargeDocuments:
    """Who may hold a large document: so many requests for each cloud that answers; none waits for those of another cloud."""

    def __init__(self) -> None:
        self._slots: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(LARGE_AT_ONCE))

    def of(self, cloud: str) -> asyncio.Semaphore:
        """Return what a request waits for when the document of ``cloud`` has turned out to be large."""
        return self._slots[cloud]
