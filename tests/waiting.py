# SPDX-License-Identifier: Apache-2.0
"""Wait for what is to come."""

import time
from collections.abc import Callable


def until(ready: Callable[[], bool], seconds: float = 60) -> None:
    """Return when it is ready."""
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)
