# SPDX-License-Identifier: Apache-2.0
"""The errors that the bridge answers with, in OpenStack's error body, and the answers themselves."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import ClassVar

from aiohttp import hdrs, web

from openstackoid.redaction import redacted
from openstackoid.store import StoreUnavailableError


class AnswerError(Exception):
    """A request that ends with an error of the gateway.

    ``status`` is the HTTP status; ``message`` one line for the user that names the gateway; ``reason`` what of it may be logged.
    The two differ where the message quotes the user, who may have pasted anything. What looks
    like a secret is in neither. ``headers`` go with the answer.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        title: str | None = None,
        reason: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        message = redacted(message)
        super().__init__(message)
        self.status = status
        self.message = message
        self.title = title or HTTPStatus(status).phrase
        self.reason = message if reason is None else redacted(reason)
        self.headers = dict(headers or {})


class CutError(Exception):
    """An answer that broke off when its head was out. ``response`` is what was sent of it; the connection must be cut."""

    def __init__(self, error: AnswerError, response: web.StreamResponse) -> None:
        super().__init__(error.reason)
        self.reason = error.reason
        self.response = response


class ClientGoneError(Exception):
    """The client did not wait for its answer."""


@contextmanager
def towards_client() -> Iterator[None]:
    """Keep a client that is gone apart from a next hop that is gone: aiohttp raises the same for both."""
    try:
        yield
    except ConnectionError:
        raise ClientGoneError from None


@contextmanager
def needing_store(at: str, kept: str = "the scopes of workflows") -> Iterator[None]:
    """Answer a request that cannot go on without the store where the store of the gateway of ``at`` cannot be used."""
    try:
        yield
    except StoreUnavailableError as error:
        message = f"gateway of {at}: its store, which keeps {kept}, cannot be used; the request was not sent on"
        raise AnswerError(503, message, reason=f"the store cannot be used: {error}") from None


class _Unadorned(web.StreamResponse):
    """An answer with the headers that it was given: aiohttp's own Server and its guess of a Content-Type are left out."""

    _INVENTED: ClassVar[tuple[str, ...]] = (hdrs.CONTENT_TYPE, hdrs.SERVER)

    async def _prepare_headers(self) -> None:
        invented = [name for name in self._INVENTED if name not in self.headers]
        await super()._prepare_headers()
        for name in invented:
            self.headers.popall(name, None)


class StreamedAnswer(_Unadorned):
    """An answer whose body is handed on chunk by chunk, with no date but the service's."""

    _INVENTED: ClassVar[tuple[str, ...]] = (hdrs.CONTENT_TYPE, hdrs.SERVER, hdrs.DATE)

    async def _prepare_headers(self) -> None:
        length = self.headers.get(hdrs.CONTENT_LENGTH)
        await super()._prepare_headers()
        if length is not None:
            # Of a 304, it is the length of what the client has; aiohttp takes it away.
            self.headers[hdrs.CONTENT_LENGTH] = length


class WholeAnswer(_Unadorned, web.Response):
    """An answer whose body is there as a whole."""


def error_answer(error: AnswerError) -> WholeAnswer:
    """Return the answer for an error; aiohttp leaves the body out for HEAD."""
    document = {"error": {"code": error.status, "title": error.title, "message": error.message}}
    return WholeAnswer(
        status=error.status,
        reason=error.title,
        headers={hdrs.CONTENT_TYPE: "application/json", **error.headers},
        body=json.dumps(document).encode("ascii"),
    )
