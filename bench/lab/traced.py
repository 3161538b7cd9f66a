# SPDX-License-Identifier: Apache-2.0
"""A client whose requests are traced, and which says how long the slowest cloud of its last one took."""

import ssl
import time
from collections.abc import Mapping
from urllib.parse import urlsplit
from uuid import uuid4

from bench.errors import BenchError
from bench.lab.client import Answer, Client, expect
from openstackoid.bridge.trace.records import LEG
from openstackoid.routing.workflows import REQUEST_ID, TRACE

_PATIENCE = 5.0
_PAUSE = 0.005


class Traced(Client):
    """Asks with a fresh request id each time, whose legs the gateway records."""

    def __init__(self, url: str, context: ssl.SSLContext | None = None) -> None:
        super().__init__(url, context)
        parts = urlsplit(url)
        self._pages = Client(f"{parts.scheme}://{parts.netloc}", context)
        self._id = ""

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None, *, keep: bool = True) -> Answer:
        """Ask as :meth:`Client.ask` does, under a new id."""
        self._id = TRACE + str(uuid4()).partition("-")[2]
        return super().ask(method, path, {**headers, REQUEST_ID: self._id}, body, keep=keep)

    def slowest_leg(self) -> float:
        """Return the seconds of the slowest cloud. Raises :class:`BenchError` where the trace has none."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            # A gateway records a request when its answer has ended.
            page = expect(self._pages.ask_again("GET", f"/.openstackoid/trace/{self._id}", {}), 200, "to read a trace").json()
            if legs := [hop["seconds"] for hop in page["hops"] if hop["route"] == LEG]:
                return float(max(legs))
            if time.monotonic() > deadline:
                raise BenchError(f"the trace of {self._id} has no request to one of several clouds")
            time.sleep(_PAUSE)

    def close(self) -> None:
        """Close the connections."""
        super().close()
        self._pages.close()
