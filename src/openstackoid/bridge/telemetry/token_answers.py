# SPDX-License-Identifier: Apache-2.0
"""Count HAProxy's lines about questions to this cloud's Keystone about tokens, of the last seconds.

They are those of services, of peers, and of the Python service. The time has no part of the client's. A question that HAProxy
answers itself, for Keystone has not, has none: the Python service counts those of its own that wait.
"""

import re
import time
from collections.abc import Callable, Iterable

from openstackoid.haproxy.trace import ANSWERED
from openstackoid.telemetry import SLOW_ANSWER, WINDOW, TokenAnswers

MARK = ANSWERED.encode("ascii")
"""In a line about such a question."""

_MILLISECONDS = re.compile(rb"%b([0-9]{1,9})(?= |\n|\Z)" % re.escape(MARK))


class TokenAnswerCounts:
    """The answers of each of the last seconds. ``clock`` returns seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seconds: dict[int, list[int]] = {}

    def add(self, answers: Iterable[bytes]) -> None:
        """Count the parts of lines behind the arrow."""
        for answer in answers:
            told = _MILLISECONDS.search(answer) if MARK in answer else None
            if told is not None:
                self._count(slow=int(told[1]) >= SLOW_ANSWER * 1000)

    def _count(self, *, slow: bool) -> None:
        now = int(self._clock())
        counts = self._seconds.get(now)
        if counts is None:
            self._forget(now)
            counts = self._seconds[now] = [0, 0]
        counts[0] += 1
        counts[1] += slow

    def _forget(self, now: int) -> None:
        self._seconds = {second: counts for second, counts in self._seconds.items() if second > now - WINDOW}

    def recent(self) -> TokenAnswers:
        """Return the numbers of the last seconds."""
        self._forget(int(self._clock()))
        counts = self._seconds.values()
        return TokenAnswers(sum(asked for asked, _ in counts), sum(slow for _, slow in counts))
