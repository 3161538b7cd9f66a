# SPDX-License-Identifier: Apache-2.0
"""The bound on the questions about tokens that wait for one cloud: invented tokens cost its Keystone no more than that."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from openstackoid.bridge.errors import AnswerError

MOST_QUESTIONS = 64
"""Questions that one cloud is sent at a time, of one kind."""


class Questions:
    """Counts the questions of the gateway of ``at`` that wait for an answer, by cloud."""

    def __init__(self, at: str) -> None:
        self._at = at
        self._waiting: Counter[str] = Counter()

    def check(self, cloud: str) -> None:
        """Raise :class:`AnswerError` where as many questions wait for ``cloud`` as may."""
        if self._waiting[cloud] >= MOST_QUESTIONS:
            message = f"gateway of {self._at}: {MOST_QUESTIONS} questions about tokens wait for identity of {cloud}"
            raise AnswerError(503, message, headers={"Retry-After": "1"})

    @contextmanager
    def asking(self, cloud: str) -> Iterator[None]:
        """Count a question until it is answered. Raises :class:`AnswerError` as :meth:`check` does."""
        self.check(cloud)
        self._waiting[cloud] += 1
        try:
            yield
        finally:
            self._waiting[cloud] -= 1
            if not self._waiting[cloud]:
                del self._waiting[cloud]
