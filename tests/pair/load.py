# SPDX-License-Identifier: Apache-2.0
"""Clients that keep their connections, as OpenStack's do, and the count of their requests and failures.

Some repeat no request, which shows what is cut. Others repeat as OpenStack's clients do (``connect_retries`` of keystoneauth, and
its pauses): reads whose connection was refused or cut, and writes that were refused, so not carried out.
"""

import gc
import itertools
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import requests

from pair.network import ADDRESS

ROOT = f"https://{ADDRESS}"
SCOPED = {"X-Scope": '{"image": "CloudTwo"}'}
KINDS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("GET", "/image/v2/images", {}),
    ("GET", "/image/v2/images", SCOPED),
    ("POST", "/compute/servers", {}),
    ("POST", "/compute/servers", SCOPED),
    ("GET", "/image/wait/0.3", {}),
)
"""Reads at home and at the peer, a write, a write that begins a workflow in the store, and a slow read."""
CLIENTS, REPEATING = 8, 4
"""The clients that repeat no request, and those that do."""
REPEATS, FIRST_PAUSE = 5, 0.5
"""How often a request is repeated, and the seconds before the first time; each further pause is twice as long."""
UNKNOWN = "it is not known whether"
"""The words of a gateway about a write that a service may have carried out, in any case of letters."""
_BROKEN = "Connection aborted", "Connection broken", "IncompleteRead", "ReadTimeout"
"""The words of requests and urllib3 about a connection that ended, or gave no answer, after it was made."""


class Lost(NamedTuple):
    """A request that failed: its method, when it was sent, by the monotonic clock, which one it was, and its failure in words."""

    method: str
    at: float
    request: str
    failure: str


class Load:
    """Clients, each with one session. ``repeats``: how often each repeats a request.

    ``longest``: the seconds of the request that took longest; ``repeated``: the requests that were sent more than once.
    """

    def __init__(self, authority: Path, clients: int = CLIENTS, repeats: int = 0) -> None:
        self.authority, self.clients, self.repeats = authority, clients, repeats
        self.answered, self.repeated, self.longest = 0, 0, 0.0
        self.lost: list[Lost] = []
        self._enough = threading.Event()
        self._lock = threading.Lock()

    @property
    def sent(self) -> int:
        """The number of all requests, each counted once."""
        return self.answered + len(self.lost)

    @property
    def cut(self) -> list[Lost]:
        """The lost requests whose connection was not refused."""
        return [lost for lost in self.lost if not refused(lost.failure)]

    @property
    def uncertain(self) -> list[Lost]:
        """The lost writes that a service may have carried out: no client may repeat them unasked."""
        return [lost for lost in self.lost if lost.method == "POST" and (unknown(lost.failure) or broken(lost.failure))]

    @property
    def gone(self) -> list[Lost]:
        """The other lost requests: reads, and writes that a gateway or a service has refused, or that were not sent."""
        return [lost for lost in self.lost if lost not in self.uncertain]

    def _client(self, number: int) -> None:
        with session(self.authority) as client:
            for method, path, headers in itertools.islice(itertools.cycle(KINDS), number, None):
                if self._enough.wait(random.uniform(0.0, 0.1)):
                    return
                started = time.monotonic()
                failure = self._ask(client, method, path, headers)
                took = time.monotonic() - started
                with self._lock:
                    self.longest = max(self.longest, took)
                    if failure is None:
                        self.answered += 1
                    else:
                        self.lost.append(Lost(method, started, f"{path} {headers} after {took:.2f} s", failure))

    def _ask(self, client: requests.Session, method: str, path: str, headers: dict[str, str]) -> str | None:
        """Send a request, again where the client repeats it, and return its last failure."""
        failure = ask(client, method, path, headers)
        for number in range(self.repeats):
            if failure is None or not (refused(failure) or (method == "GET" and not answered(failure))):
                break
            if not number:
                with self._lock:
                    self.repeated += 1
            time.sleep(FIRST_PAUSE * 2**number)
            failure = ask(client, method, path, headers)
        return failure

    @contextmanager
    def running(self) -> Iterator["Load"]:
        """Run the clients, for two seconds more at both ends."""
        threads = [threading.Thread(target=self._client, args=(number,)) for number in range(self.clients)]
        for thread in threads:
            thread.start()
        try:
            time.sleep(2)
            yield self
            time.sleep(2)
        finally:
            self._enough.set()
            for thread in threads:
                thread.join()
            # The next test is not to find the connections that were cut.
            gc.collect()


class _Body:
    """The body of an upload, of which a client sends a piece again and again for some seconds."""

    _PIECES, _PIECE = 40, b"u" * 1000

    def __init__(self, seconds: float) -> None:
        self._pause, self._left = seconds / self._PIECES, self._PIECES

    def __len__(self) -> int:
        return self._PIECES * len(self._PIECE)

    def read(self, _: int = -1, /) -> bytes:
        if not self._left:
            return b""
        time.sleep(self._pause)
        self._left -= 1
        return self._PIECE


def upload(authority: Path, seconds: float) -> str | None:
    """Upload a file on a new connection in so many seconds, and return the failure in words; None for a whole upload."""
    with session(authority) as client:
        try:
            sent = {"X-Auth-Token": "t"}
            answer = client.post(f"{ROOT}/image/v2/images/x/file", headers=sent, data=_Body(seconds), timeout=60)
        except requests.RequestException as error:
            return repr(error)
    return None if answer.status_code == 202 else f"{answer.status_code} {answer.text}"


@contextmanager
def session(authority: Path) -> Iterator[requests.Session]:
    """Give a client that repeats no request."""
    with requests.Session() as client:
        client.trust_env = False
        client.verify = str(authority)
        yield client


def ask(client: requests.Session, method: str, path: str, headers: dict[str, str], timeout: float = 20) -> str | None:
    """Send a request, and return its failure in words; None for an answer of the service."""
    sent = {"X-Auth-Token": "t", **headers}
    try:
        answer = client.request(method, ROOT + path, headers=sent, data="{}" if method == "POST" else None, timeout=timeout)
    except requests.RequestException as error:
        return repr(error)
    return None if answer.status_code in (200, 202) else f"{answer.status_code} {answer.text}"


def refused(failure: str) -> bool:
    """Return whether the connection of a request was refused."""
    return "Connection refused" in failure


def unknown(failure: str) -> bool:
    """Return whether a gateway says that the request may have been carried out."""
    return failure.startswith("502 ") and UNKNOWN in failure.lower()


def broken(failure: str) -> bool:
    """Return whether the connection of a request ended after it was made, without a whole answer."""
    return not answered(failure) and any(words in failure for words in _BROKEN)


def answered(failure: str) -> bool:
    """Return whether a request that failed has an answer, with another status than a service's."""
    return failure[:3].isdigit()
