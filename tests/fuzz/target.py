# SPDX-License-Identifier: Apache-2.0
"""A target: its inputs, and the promises for each of them."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from hypothesis.strategies import SearchStrategy

Check = Callable[[Any], None]
"""Raises any error for an input that breaks a promise."""


@dataclass(frozen=True)
class Target:
    """Something to fuzz.

    ``inputs`` are Python literals, so that a finding is a file that can be read, cut down and tried again. ``opened`` yields the
    check, and holds the servers that it needs. ``short`` is how many inputs `make test` tries, 0 where it has a test of its own
    for this; ``share`` the part of the time of a long run. ``guided``: the code under test is in this process, so that coverage
    can guide.
    """

    name: str
    holds: str
    inputs: SearchStrategy[Any]
    opened: Callable[[], AbstractContextManager[Check]]
    short: int
    share: int = 1
    guided: bool = True


def pure(check: Check) -> Callable[[], AbstractContextManager[Check]]:
    """Return how a check that needs nothing around it is opened."""
    return lambda: nullcontext(check)
