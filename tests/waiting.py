# SPDX-License-Identifier: Apache-2.0
"""Wait for what is to come."""

import functools
import time
from collections.abc import Callable
from typing import ParamSpec

P = ParamSpec("P")


def until(ready: Callable[[], bool], seconds: float = 60) -> None:
    """Return when it is ready."""
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


def timed(test: Callable[P, None]) -> Callable[P, None]:
    """Have a test of a time tried up to three times.

    A busy machine may stop a process for a second; what is too slow by its design is too slow each time.
    """

    @functools.wraps(test)
    def tried(*args: P.args, **kwargs: P.kwargs) -> None:
        for _ in range(2):
            try:
                return test(*args, **kwargs)
            except AssertionError:
                # Gateways forget after a moment that a cloud has failed.
                time.sleep(2)
        return test(*args, **kwargs)

    return tried
