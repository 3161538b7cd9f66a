# SPDX-License-Identifier: Apache-2.0
"""The beginning and the end of the process: signals, a file to wait for, the end of the parent or of the log's reader."""

import asyncio
import contextlib
import os
import signal
import threading
from multiprocessing.process import BaseProcess
from pathlib import Path

from openstackoid.bridge.http.sockets import BridgeError

_GLANCE = 0.01


def with_signals(stop: asyncio.Event, reload: asyncio.Event, *, stop_on_eof: bool) -> None:
    """Have signals set the events, and the end of standard input the first, with ``stop_on_eof``."""
    loop = asyncio.get_running_loop()
    for number, event in ((signal.SIGTERM, stop), (signal.SIGINT, stop), (signal.SIGHUP, reload)):
        loop.add_signal_handler(number, event.set)
    if stop_on_eof:
        threading.Thread(target=_await_eof, args=(loop, stop), daemon=True).start()


async def appears(file: Path, stop: asyncio.Event) -> bool:
    """Wait for a file, and return whether it is there; False once the process is to stop."""
    while not file.exists():
        if stop.is_set():
            return False
        await asyncio.sleep(_GLANCE)
    return True


async def wait_for_end(stop: asyncio.Event, log_reader: BaseProcess | None) -> None:
    """Wait for the end of the process. Raises :class:`BridgeError` if the log reader ends before."""
    ended = asyncio.Event()
    if log_reader is not None:
        asyncio.get_running_loop().add_reader(log_reader.sentinel, ended.set)
    waiting = [asyncio.create_task(event.wait()) for event in (stop, ended)]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    if not stop.is_set():
        raise BridgeError("the process that reads HAProxy's log has ended")


def _await_eof(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Wait, in a thread of its own, for the end of standard input, which may be a pipe, a socket or a file."""
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(stop.set)
