# SPDX-License-Identifier: Apache-2.0
"""``--trace``: an id for each request of a command, by which the gateways' records of its hops are fetched and shown.

It is OpenStack's global request id, which services pass on. Gateways record requests with ids that begin with :data:`PREFIX`.
"""

import re
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO
from urllib.parse import urlsplit

import requests

from openstackoid.client.hops import Hop, branches, draw, hop_of, milliseconds, nest, printable
from openstackoid.client.pages import TIMEOUT, Get, NoSuchPageError, PageError, base_of, trace_page
from openstackoid.redaction import shown_path

REQUEST_ID_HEADER = "X-OpenStack-Request-Id"
PREFIX = "req-7472ace0-"
_ID = re.compile(PREFIX + r"[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")
_PATIENCE = 1.0
_PAUSE = 0.1


def is_marked(request_id: str | bytes | None) -> bool:
    """Return whether an id asks gateways to record the request."""
    return _text(request_id).startswith(PREFIX)


def new_id() -> str:
    """Return a fresh id of a traced request."""
    return PREFIX + str(uuid.uuid4()).partition("-")[2]


@dataclass
class Traced:
    """One request of the command, and a way to ask its gateway. ``status``: 0 until there is an answer."""

    request_id: str | None
    method: str
    url: str = field(repr=False)
    get: Get
    status: int = 0
    seconds: float = 0.0

    def line(self) -> str:
        """Return the request in one line."""
        status = str(self.status) if self.status else "no answer"
        shown = f", {self.request_id}" if self.request_id else ""
        path = shown_path(urlsplit(self.url).path) or "/"
        return printable(f"{self.method} {path} {status}, {milliseconds(self.seconds)}{shown}")


@dataclass
class Trace:
    """The requests of a command until they are shown. ``out`` returns the stream to print to."""

    out: Callable[[], TextIO] = lambda: sys.stderr
    _requests: list[Traced] = field(default_factory=list)

    @contextmanager
    def following(self, request: requests.PreparedRequest, send: Callable[..., requests.Response]) -> Iterator[Traced]:
        """Give ``request`` an id, and time it. An existing id stays; the request is traced only if that id asks for it."""
        own = _text(request.headers.get(REQUEST_ID_HEADER))
        if not own:
            own = request.headers[REQUEST_ID_HEADER] = new_id()
        traced = Traced(own if _ID.match(own) else None, request.method or "", request.url or "", _getter(send))
        self._requests.append(traced)
        started = time.perf_counter()
        try:
            yield traced
        finally:
            traced.seconds = time.perf_counter() - started

    def report(self) -> None:
        """Fetch the gateways' records of the requests so far, print them as a tree, and forget them."""
        followed, self._requests = self._requests, []
        if not followed:
            return
        sys.stdout.flush()
        teller = _Teller()
        tree = branches([(request.line(), teller.below(request)) for request in followed])
        total = milliseconds(sum(request.seconds for request in followed))
        head = f"trace: {len(followed)} request{'' if len(followed) == 1 else 's'}, {total}"
        print(head, *tree, *teller.missing, sep="\n", file=self.out(), flush=True)


class _Teller:
    """Asks for the records of one command's requests. ``missing``: the gateways' gaps."""

    def __init__(self) -> None:
        self.missing: dict[str, None] = {}
        self._until = time.monotonic() + _PATIENCE
        self._silent: dict[str, str] = {}

    def below(self, request: Traced) -> list[str]:
        """Return the lines below a request: its hops, or the reason that there are none."""
        if request.request_id is None:
            return branches([("not traced: it has a request id of its own", [])])
        base = base_of(request.url)
        try:
            if base in self._silent:
                raise PageError(self._silent[base])
            hops = self._hops(base, request.request_id, request.get)
        except NoSuchPageError:
            return branches([("no gateway recorded it", [])])
        except PageError as error:
            self._silent[base] = str(error)
            return branches([(printable(str(error)), [])])
        return draw(nest(hops))

    def _hops(self, base: str, request_id: str, get: Get) -> list[Hop]:
        """Return the hops, after a moment if there are none: a gateway records a request when it ends."""
        while True:
            try:
                page = trace_page(base, request_id, get)
                break
            except NoSuchPageError:
                if time.monotonic() >= self._until:
                    raise
                time.sleep(_PAUSE)
        for gap in _list(page.get("missing")):
            if isinstance(gap, dict):
                self.missing[printable(f"not told by {gap.get('cloud')}: {gap.get('reason')}")] = None
        return [hop for hop in map(hop_of, _list(page.get("hops"))) if hop is not None]


def _getter(send: Callable[..., requests.Response]) -> Get:
    """Return a function that asks by the request's own transport, so with its certificates and proxies."""
    return lambda url: send(requests.Request("GET", url).prepare(), timeout=TIMEOUT)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _text(value: str | bytes | None) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value or ""
