# SPDX-License-Identifier: Apache-2.0
"""The error answers of the bridge, in OpenStack's error body, and other answers."""

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

    ``status``: of HTTP. ``message``: one line for the user that names the gateway. ``reason``: the part for the log; it differs
    if the message quotes the user. Neither has an apparent secret. ``headers``: of the answer. ``fault``: the cloud at fault,
    None for the gateway itself.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        title: str | None = None,
        reason: str | None = None,
        headers: Mapping[str, str] | None = None,
        fault: str | None = None,
    ) -> None:
        message = redacted(message)
        super().__init__(message)
        self.status = status
        self.message = message
        self.title = title or HTTPStatus(status).phrase
        self.reason = message if reason is None else redacted(reason)
        self.headers = dict(headers or {})
        self.fault = fault


def token_not_accepted(
    at: str, issuer: str, *, sent_on_by: str | None = None, headers: Mapping[str, str] | None = None
) -> AnswerError:
    """Return the 401 of the gateway of ``at`` about a token that its cloud refuses.

    ``sent_on_by``: the third cloud whose gateway has sent the token, if it is bound.
    """
    message = f"gateway of {at}: identity of {issuer} does not accept the token"
    if sent_on_by is not None:
        message += f". It has ended, or the gateway of {sent_on_by} has sent it on as it came: an earlier release, which knows"
        message += " no bound tokens, serves its own cloud alone"
    return AnswerError(401, message, headers=headers)


def without_gateway(text: str, at: str) -> str:
    """Return a message without the name of the gateway of ``at``, for a place where it is said already."""
    return text.removeprefix(f"gateway of {at}: ")


class CutError(Exception):
    """An answer that broke off after its head. ``response``: the sent part; the connection must be cut."""

    def __init__(self, error: AnswerError, response: web.StreamResponse) -> None:
        super().__init__(error.reason)
        self.reason = error.reason
        self.response = response


class ClientGoneError(Exception):
    """The client did not wait for its answer."""


@contextmanager
def towards_client() -> Iterator[None]:
    """Distinguish a client that has left from a lost target: aiohttp raises the same for both."""
    try:
        yield
    except ConnectionError:
        raise ClientGoneError from None


@contextmanager
def needing_store(at: str, kept: str = "the scopes of workflows") -> Iterator[None]:
    """Answer 503 to a request that needs the store of the gateway of ``at``, if the store cannot be used."""
    try:
        yield
    except StoreUnavailableError as error:
        message = f"gateway of {at}: its store, which keeps {kept}, cannot be used; the request was not sent on"
        raise AnswerError(503, message, reason=f"the store cannot be used: {error}") from None


class _Unadorned(web.StreamResponse):
    """An answer with its given headers alone, without aiohttp's Server and its guess of a Content-Type."""

    _INVENTED: ClassVar[tuple[str, ...]] = (hdrs.CONTENT_TYPE, hdrs.SERVER)

    async def _prepare_headers(self) -> None:
        invented = [name for name in self._INVENTED if name not in self.headers]
        await super()._prepare_headers()
        for name in invented:
            self.headers.popall(name, None)


class StreamedAnswer(_Unadorned):
    """An answer with a body passed on chunk by chunk, with the service's date alone."""

    _INVENTED: ClassVar[tuple[str, ...]] = (hdrs.CONTENT_TYPE, hdrs.SERVER, hdrs.DATE)

    async def _prepare_headers(self) -> None:
        length = self.headers.get(hdrs.CONTENT_LENGTH)
        await super()._prepare_headers()
        if length is not None:
            # In a 304, it is the length of the client's copy; aiohttp removes it.
            self.headers[hdrs.CONTENT_LENGTH] = length


class WholeAnswer(_Unadorned, web.Response):
    """An answer with a whole body."""

    @property
    def content(self) -> bytes:
        """Return the body, without any for HEAD."""
        return self.body if isinstance(self.body, bytes) else b""


def error_answer(error: AnswerError) -> WholeAnswer:
    """Return the answer for an error; aiohttp leaves the body out for HEAD."""
    document = {"error": {"code": error.status, "title": error.title, "message": error.message}}
    return WholeAnswer(
        status=error.status,
        reason=error.title,
        headers={hdrs.CONTENT_TYPE: "application/json", **error.headers},
        body=json.dumps(document).encode("ascii"),
    )
