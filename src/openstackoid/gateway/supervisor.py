# SPDX-License-Identifier: Apache-2.0
"""The supervisor of one gateway: it keeps HAProxy and the Python service running on the newest good mesh description.

Everything that happens becomes an event in one queue, and is dealt with before the next is looked at; so a reload and a restart
never cross. What follows from an event, :mod:`openstackoid.gateway.decisions` says.
"""

import asyncio
import contextlib
import hashlib
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from openstackoid.errors import OpenstackoidError
from openstackoid.gateway.child import Child
from openstackoid.gateway.configuration import Configuration, load_configuration
from openstackoid.gateway.decisions import Part, Restarts, Watch, affected
from openstackoid.gateway.errors import GatewayError
from openstackoid.gateway.folder import Folder, write_private
from openstackoid.gateway.ports import check_free, new_sockets, sockets
from openstackoid.haproxy.binary import Haproxy
from openstackoid.haproxy.process import Predecessor, command, complaints, serving_pid, validate

log = logging.getLogger("openstackoid.gateway")

START_PATIENCE = 60.0
"""How long, in seconds, a part may take until it accepts connections."""

STOP_GRACE = 4.0
"""How long, in seconds, requests that are under way may take once the gateway is told to stop."""

_POLL = 1.0
_GLANCE = 0.05
_LEVELS = {"NOTICE": logging.INFO, "DIAG": logging.INFO, "WARNING": logging.WARNING}


@dataclass(frozen=True, slots=True)
class _Ended:
    """A program has ended by itself."""

    child: Child
    how: str


@dataclass(frozen=True, slots=True)
class _Due:
    """The pause of a part that had died is over."""

    part: Part


@dataclass(frozen=True, slots=True)
class _HangUp:
    """SIGHUP has come."""


