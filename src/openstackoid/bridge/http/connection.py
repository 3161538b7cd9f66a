# SPDX-License-Identifier: Apache-2.0
"""Connections of aiohttp's server, with our error answers."""

from aiohttp import web

from openstackoid.bridge.errors import AnswerError, error_answer
from openstackoid.bridge.log import LOG


class _Protocol(web.RequestHandler):
    """aiohttp's connection with our error answers; its own errors are not logged, as they quote headers."""

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - aiohttp's text, which quotes what it could not read
    ) -> web.StreamResponse:
        """Answer a request that aiohttp could not read."""
        if request.writer.output_size > 0 or isinstance(exc, ConnectionError):
            raise ConnectionError("the answer cannot be completed")
        LOG.warning("- - %d: %s", status, "not HTTP" if exc is None else type(exc).__name__)
        answer = error_answer(AnswerError(status, "gateway: the request is not HTTP that can be read"))
        answer.force_close()
        return answer


class Server(web.Server):
    """aiohttp's server, with our connections."""

    def __call__(self) -> web.RequestHandler:
        """Return the protocol of a new connection."""
        return _Protocol(self, loop=self._loop, **self._kwargs)
