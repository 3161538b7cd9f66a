# SPDX-License-Identifier: Apache-2.0
"""Waiting for something to become ready: with a limit, with an answer when it does not, and stoppable from outside."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from openstackoid.errors import OpenstackoidError
from openstackoid.lab.packages import tail


class StoppedError(OpenstackoidError):
    """Another part of the same work failed, so waiting has no use any more."""


class Waiter:
    """Waits on behalf of several threads, all of which give up as soon as ``stop()`` is called."""

    def __init__(self) -> None:
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Make every wait, present and future, end with ``StoppedError``."""
        self._stopped.set()

    def until(self, ready: Callable[[], bool], what: str, log: Path, seconds: float = 120.0, every: float = 0.1) -> None:
        """Wait until ``ready()`` is true; ask it again after ``every`` seconds, and give up after ``seconds``.

        Raises:
            OpenstackoidError: it was not in that time; names what was waited for and shows the end of its log.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > deadline:
                raise not_ready(f"{what} was not ready within {seconds:.0f} s", log)
            if self._stopped.wait(every):
                raise StoppedError(f"{what}: no longer waited for")


def not_ready(why: str, log: Path) -> OpenstackoidError:
    """Return the error for a process that does not do what it should, with the end of its log."""
    return OpenstackoidError(
        f"{why}; the end of {log}:\n{tail(log)}",
        hint="`openstackoid lab up` starts what is missing; `openstackoid lab down --purge` and `up` begin afresh",
    )


@contextmanager
def os_errors() -> Iterator[None]:
    """Answer an error of the operating system (a full disk, a file of another user) in a line.

    Raises:
        OpenstackoidError: there was one.
    """
    try:
        yield
    except OSError as error:
        raise OpenstackoidError(f"the operating system refused: {error}") from error


def answers(url: str, authority: Path, seconds: float = 30.0) -> bool:
    """Tell whether a server answers a GET of this URL, with anything that is no failure of its own.

    A gateway must show a certificate of the file ``authority``. A uWSGI server accepts connections before its application is
    loaded, and answers when it is: the wait is in here.
    """
    try:
        # No proxy of the user's environment stands between the lab and its own loopback address.
        with requests.Session() as session:
            session.trust_env = False
            session.verify = str(authority)
            return session.get(url, timeout=seconds, allow_redirects=False).status_code < 500
    except OSError:
        # All errors of requests are of this class, and so is that of an authority that is not there.
        return False