class Supervisor:
    """Runs the gateway of ``cloud`` on the description in ``path``, with its files in ``folder``, which is open."""

    def __init__(self, cloud: str, path: Path, folder: Folder, haproxy: Haproxy) -> None:
        self.cloud = cloud
        self.path = path
        self.folder = folder
        self.haproxy = haproxy
        self._running: Configuration
        self._generation: Path | None = None
        self._events: asyncio.Queue[_Ended | _Due | _HangUp] = asyncio.Queue()
        self._children: set[Child] = set()
        self._current: dict[Part, Child | None] = dict.fromkeys(Part)
        self._restarts = {part: Restarts() for part in Part}
        self._watch = Watch(None)
        self._tasks: set[asyncio.Task[None]] = set()
        self._stop, self._hurry = asyncio.Event(), asyncio.Event()
        self._terminal = sys.stdin.isatty() and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN

    async def run(self) -> None:
        """Run until SIGTERM or SIGINT, then stop both parts; a second signal stops them at once.

        Raises :class:`OpenstackoidError` when the gateway cannot be started; then nothing of it runs.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._asked_to_stop)
        loop.add_signal_handler(signal.SIGHUP, self._events.put_nowait, _HangUp())
        work = loop.create_task(self._work())
        stopping = loop.create_task(self._stop.wait())
        try:
            await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError, OpenstackoidError):
                await work
            await self._shut_down()
        if not work.cancelled():
            work.result()

    def _asked_to_stop(self) -> None:
        (self._hurry if self._stop.is_set() else self._stop).set()

    async def _work(self) -> None:
        self._watch = Watch(self._digest())
        configuration = load_configuration(self.path, self.cloud, self.folder.runtime)
        generation = await self._draft(configuration)
        check_free(self.cloud, sockets(configuration.cloud))
        write_private(self.folder.mesh, configuration.text)
        await self._launch_bridge()
        await self._launch_haproxy(generation)
        self._running = configuration
        log.info("gateway of %s is ready on %s", self.cloud, ", ".join(map(str, configuration.cloud.listeners)))
        while True:
            try:
                event = await asyncio.wait_for(self._events.get(), _POLL)
            except TimeoutError:
                if self._watch.look(self._digest()):
                    await self._reload(asked=False)
                continue
            match event:
                case _Ended(child, how):
                    self._after_end(child, how)
                case _Due(part):
                    await self._restart(part)
                case _HangUp():
                    await self._hang_up()

    # --- the mesh description -------------------------------------------------------------------------------------------

    def _digest(self) -> str | None:
        try:
            return hashlib.sha256(self.path.read_bytes()).hexdigest()
        except OSError:
            return None

    async def _hang_up(self) -> None:
        if self._terminal and not _has_terminal():
            log.info("the terminal has gone")
            self._asked_to_stop()
            return
        self._watch.asked(self._digest())
        await self._reload(asked=True)

    async def _draft(self, configuration: Configuration) -> Path:
        """Return the folder of a new generation that HAProxy accepts; where it does not, nothing is left of it."""
        generation = self.folder.draft(configuration.files)
        try:
            for warning in await validate(self.haproxy, generation):
                log.warning("%s", warning)
        except OpenstackoidError:
            self.folder.discard(generation)
            raise
        return generation

    async def _reload(self, asked: bool) -> None:
        """Go over to what the file says now; whatever is wrong with it, what runs goes on."""
        try:
            candidate = load_configuration(self.path, self.cloud, self.folder.runtime)
            parts = affected(self._running, candidate)
            if Part.HAPROXY in parts:
                check_free(self.cloud, new_sockets(self._running.cloud, candidate.cloud))
                await self._launch_haproxy(await self._draft(candidate))
        except OpenstackoidError as error:
            log.error("%s\n  the gateway of %s goes on with the description that it has", error, self.cloud)
            return
        if not parts:
            if asked:
                log.info("nothing has changed for the gateway of %s", self.cloud)
            return
        self._running = candidate
        write_private(self.folder.mesh, candidate.text)
        bridge = self._current[Part.BRIDGE]
        if bridge is not None:
            bridge.send(signal.SIGHUP)
        log.info("gateway of %s has reloaded, ready on %s", self.cloud, ", ".join(map(str, candidate.cloud.listeners)))

    # --- the two parts --------------------------------------------------------------------------------------------------

    async def _launch_bridge(self) -> None:
        socket = self.folder.bridge_socket
        socket.unlink(missing_ok=True)
        argv = [sys.executable, "-m", "openstackoid.bridge", "--cloud", self.cloud]
        argv += ["--config", str(self.folder.mesh), "--socket", str(socket)]
        child = await self._spawn(Part.BRIDGE, argv, os.environ)

        async def accepts() -> bool:
            return await _accepts(socket)

        await self._until(child, accepts)
        self._current[Part.BRIDGE] = child

    async def _launch_haproxy(self, generation: Path) -> None:
        old = self._current[Part.HAPROXY]
        socket = self.folder.stats_socket
        predecessor = Predecessor(old.pid, socket) if old is not None and old.alive else None
        child = await self._spawn(Part.HAPROXY, command(self.haproxy, generation, predecessor), self.haproxy.environment())

        async def serves() -> bool:
            return await serving_pid(socket) == child.pid

        try:
            await self._until(child, serves)
        except GatewayError:
            if generation != self._generation:
                self.folder.discard(generation)
            raise
        self._current[Part.HAPROXY] = child
        if self._generation is not None and self._generation != generation:
            self.folder.discard(self._generation)
        self._generation = generation

    async def _spawn(self, part: Part, argv: Sequence[str], environment: Mapping[str, str]) -> Child:
        errors = _haproxy_says if part is Part.HAPROXY else _pass_on
        child = await Child.start(part, argv, environment, _pass_on, errors)
        self._children.add(child)
        self._record()
        task = asyncio.get_running_loop().create_task(self._await_end(child))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return child

    async def _await_end(self, child: Child) -> None:
        how = await child.ended()
        self._children.discard(child)
        self._record()
        self._events.put_nowait(_Ended(child, how))

    def _record(self) -> None:
        self.folder.record(child.pid for child in self._children)

    async def _until(self, child: Child, ready: Callable[[], Awaitable[bool]]) -> None:
        """Wait until a part is ready. Raises :class:`GatewayError` when it ends before, or takes too long and is stopped."""
        while child.alive:
            if await ready():
                return
            if child.lived > START_PATIENCE:
                child.send(signal.SIGKILL)
                raise GatewayError(f"{child.part} of {self.cloud} was not ready after {START_PATIENCE:g} s")
            await asyncio.sleep(_GLANCE)
        raise GatewayError(f"{child.part} of {self.cloud} {await child.ended()} before it was ready; its reason stands above")

    def _after_end(self, child: Child, how: str) -> None:
        """A part that is in use is started again; one that was replaced has done its work."""
        if child is self._current[child.part]:
            self._current[child.part] = None
            self._again(child.part, child.lived, f"{child.part} of {self.cloud} {how}")

    async def _restart(self, part: Part) -> None:
        if self._current[part] is not None:
            return
        try:
            if part is Part.BRIDGE:
                await self._launch_bridge()
            elif self._generation is not None:
                await self._launch_haproxy(self._generation)
        except OpenstackoidError as error:
            self._again(part, 0.0, str(error))
        else:
            log.info("%s of %s runs again", part, self.cloud)

    def _again(self, part: Part, lived: float, what: str) -> None:
        pause = self._restarts[part].after(lived)
        log.warning("%s; it is started again in %.1f s", what, pause)
        asyncio.get_running_loop().call_later(pause, self._events.put_nowait, _Due(part))

    # --- the end --------------------------------------------------------------------------------------------------------

    async def _shut_down(self) -> None:
        """Let requests finish for a while, the Python service after HAProxy, which needs it; then leave no process."""
        log.info("gateway of %s stops", self.cloud)
        await self._tell(signal.SIGUSR1, STOP_GRACE, Part.HAPROXY)
        await self._tell(signal.SIGTERM, STOP_GRACE, Part.HAPROXY, Part.BRIDGE)
        while self._children:
            await self._tell(signal.SIGKILL, STOP_GRACE, *Part)
        for task in self._tasks:
            await task
        log.info("gateway of %s has stopped", self.cloud)

    async def _tell(self, number: signal.Signals, patience: float, *parts: Part) -> None:
        """Send a signal to every process of the parts, those of earlier generations too, and wait for their end."""
        if self._hurry.is_set():
            number = signal.SIGKILL
        told = [child for child in self._children if child.part in parts]
        for child in told:
            child.send(number)
        loop = asyncio.get_running_loop()
        until = loop.time() + patience
        while self._children.intersection(told) and loop.time() < until:
            if self._hurry.is_set() and number is not signal.SIGKILL:
                return
            await asyncio.sleep(_GLANCE)


async def _accepts(path: Path) -> bool:
    try:
        _, writer = await asyncio.open_unix_connection(path)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _pass_on(lines: bytes) -> None:
    """Lines that are a log already: HAProxy's of the requests, and the Python service's."""
    with contextlib.suppress(OSError):
        sys.stderr.buffer.write(lines)
        sys.stderr.buffer.flush()


def _haproxy_says(lines: bytes) -> None:
    for severity, text in complaints(lines.decode(errors="replace")):
        log.log(_LEVELS.get(severity, logging.ERROR), "HAProxy: %s", text)
