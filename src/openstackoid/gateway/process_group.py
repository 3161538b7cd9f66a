# SPDX-License-Identifier: Apache-2.0
"""The programs of one gateway: started until ready, stopped together, none left behind."""

import asyncio
import contextlib
import logging
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from secrets import token_hex
from typing import Any

from openstackoid.gateway.child import Child
from openstackoid.gateway.decisions import Part
from openstackoid.gateway.ended_requests import record_end
from openstackoid.gateway.errors import GatewayError
from openstackoid.gateway.folder import Folder
from openstackoid.haproxy.binary import Haproxy
from openstackoid.haproxy.delegated_downloads import SEAL_VARIABLE
from openstackoid.haproxy.guests import SALT_VARIABLE
from openstackoid.haproxy.process import complaints, inherited_address
from openstackoid.redaction import process

log = logging.getLogger("openstackoid.gateway")

START_PATIENCE = 60.0
"""Seconds that a part may take to accept connections, from the first look at it."""

STOP_GRACE = 4.0
"""Seconds that a part may take for its end, and requests at least, once the gateway is to stop."""

MOST_REPLACED = 4
"""Replaced HAProxies that may finish their requests: slow clients keep each for half an hour."""

_GLANCE = 0.05
_LEVELS = {"NOTICE": logging.INFO, "DIAG": logging.INFO, "WARNING": logging.WARNING, None: logging.WARNING}


class ProcessGroup:
    """Every process of the gateway of ``cloud``, including HAProxies that finish earlier requests.

    ``hurry``: once it is set, remaining processes are killed.
    """

    def __init__(self, cloud: str, folder: Folder, haproxy: Haproxy) -> None:
        self.cloud = cloud
        self.folder = folder
        self.haproxy = haproxy
        self.hurry = asyncio.Event()
        self._children: set[Child] = set()

    async def launch(
        self,
        part: Part,
        argv: Sequence[str],
        ready: Callable[[int], Awaitable[bool]],
        sockets: Mapping[str, int],
    ) -> Child:
        """Start a part and wait until ``ready`` reports that its process accepts connections.

        ``sockets``: descriptors that it inherits; HAProxy finds them by name in its environment. Raises :class:`GatewayError` if
        it cannot be started, ends early, or takes too long and is killed.
        """
        try:
            if part is Part.HAPROXY:
                says = _HaproxySays()
                environment = self.haproxy.environment() | {SALT_VARIABLE: token_hex(), SEAL_VARIABLE: token_hex()}
                environment |= {name: inherited_address(number) for name, number in sockets.items()}
                child = await Child.start(part, argv, environment, _pass_on, says, inherited=sockets.values())
            else:
                says = None
                child = await Child.start(part, argv, process.environment(), _pass_on, _pass_on, inherited=sockets.values())
        except OSError as error:
            raise GatewayError(f"{part} of {self.cloud} cannot be started: {error.strerror}") from None
        self._children.add(child)
        child.end.add_done_callback(lambda _: self._left(child))
        self._record()
        until = None
        while child.alive:
            if await ready(child.pid):
                if says is not None:
                    says.started = True
                return child
            until = until or time.monotonic() + START_PATIENCE
            if time.monotonic() > until:
                child.send(signal.SIGKILL)
                raise GatewayError(f"{part} of {self.cloud} was not ready after {START_PATIENCE:g} s")
            await asyncio.sleep(_GLANCE)
        raise GatewayError(f"{part} of {self.cloud} {await asyncio.shield(child.end)} before it was ready; see its lines above")

    def end_oldest(self, in_use: Child) -> None:
        """End the oldest HAProxies that finish the requests of an earlier time; :data:`MOST_REPLACED` may."""
        replaced = sorted(self.finishing(in_use), key=lambda child: -child.lived)
        for child in replaced[: max(0, len(replaced) - MOST_REPLACED)]:
            log.warning(
                "HAProxy %d of %s is ended with the requests that it had: it was replaced long ago", child.pid, self.cloud
            )
            record_end(self.folder, self.cloud, child.pid, "as it was replaced long ago")
            child.send(signal.SIGTERM)

    def _left(self, child: Child) -> None:
        self._children.discard(child)
        self._record()

    def _record(self) -> None:
        # A full disk does not stop the gateway. Without the record, processes still end with this one.
        with contextlib.suppress(GatewayError):
            self.folder.record(child.pid for child in self._children)

    def finishing(self, in_use: Child | None) -> set[Child]:
        """Return the replaced HAProxies, which finish the requests of an earlier time."""
        return {child for child in self._children if child.part is Part.HAPROXY and child is not in_use}

    async def dismiss(self, seconds: float = STOP_GRACE) -> None:
        """Let requests finish for some seconds, then end all processes. The Python service goes last: HAProxy needs it."""
        await self._tell(signal.SIGUSR1, Part.HAPROXY, within=seconds)
        self._record_ends(self._children, "as the gateway stops")
        await self._tell(signal.SIGTERM, *Part)
        while self._children:
            await self._tell(signal.SIGKILL, *Part)

    async def _tell(self, number: signal.Signals, *parts: Part, within: float = STOP_GRACE) -> None:
        """Send a signal to every process of the parts, and wait for their end for some seconds."""
        await self._send(number, {child for child in self._children if child.part in parts}, within)

    async def end(self, children: Collection[Child], why: str) -> None:
        """End processes with the requests that they still have; ``why`` stands in the audit log."""
        self._record_ends(children, why)
        await self._send(signal.SIGTERM, children, STOP_GRACE)

    def _record_ends(self, children: Collection[Child], why: str) -> None:
        for child in children:
            if child.part is Part.HAPROXY and child.alive:
                record_end(self.folder, self.cloud, child.pid, why)

    async def _send(self, number: signal.Signals, told: Collection[Child], within: float) -> None:
        for child in told:
            child.send(signal.SIGKILL if self.hurry.is_set() else number)
        await self.wait_for(told, within)

    async def wait_for(self, children: Collection[Child], seconds: float) -> None:
        """Wait until all have ended, the time is over, or there is a hurry."""
        if children:
            loop = asyncio.get_running_loop()
            waits: list[asyncio.Task[Any]] = [
                loop.create_task(asyncio.wait({child.end for child in children})),
                loop.create_task(self.hurry.wait()),
            ]
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()


def _pass_on(lines: bytes) -> None:
    """The Python service's lines are formatted already."""
    with contextlib.suppress(OSError):
        sys.stderr.buffer.write(lines)
        sys.stderr.buffer.flush()


class _HaproxySays:
    """HAProxy's stderr. After its start, lines with a severity are in its log too."""

    started = False

    def __call__(self, lines: bytes) -> None:
        for severity, text in complaints(lines.decode(errors="replace")):
            if severity is None or not self.started:
                log.log(_LEVELS.get(severity, logging.ERROR), "HAProxy: %s", text)
