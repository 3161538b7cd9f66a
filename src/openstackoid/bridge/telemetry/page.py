# SPDX-License-Identifier: Apache-2.0
"""The page that Prometheus reads, on a socket of its own, to which HAProxy's listener for metrics leads."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

from aiohttp import hdrs, web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from openstackoid.bridge.telemetry.log_process import LogProcess
from openstackoid.bridge.telemetry.state import GatewayState
from openstackoid.telemetry import TokenAnswers, merged

MESH, ROUND_TRIPS, TRACE = "/mesh", "/round-trips", "/trace/"
"""The paths of the gateway's own pages here, for its operator: this socket is the operator's alone."""

Pages = Callable[[str], Awaitable[tuple[int, dict[str, Any]] | None]]
"""Returns the status and the document of a page, or None for an unknown one."""


class MetricsPage:
    """Serves the metrics of both processes of the Python service. ``listening`` opens the socket, if there is one.

    ``pages`` returns the gateway's own pages, for ``openstackoid status`` and ``openstackoid console``.
    ``tokens``: the questions about tokens to the Keystone here.
    """

    def __init__(
        self,
        state: GatewayState,
        log_process: LogProcess,
        listening: Callable[[], socket.socket] | None,
        pages: Pages,
        tokens: Callable[[], Awaitable[TokenAnswers]],
    ) -> None:
        self._state = state
        self._log_process = log_process
        self._listening = listening
        self._pages = pages
        self._tokens = tokens
        self._runner = web.ServerRunner(web.Server(self._answer, access_log=None))

    async def start(self) -> None:
        """Serve, if there is a socket. Raises its errors."""
        if self._listening is not None:
            await self._runner.setup()
            await web.SockSite(self._runner, self._listening()).start()

    async def close(self) -> None:
        """Serve no more."""
        await self._runner.cleanup()
        self._log_process.close()

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        page = await self._pages(request.path)
        if page is not None:
            return web.json_response(page[1], status=page[0])
        registry = CollectorRegistry(auto_describe=False)
        # It begins to ask peers, which the thread below cannot.
        answers = self._state.peers()
        # Each takes seconds if the other process does not answer, and Prometheus waits for ten.
        tokens, others = await asyncio.gather(self._tokens(), self._log_process.samples())
        state = replace(self._state, peers=lambda: answers, tokens=lambda: tokens)
        registry.register(_Metrics(state, others))
        # Thousands of peers take a moment, in which requests go on.
        body = await asyncio.to_thread(generate_latest, registry)
        return web.Response(body=body, headers={hdrs.CONTENT_TYPE: CONTENT_TYPE_LATEST})


class _Metrics(Collector):
    """The metrics for one scrape."""

    def __init__(self, state: GatewayState, others: list[tuple[str, dict[str, str], float]]) -> None:
        self._state = state
        self._others = others

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics."""
        yield from merged(self._others)
        yield from self._state.metrics()
