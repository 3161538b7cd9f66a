# SPDX-License-Identifier: Apache-2.0
"""The drain of a supervised gateway: the requests under way finish while its health page says 503 and it still serves.

A new HAProxy takes the place of the one that has these requests, as at a reload; so they are known to have finished.

Where the gateway's address moves to another machine, connections do not move with it. So new ones can be held: once the requests
under way have finished, a second HAProxy takes the place of the first, and gets none. Then the health page says 503, and the
address moves while nothing is under way. A request that began shortly before, and takes longer than new connections may wait, is
not cut: new connections are served again until it has finished, then they are held once more.
"""

import asyncio
import logging
import time
from contextlib import suppress

from openstackoid.errors import OpenstackoidError
from openstackoid.gateway.folder import Folder
from openstackoid.gateway.held_connections import may_hold
from openstackoid.gateway.listening import ListeningSockets
from openstackoid.gateway.process_group import STOP_GRACE, ProcessGroup
from openstackoid.gateway.restarter import Restarter
from openstackoid.haproxy.draining import begin
from openstackoid.haproxy.process import connections
from openstackoid.haproxy.replaced import Replaced, replaced
from openstackoid.mesh import Drain

log = logging.getLogger("openstackoid.gateway")

_MOVE = 4.0
"""Seconds of 503, at least, in which the address of held connections moves."""
_QUIET = 1.0
"""Seconds without a request after which the connections of a replaced HAProxy are idle: before, a first request may come."""
_GLANCE = 0.1


class SupervisedDrain:
    """The drain of one gateway. ``begun``: each HAProxy that starts from now on says that it drains."""

    def __init__(self, folder: Folder, processes: ProcessGroup, sockets: ListeningSockets) -> None:
        self.begun = False
        self._folder = folder
        self._processes = processes
        self._sockets = sockets
        self._until = 0.0

    @property
    def left(self) -> float:
        """The seconds that requests may still take."""
        return max(STOP_GRACE, self._until - time.monotonic())

    async def run(self, haproxy: Restarter, settings: Drain) -> None:
        """Drain until the requests under way have finished and the notice is over, or until there is a hurry."""
        self._until = time.monotonic() + settings.longest
        work = asyncio.create_task(self._run(haproxy, settings))
        hurry = asyncio.create_task(self._processes.hurry.wait())
        await asyncio.wait({work, hurry}, return_when=asyncio.FIRST_COMPLETED)
        for task in (work, hurry):
            task.cancel()
        await asyncio.gather(work, hurry, return_exceptions=True)
        if not work.cancelled():
            work.result()

    async def _run(self, haproxy: Restarter, settings: Drain) -> None:
        idle = not self._processes.finishing(haproxy.child) and not await connections(self._folder.stats_socket)
        if idle and not settings.notice and not settings.hold:
            return
        # The log has warned of a drain that may not hold connections.
        held = settings.hold if may_hold() else 0.0
        if held:
            await self._hold(haproxy, held)
        log.info("gateway of %s drains: its health page says 503, and requests finish", haproxy.cloud)
        self.begun = True
        notice = asyncio.create_task(asyncio.sleep(max(settings.notice, _MOVE) if settings.hold else settings.notice))
        if held:
            await self.tell()
        elif await self._replace(haproxy):
            await self._finish(haproxy, self.left)
        await notice

    async def _hold(self, haproxy: Restarter, seconds: float) -> None:
        log.info("gateway of %s drains: requests finish", haproxy.cloud)
        if await self._replace(haproxy):
            await self._finish(haproxy, self.left)
        while await self._hold_once(haproxy, seconds):
            pass
        # Their clients hear of the end of idle connections as long as the address is here.
        await self._processes.end(self._processes.finishing(haproxy.child), "as the gateway drains")

    async def _hold_once(self, haproxy: Restarter, seconds: float) -> bool:
        """Have new connections wait until the requests under way have finished, for some seconds.

        If there are requests then, and time is left, serve new connections until these have finished, and return True.
        """
        async with replaced(self._folder.stats_socket) as last:
            log.info("gateway of %s drains: new connections wait until another machine has the address", haproxy.cloud)
            self._sockets.hold()
            if not await self._replace(haproxy):
                return False
            if last is None:
                await self._finish(haproxy, seconds)
                return False
            # The process itself lives as long as this connection to it.
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await _idle(last)
            if not await self._go_on(last):
                return False
            log.info("gateway of %s drains: requests take longer than new connections may wait: these are served", haproxy.cloud)
            self._sockets.release()
            while await self._go_on(last):
                await asyncio.sleep(_GLANCE)
            return True

    async def _go_on(self, last: Replaced) -> bool:
        return time.monotonic() < self._until and await last.requests_under_way() != 0

    async def _replace(self, haproxy: Restarter) -> bool:
        """Replace HAProxy, and return whether that was possible."""
        try:
            await haproxy.replace()
        except OpenstackoidError as error:
            log.warning("%s\n  its HAProxy is not replaced for the drain", error)
            await self.tell()
            return False
        return True

    async def _finish(self, haproxy: Restarter, seconds: float) -> None:
        """Let the requests of the replaced HAProxies finish for some seconds."""
        await self._processes.wait_for(self._processes.finishing(haproxy.child), seconds)

    async def tell(self) -> None:
        """Tell the HAProxy that serves now, if the gateway drains."""
        if self.begun:
            try:
                await begin(self._folder.drain_socket)
            except OpenstackoidError as error:
                log.warning("%s", error)


async def _idle(last: Replaced) -> None:
    """Wait until a replaced HAProxy has no request, and none can be on its way."""
    quiet = time.monotonic()
    while True:
        if await last.requests_under_way() != 0:
            quiet = time.monotonic()
        elif time.monotonic() - quiet >= _QUIET or await last.connections() == 0:
            return
        await asyncio.sleep(_GLANCE)
