# SPDX-License-Identifier: Apache-2.0
"""Wait for readiness: with a deadline, an explained failure, and a stop from outside."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from openstackoid.errors import OpenstackoidError
from openstackoid.lab.packages import tail

PATIENCE = 300.0
"""Seconds for a process to be ready. On a busy machine two minutes were too few; one that dies ends the wait at once."""


class StoppedError(OpenstackoidError):
    """Another part of the same work failed, so the wait is over."""


class Waiter:
    """Waits in several threads, all of which end once ``stop()`` is called."""

    def __init__(self) -> None:
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Make every wait, present and future, end with ``StoppedError``."""
        self._stopped.set()

    def until(self, ready: Callable[[], bool], what: str, log: Path, seconds: float = PATIENCE, every: float = 0.1) -> None:
        """Wait until ``ready()`` is true; try it every ``every`` seconds, for ``seconds``.

        Raises :class:`OpenstackoidError` with the name of the wait and the end of its log.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > deadline:
                raise not_ready(f"{what} was not ready within {seconds:.0f} s", log)
            if self._stopped.wait(every):
                raise StoppedError(f"{what}: the wait was stopped")


def not_ready(why: str, log: Path) -> OpenstackoidError:
    """Return the error for a process that is not ready, with the end of its log."""
    return OpenstackoidError(
        f"{why}; the end of {log}:\n{tail(log)}",
        hint="`openstackoid lab up` starts the missing processes; `openstackoid lab down --purge` and `up` begin afresh",
    )


@contextmanager
def os_errors() -> Iterator[None]:
    """Turn an error of the operating system (a full disk, a file of another user) into an error of one line.

    Raises :class:`OpenstackoidError`.
    """
    try:
        yield
    except OSError as error:
        raise OpenstackoidError(f"the operating system refused: {error}") from error


def answers(url: str, authority: Path, seconds: float = 30.0) -> bool:
    """Return whether a server answers a GET of this URL, without a failure of its own.

    A gateway must have a certificate of ``authority``. A uWSGI server accepts connections before its application is loaded, and
    answers later.
    """
    try:
        # The user's proxy must not be between the lab and its own loopback address.
        with requests.Session() as session:
            session.trust_env = False
            session.verify = str(authority)
            return session.get(url, timeout=seconds, allow_redirects=False).status_code < 500
    except OSError:
        # All errors of requests are of this class, and so is a missing authority.
        return False
