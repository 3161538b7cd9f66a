# SPDX-License-Identifier: Apache-2.0
"""How long this cloud's Keystone takes for questions about tokens, as told by the last few seconds. Pure."""

from collections.abc import Mapping
from typing import Any, NamedTuple

WINDOW = 10
"""Seconds whose questions count: fast ones from before a fault must not hide it for longer than a person waits."""

SLOW_ANSWER = 1.0
"""Seconds from which an answer about a token is slow."""

LEAST = 5
"""Questions in the window, without which nothing is said: a few slow ones are an accident."""


class TokenAnswers(NamedTuple):
    """Questions about tokens to this cloud's Keystone: ``asked``, and how many of them were ``slow`` or still wait too long."""

    asked: int = 0
    slow: int = 0

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "TokenAnswers":
        """Return the numbers of a document."""
        return cls(int(told.get("asked", 0)), int(told.get("slow", 0)))

    @property
    def are_slow(self) -> bool:
        """Return whether Keystone is slow: most of enough answers are. ``OpenStackoidTokensSlow`` of the rules says the same."""
        return self.asked >= LEAST and 2 * self.slow > self.asked

    def with_waiting(self, late: int) -> "TokenAnswers":
        """Return the numbers with those of questions that have no answer yet, and wait for longer than a slow answer takes."""
        return TokenAnswers(self.asked + late, self.slow + late)
