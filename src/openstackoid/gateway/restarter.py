# SPDX-License-Identifier: Apache-2.0
"""Keep one part running: start it again when it dies, or replace its process."""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable

from openstackoid.errors import OpenstackoidError
from openstackoid.gateway.child import Child
from openstackoid.gateway.decisions import Part, Restarts

log = logging.getLogger("openstackoid.gateway")

Start = Callable[[Child | None], Awaitable[Child]]
"""Starts the part and returns it once it is ready; gets the running process that it replaces, or None."""


class Restarter:
    """The current process of a part, :attr:`child`. ``died`` is told of each death."""

    def __init__(self, part: Part, cloud: str, start: Start, died: Callable[[Part], None] = lambda _: None) -> None:
        self.part = part
        self.cloud = cloud
        self.child: Child | None = None
        self._start = start
        self._died = died
        self._restarts = Restarts()
        self._turn = asyncio.Lock()
        self._replaced = asyncio.Event()

    async def replace(self) -> None:
        """Start the part anew and switch to the new process. Raises the errors of the start; then the old one stays in use."""
        async with self._turn:
            alive = self.child if self.child is not None and self.child.alive else None
            self.child = await self._start(alive)
            self._replaced.set()

    async def tell(self, number: signal.Signals) -> None:
        """Send a signal to the process in use, or to one that is being started, which may have read old files."""
        async with self._turn:
            if self.child is not None:
                self.child.send(number)

    async def keep(self) -> None:
        """Start the part again whenever it ends, for ever."""
        while self.child is not None:
            child = self.child
            self._replaced.clear()
            replaced = asyncio.ensure_future(self._replaced.wait())
            try:
                await asyncio.wait({child.end, replaced}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                replaced.cancel()
            # A process that ends while its successor starts has not died: the successor tells it to end.
            async with self._turn:
                died = child is self.child
            if died:
                await self._revive(child)

    async def _revive(self, dead: Child) -> None:
        pause = self._pause(dead.lived, f"{self.part} of {self.cloud} {await asyncio.shield(dead.end)}")
        while dead is self.child:
            await asyncio.sleep(pause)
            try:
                async with self._turn:
                    if dead is self.child:
                        self.child = await self._start(None)
                        log.info("%s of %s runs again", self.part, self.cloud)
            except OpenstackoidError as error:
                pause = self._pause(0.0, str(error))

    def _pause(self, lived: float, what: str) -> float:
        self._died(self.part)
        pause = self._restarts.after(lived)
        log.warning("%s; it is started again in %.1f s", what, pause)
        return pause
