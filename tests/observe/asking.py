# SPDX-License-Identifier: Apache-2.0
"""Work beside a test: users who send a request again and again."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from http.client import HTTPException

PAUSE = 0.1
"""Seconds between two requests."""


@contextmanager
def meanwhile(run: Callable[[threading.Event], None]) -> Iterator[None]:
    """Run a function in a thread until its event is set, which is at the end of the block."""
    enough = threading.Event()
    thread = threading.Thread(target=run, args=(enough,))
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()


def asking(request: Callable[[], object], pause: float = PAUSE) -> AbstractContextManager[None]:
    """Send a request again and again, with a ``pause`` of some seconds; any may fail."""

    def run(enough: threading.Event) -> None:
        while not enough.wait(pause):
            with suppress(OSError, HTTPException):
                request()

    return meanwhile(run)
