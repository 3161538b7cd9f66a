# SPDX-License-Identifier: Apache-2.0
"""The drain of an HAProxy without a supervisor: its health page says 503 until no backend has a request; then it stops."""

import asyncio
import signal
import time
from collections.abc import Callable

import psutil

from openstackoid.gateway.ended_requests import record_end
from openstackoid.gateway.errors import GatewayError
from openstackoid.gateway.folder import Folder
from openstackoid.gateway.process_group import STOP_GRACE
from openstackoid.haproxy.draining import begin
from openstackoid.haproxy.process import requests_under_way, serving_pid
from openstackoid.mesh import Drain
from openstackoid.process_identity import wait_for_end
from openstackoid.service_manager import ServiceManager

_GLANCE = 0.2


async def drain_apart(folder: Folder, cloud: str, settings: Drain, manager: ServiceManager, tell: Callable[[str], None]) -> None:
    """Drain and stop the HAProxy of ``cloud`` in ``folder``; ``tell`` gets a line for each step.

    Raises :class:`OpenstackoidError` if it does not run.
    """
    control = folder.stats_socket
    pid = await serving_pid(control)
    if pid is None:
        raise GatewayError(
            f"no gateway of {cloud} runs here: HAProxy does not answer at {control}",
            "name the folder of a gateway that runs elsewhere on this machine with --state-dir",
        )
    haproxy = _main_process(psutil.Process(pid))
    manager.stopping(settings.longest, "requests finish")
    started = time.monotonic()
    await begin(folder.drain_socket)
    tell(f"the gateway of {cloud} drains: its health page says 503, and requests finish")
    await asyncio.sleep(settings.notice)
    while time.monotonic() < started + settings.longest and await requests_under_way(control):
        await asyncio.sleep(_GLANCE)
    haproxy.send_signal(signal.SIGUSR1)
    left = max(STOP_GRACE, started + settings.longest - time.monotonic())
    if not wait_for_end(haproxy, left):
        record_end(folder, cloud, pid, f"after a drain of {settings.longest:g} s")
        tell(f"requests still run after {settings.longest:g} s; HAProxy of {cloud} is ended with them")
        haproxy.terminate()
        wait_for_end(haproxy)
    tell(f"HAProxy of {cloud} has stopped")


def _main_process(worker: psutil.Process) -> psutil.Process:
    """Return the master of a worker, if HAProxy runs in master-worker mode, else the process itself."""
    parent = worker.parent()
    return parent if parent is not None and parent.exe() == worker.exe() else worker
