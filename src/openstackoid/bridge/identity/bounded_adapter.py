# SPDX-License-Identifier: Apache-2.0
"""Answers that ``requests`` reads for this process, bounded: it would read any answer to its end, however long that takes."""

import asyncio
import io
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, ReadTimeoutError

T = TypeVar("T")


class BoundedAdapter(HTTPAdapter):
    """Reads at most ``limit`` bytes of an answer, as they are on the wire, in at most ``seconds``."""

    def __init__(self, limit: int, seconds: float) -> None:
        super().__init__()
        self._limit = limit
        self._seconds = seconds

    def send(self, request: requests.PreparedRequest, *arguments: Any, **named: Any) -> requests.Response:
        """Send a request and return its answer, read. Raises ``ValueError`` for a larger one, and what ``requests`` raises."""
        until = time.monotonic() + self._seconds
        named["stream"] = True
        response = super().send(request, *arguments, **named)
        try:
            with response.raw as raw:
                response.raw = io.BytesIO(self._read(raw, until))
        except ReadTimeoutError:
            raise requests.ReadTimeout("the answer does not go on in time") from None
        except HTTPError:
            raise requests.ConnectionError("the answer broke off") from None
        return response

    def _read(self, raw: Any, until: float) -> bytes:
        body = bytearray()
        while chunk := raw.read1(65536, decode_content=False):
            body += chunk
            if len(body) > self._limit:
                raise ValueError(f"the answer is larger than {self._limit} bytes")
            if time.monotonic() > until:
                raise requests.ReadTimeout("the answer does not end in time")
        return bytes(body)


def in_thread(function: Callable[[], T]) -> asyncio.Future[T]:
    """Return the future result of ``function``, which runs in a thread that nobody has to wait for, not even at the end."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()
    # It may come when nobody waits any more.
    future.add_done_callback(lambda done: done.cancelled() or done.exception())

    def settle(result: T | None, error: Exception | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]  # it is the function's

    def run() -> None:
        result, failure = None, None
        try:
            result = function()
        except Exception as error:
            failure = error
        try:
            loop.call_soon_threadsafe(settle, result, failure)
        except RuntimeError:
            # The loop has ended meanwhile.
            return

    threading.Thread(target=run, daemon=True).start()
    return future
