# SPDX-License-Identifier: Apache-2.0
"""The supervisor of one gateway: HAProxy and the Python service on the newest valid mesh description."""

import asyncio
import contextlib
import fcntl
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from openstackoid.bridge.http.sockets import bind
from openstackoid.errors import OpenstackoidError
from openstackoid.gateway import python_service
from openstackoid.gateway.child import Child
from openstackoid.gateway.configuration import Configuration
from openstackoid.gateway.decisions import Part, Watch, affected
from openstackoid.gateway.description_files import DescriptionFiles
from openstackoid.gateway.drain import SupervisedDrain
from openstackoid.gateway.folder import Folder
from openstackoid.gateway.listening import ListeningSockets
from openstackoid.gateway.ports import check_free, new_sockets, sockets
from openstackoid.gateway.process_group import ProcessGroup
from openstackoid.gateway.restarter import Restarter
from openstackoid.gateway.supervised import SupervisedState
from openstackoid.gateway.warnings import Warnings
from openstackoid.haproxy import LOG_VARIABLE
from openstackoid.haproxy.binary import Haproxy
from openstackoid.haproxy.libraries import LAB, warning_about
from openstackoid.haproxy.process import Predecessor, command, serving_pid, validate
from openstackoid.mesh import Cloud
from openstackoid.service_manager import ServiceManager

log = logging.getLogger("openstackoid.gateway")

_PIPE = 1024 * 1024
"""Bytes of HAProxy's log that wait while the Python service starts; Linux allows so many without privileges."""


class Generation(NamedTuple):
    """The configuration of one HAProxy: the folder of its files, and the cloud with its sockets."""

    folder: Path
    cloud: Cloud


