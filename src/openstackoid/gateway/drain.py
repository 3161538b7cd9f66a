# SPDX-License-Identifier: Apache-2.0
"""The drain of a supervised gateway: the requests under way finish while its health page says 503 and it still serves.

A new HAProxy takes the place of the one that has these requests, as at a reload; so they are known to have finished.
"""

import asyncio
import logging
import time

from openstackoid.errors import OpenstackoidError
from openstackoid.gateway.folder import Folder
from openstackoid.gateway.process_group import STOP_GRACE, ProcessGroup
from openstackoid.gateway.restarter import Restarter
from openstackoid.haproxy.draining import begin
from openstackoid.haproxy.process import connections
from openstackoid.mesh import Drain

log = logging.getLogger("openstackoid.gateway")


class SupervisedDrain:
    """The drain of one gateway. ``begun``: each HAProxy that starts from now on says that it drains."""

    def __init__(self, folder: Folder, processes: ProcessGroup) -> None:
        self.begun = False
        self._folder = folder
        self._processes = processes
        self._until = 0.0

    @property
    def left(self) -> float:
        """The seconds that requests may still take."""
        return max(STOP_GRACE, self._until - time.monotonic())

    async def run(self, haproxy: Restarter, settings: Drain) -> None:
        """Drain until the requests under way have finished and the notice is over, or until there is a hurry."""
        self._until = time.monotonic() + settings.longest
        work = asyncio.create_task(self._run(haproxy, settings.notice))
        hurry = asyncio.create_task(self._processes.hurry.wait())
        await asyncio.wait({work, hurry}, return_when=asyncio.FIRST_COMPLETED)
        for task in (work, hurry):
            task.cancel()
        await asyncio.gather(work, hurry, return_exceptions=True)
        if not work.cancelled():
            work.result()

    async def _run(self, haproxy: Restarter, seconds: float) -> None:
        idle = not self._processes.finishing(haproxy.child) and not await connections(self._folder.stats_socket)
        if idle and not seconds:
            return
        log.info("gateway of %s drains: its health page says 503, and requests finish", haproxy.cloud)
        self.begun = True
        notice = asyncio.create_task(asyncio.sleep(seconds))
        try:
            await haproxy.replace()
        except OpenstackoidError as error:
            log.warning("%s\n  its HAProxy is not replaced for the drain", error)
            await self.tell()
        else:
            await self._processes.wait_for(self._processes.finishing(haproxy.child), self.left)
        await notice

    async def tell(self) -> None:
        """Tell the HAProxy that serves now, if the gateway drains."""
        if self.begun:
            try:
                await begin(self._folder.drain_socket)
            except OpenstackoidError as error:
                log.warning("%s", error)
