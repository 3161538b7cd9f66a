# SPDX-License-Identifier: Apache-2.0
"""The bound on the questions about tokens that wait for one cloud: invented tokens cost its Keystone no more than that."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from openstackoid.bridge.errors import AnswerError

MOST_QUESTIONS = 64
"""Questions that one cloud is sent at a time, of one kind."""


class Questions:
    """The questions of the gateway of ``at`` that wait for an answer, by cloud. ``clock`` returns seconds."""

    def __init__(self, at: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._at = at
        self._clock = clock
        self._waiting: dict[str, list[float]] = {}

    def late(self, cloud: str, seconds: float) -> int:
        """Return how many questions have waited for ``cloud`` for at least these seconds."""
        before = self._clock() - seconds
        return sum(since <= before for since in self._waiting.get(cloud, ()))

    def check(self, cloud: str) -> None:
        """Raise :class:`AnswerError` where as many questions wait for ``cloud`` as may."""
        if len(self._waiting.get(cloud, ())) >= MOST_QUESTIONS:
            message = f"gateway of {self._at}: {MOST_QUESTIONS} questions about tokens wait for identity of {cloud}"
            raise AnswerError(503, message, headers={"Retry-After": "1"})

    @contextmanager
    def asking(self, cloud: str) -> Iterator[None]:
        """Count a question until it is answered. Raises :class:`AnswerError` as :meth:`check` does."""
        self.check(cloud)
        since = self._clock()
        self._waiting.setdefault(cloud, []).append(since)
        try:
            yield
        finally:
            self._waiting[cloud].remove(since)
            if not self._waiting[cloud]:
                del self._waiting[cloud]
