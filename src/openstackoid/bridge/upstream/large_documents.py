# SPDX-License-Identifier: Apache-2.0
"""Bounds on the documents of other clouds that this process holds, and works at, at once."""

import asyncio
from collections import defaultdict

LARGE_AT_ONCE = 4
"""The most large documents of one cloud at a time; further ones wait, within the time of their answers."""


class LargeDocuments:
    """Semaphores for requests that hold a large document, or have a thread work at one, for each answering cloud.

    One thread for each cloud: the interpreter runs one at a time, and the documents of one cloud must leave time to others.
    """

    def __init__(self) -> None:
        self._threads: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(1))
        self._slots: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(LARGE_AT_ONCE))

    def of(self, cloud: str) -> asyncio.Semaphore:
        """Return the semaphore to acquire once a document of ``cloud`` turns out to be large."""
        return self._slots[cloud]

    def thread_of(self, cloud: str) -> asyncio.Semaphore:
        """Return the semaphore to acquire while a thread works at a document of ``cloud``."""
        return self._threads[cloud]
