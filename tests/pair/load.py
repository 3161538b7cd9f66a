# SPDX-License-Identifier: Apache-2.0
"""Clients that keep their connections, as OpenStack's do, and the count of their requests and failures."""

import itertools
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from pair.network import ADDRESS

SCOPE = '{"image": "CloudTwo"}'
_ROOT = f"http://{ADDRESS}"
_SCOPED = {"X-Scope": SCOPE}
KINDS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("GET", "/image/v2/images", {}),
    ("GET", "/image/v2/images", _SCOPED),
    ("POST", "/compute/servers", {}),
    ("POST", "/compute/servers", _SCOPED),
    ("GET", "/image/wait/0.3", {}),
)
"""Requests that HAProxy sends on, at home and to the peer, writes, a workflow that goes into the store, and a slow one."""


class Load:
    """Clients, each with one session; ``lost``: the failures, in words; ``longest``: the longest time of a request."""

    def __init__(self) -> None:
        self.answered, self.longest = 0, 0.0
        self.lost: list[str] = []
        self._enough = threading.Event()
        self._lock = threading.Lock()

    def _client(self, number: int) -> None:
        with requests.Session() as session:
            session.trust_env = False
            for method, path, headers in itertools.islice(itertools.cycle(KINDS), number, None):
                if self._enough.wait(random.uniform(0.0, 0.1)):
                    return
                started = time.monotonic()
                try:
                    sent = {"X-Auth-Token": "t", **headers}
                    answer = session.request(
                        method, _ROOT + path, headers=sent, data="{}" if method == "POST" else None, timeout=60
                    )
                    failure = None if answer.status_code in (200, 202) else f"{answer.status_code} {answer.text}"
                except requests.RequestException as error:
                    failure = repr(error)
                took = time.monotonic() - started
                with self._lock:
                    self.answered += failure is None
                    self.longest = max(self.longest, took)
                    if failure is not None:
                        self.lost.append(f"{method} {path} {headers} after {took:.2f} s: {failure}")

    @contextmanager
    def running(self, clients: int = 8) -> Iterator["Load"]:
        """Run the clients."""
        threads = [threading.Thread(target=self._client, args=(number,)) for number in range(clients)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._enough.set()
            for thread in threads:
                thread.join()