class Supervisor:
    """Runs the gateway of ``cloud`` on the description in ``path``, with its files in ``folder``, which is open.

    ``passed``: listening sockets that systemd has opened; ``manager``: systemd, to tell it the state.
    """

    def __init__(
        self,
        cloud: str,
        path: Path,
        folder: Folder,
        haproxy: Haproxy,
        *,
        passed: Iterable[socket.socket],
        manager: ServiceManager,
    ) -> None:
        self.cloud = cloud
        self.folder = folder
        self.haproxy = haproxy
        self._processes = ProcessGroup(cloud, folder, haproxy)
        self._state = SupervisedState(folder)
        self._bridge = Restarter(Part.BRIDGE, cloud, self._start_bridge, self._state.restarted)
        self._haproxy = Restarter(Part.HAPROXY, cloud, self._start_haproxy, self._state.restarted)
        self._manager = manager
        self._generation: Generation
        self._sockets = ListeningSockets(cloud, passed)
        self._drain = SupervisedDrain(folder, self._processes, self._sockets)
        self._listening: Mapping[str, int] = {}
        self._bridge_socket: socket.socket | None = None
        # HAProxy writes its log to one end, the Python service reads the other: lines in it outlive both.
        self._log = _large_pipe()
        self._files = DescriptionFiles(cloud, path, folder)
        self._warnings = Warnings(None if LAB in os.environ else warning_about(haproxy))
        self._stop, self._hung_up, self._handed_over = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._terminal = sys.stdin.isatty() and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN

    async def run(self) -> None:
        """Run until SIGTERM or SIGINT, then drain and stop both parts; a second signal kills them.

        Raises :class:`OpenstackoidError` if the gateway cannot start; then no part of it runs.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._asked_to_stop)
        loop.add_signal_handler(signal.SIGHUP, self._hung_up.set)
        work = loop.create_task(self._work())
        stopping = loop.create_task(self._stop.wait())
        try:
            await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if self._haproxy.child is not None and not work.done():
                settings = self._generation.cloud.drain
                self._manager.stopping(settings.longest + settings.hold + settings.notice, "requests finish")
                await self._drain.run(self._haproxy, settings)
        finally:
            work.cancel()
            stopping.cancel()
            await asyncio.gather(work, stopping, return_exceptions=True)
            # Ours first: HAProxy ends with its last request, and new connections are to be refused until then.
            self._sockets.close()
            await self._processes.dismiss(self._drain.left)
            self._close_bridge_socket()
            for end in self._log:
                os.close(end)
        if not work.cancelled():
            work.result()
        log.info("gateway of %s has stopped", self.cloud)

    def _asked_to_stop(self) -> None:
        if self._stop.is_set():
            self._processes.hurry.set()
        else:
            log.info("gateway of %s stops", self.cloud)
            self._stop.set()

    async def _work(self) -> None:
        watch = Watch(await self._files.look())
        try:
            running = await self._begin()
        finally:
            await self._files.save()
        await asyncio.gather(self._bridge.keep(), self._haproxy.keep(), self._follow(running, watch))

    async def _begin(self) -> Configuration:
        """Start both parts on the description, and return its configuration."""
        # The Python service starts while the description is read, and waits for its files.
        self.folder.mesh.unlink(missing_ok=True)
        bridge = asyncio.create_task(self._bridge.replace())
        try:
            running = await self._files.read()
            self._files.watch(running)
            wanted = sockets(running.cloud)
            check_free(self.cloud, self._sockets.not_passed(wanted))
            self._generation = await self._draft(running)
            for address in self._sockets.unused(wanted):
                log.warning("systemd has opened %s, but the gateway of %s does not listen there", address, self.cloud)
            python_service.hand_over(self.folder, running)
            self._handed_over.set()
            await bridge
        finally:
            bridge.cancel()
            await asyncio.gather(bridge, return_exceptions=True)
        await self._haproxy.replace()
        self._warnings.say(running)
        log.info("gateway of %s is ready on %s", self.cloud, _listeners(running))
        self._manager.ready(f"ready on {_listeners(running)}")
        return running

    async def _start_bridge(self, _: Child | None) -> Child:
        requests, records = self.folder.bridge_socket, self.folder.records_socket
        if self._bridge_socket is None:
            requests.unlink(missing_ok=True)
            self._bridge_socket = bind(requests)
        records.unlink(missing_ok=True)
        inherited = {"requests": self._bridge_socket.fileno(), "log": self._log[0]}
        argv = python_service.command(self.folder, self.cloud, **inherited)

        async def ready(_: int) -> bool:
            await self._handed_over.wait()
            # A connection for requests would wait in our socket even if the service did not accept it.
            return python_service.receives(records)

        try:
            return await self._processes.launch(Part.BRIDGE, argv, ready, inherited)
        except OpenstackoidError:
            # Waiting requests are answered now: the next start may fail, too.
            self._close_bridge_socket()
            raise

    def _close_bridge_socket(self) -> None:
        if self._bridge_socket is not None:
            self._bridge_socket.close()
            self._bridge_socket = None

    async def _start_haproxy(self, running: Child | None) -> Child:
        control = self.folder.stats_socket
        predecessor = None if running is None else Predecessor(running.pid, control)
        folder, cloud = self._generation

        async def ready(pid: int) -> bool:
            return await serving_pid(control) == pid

        try:
            listening = self._sockets.open(cloud)
            inherited = {**listening, LOG_VARIABLE: self._log[1]}
            child = await self._processes.launch(Part.HAPROXY, command(self.haproxy, folder, predecessor), ready, inherited)
        except OpenstackoidError:
            # Without an HAProxy, connections are refused from now on: the next start may fail, too.
            self._sockets.close(but=() if running is None else self._listening.values())
            raise
        self._listening = listening
        self._sockets.close(but=listening.values())
        await self._drain.tell()
        if not self._drain.begun:
            self._processes.end_oldest(child)
        return child

    async def _follow(self, running: Configuration, watch: Watch) -> None:
        """Apply each change of the file and each SIGHUP."""
        while True:
            asked = await self._asked_to_read()
            if asked:
                watch.asked(await self._files.look())
                self._manager.reloading()
            elif not watch.look(await self._files.look()):
                self._warnings.remind(running)
                continue
            running = await self._reload(running, asked)
            self._manager.ready(f"ready on {_listeners(running)}")

    async def _reload(self, running: Configuration, asked: bool) -> Configuration:
        """Read the files and return the configuration that runs then; errors leave the running one unchanged."""
        try:
            candidate = await self._files.read()
            changed = await self._go_over(running, candidate)
        except OpenstackoidError as error:
            self._state.reloaded(str(error))
            log.error("%s\n  the gateway of %s goes on with the description that it has", error, self.cloud)
            return running
        finally:
            await self._files.save()
        self._state.reloaded(None)
        if changed:
            self._files.watch(candidate)
            self._warnings.say(candidate)
            log.info("gateway of %s has reloaded, ready on %s", self.cloud, _listeners(candidate))
            return candidate
        if asked:
            log.info("no change for the gateway of %s", self.cloud)
        return running

    async def _asked_to_read(self) -> bool:
        """Wait for SIGHUP, at most until the next look at the file."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._hung_up.wait(), self._files.pause)
        asked = self._hung_up.is_set()
        self._hung_up.clear()
        if asked and self._terminal and not _has_terminal():
            # Closing a terminal sends SIGHUP; reloading then would leave the gateway running.
            self._asked_to_stop()
        return asked

    async def _go_over(self, running: Configuration, candidate: Configuration) -> bool:
        parts = affected(running, candidate)
        if Part.HAPROXY in parts:
            check_free(self.cloud, self._sockets.not_passed(new_sockets(running.cloud, candidate.cloud)))
            old, self._generation = self._generation, await self._draft(candidate)
            try:
                await self._haproxy.replace()
            except OpenstackoidError:
                old, self._generation = self._generation, old
                raise
            finally:
                self.folder.discard(old.folder)
        if parts:
            python_service.hand_over(self.folder, candidate)
            await self._bridge.tell(signal.SIGHUP)
        if candidate.mesh.blocked - running.mesh.blocked:
            await self._processes.end(self._processes.finishing(self._haproxy.child), "as a peer was blocked")
        return bool(parts)

    async def _draft(self, configuration: Configuration) -> Generation:
        """Return a new generation that HAProxy accepts; a refused one is removed."""
        generation = self.folder.draft(configuration.files)
        try:
            for warning in await validate(self.haproxy, generation):
                log.warning("%s", warning)
        except OpenstackoidError:
            self.folder.discard(generation)
            raise
        return Generation(generation, configuration.cloud)


def _large_pipe() -> tuple[int, int]:
    ends = os.pipe()
    # The kernel may allow no more than it gave.
    with contextlib.suppress(OSError):
        fcntl.fcntl(ends[1], fcntl.F_SETPIPE_SZ, _PIPE)
    return ends


def _listeners(running: Configuration) -> str:
    return ", ".join(map(str, running.cloud.listeners))


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
