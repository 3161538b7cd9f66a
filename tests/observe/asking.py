# SPDX-License-Identifier: Apache-2.0
"""Users who send a request again and again."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException

PAUSE = 0.1
"""Seconds between two requests."""


@contextmanager
def asking(request: Callable[[], object]) -> Iterator[None]:
    """Send a request again and again, of which any may fail."""
    enough = threading.Event()

    def run() -> None:
        while not enough.wait(PAUSE):
            with suppress(OSError, HTTPException):
                request()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()
