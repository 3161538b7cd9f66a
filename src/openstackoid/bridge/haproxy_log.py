# SPDX-License-Identifier: Apache-2.0
"""HAProxy's log, received on a datagram socket by a process of its own: audited, freed of what may not be shown, and shown.

It is a process, because a full socket loses lines, and the Python service is busy for longer than the socket has room for.
It is forked before the service has threads and holds secrets, so that the two share their memory.
"""

import asyncio
import ctypes
import multiprocessing
import os
import re
import signal
import socket
import sys
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

from openstackoid.bridge.audit.audit_log import Audit
from openstackoid.bridge.audit.egress_lines import EgressLines
from openstackoid.bridge.log import LOG
from openstackoid.bridge.pages.runtime_api import RuntimeApi, RuntimeApiError
from openstackoid.bridge.trace.haproxy_lines import Lines
from openstackoid.haproxy.trace import shown_line

LOOK = 10.0
"""Seconds between two questions to HAProxy about lines that it has lost."""

QUEUE = Path("/proc/sys/net/unix/max_dgram_qlen")
"""How many datagrams the socket holds (unix(7)): 10 as the kernel comes, 512 as systemd sets it."""

_PR_SET_PDEATHSIG = 1
_INFO = re.compile(r"^(Pid|DroppedLogs): (\d+)$", re.MULTILINE)


def start_reading(receiving: socket.socket, at: str, audit: Path | None, haproxy: Path | None) -> BaseProcess:
    """Start the process that reads the log of the HAProxy of the cloud ``at``, and return it.

    ``audit`` is the file of the audit log, ``haproxy`` HAProxy's control socket. The process ends with this one; told to end by
    SIGTERM, it first takes the lines that have arrived.
    """
    process = multiprocessing.get_context("fork").Process(
        target=_run, args=(receiving, at, audit, haproxy, os.getpid()), name="haproxy-log", daemon=True
    )
    process.start()
    receiving.close()
    return process


def _run(receiving: socket.socket, at: str, audit: Path | None, haproxy: Path | None, parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() == parent:
        asyncio.run(_read(receiving, at, audit, haproxy))


async def _read(receiving: socket.socket, at: str, audit: Path | None, haproxy: Path | None) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    log = HaproxyLog(EgressLines(at, Audit(audit)))
    lines = Lines(receiving, log.take)
    watching = None if haproxy is None else asyncio.create_task(_watch(LostLines(), RuntimeApi(haproxy)))
    try:
        await stop.wait()
    finally:
        if watching is not None:
            watching.cancel()
        lines.close()
        log.show()


class HaproxyLog:
    """Shows the lines of the log on standard error, many at once, without what may not be shown."""

    def __init__(self, egress: EgressLines) -> None:
        self._egress = egress
        self._waiting: list[bytes] = []

    def take(self, line: bytes) -> None:
        """Take one line; it is shown at the end of this turn of the event loop."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self.show)
        self._waiting.append(line if line.endswith(b"\n") else line + b"\n")

    def show(self) -> None:
        """Show the lines that were taken. They lack the time, which comes before each."""
        lines, self._waiting = b"".join(self._waiting), []
        if lines:
            now = f"{time.strftime('%Y-%m-%d %H:%M:%S')} haproxy ".encode()
            shown = b"".join(now + shown_line(line) for line in self._egress(lines).splitlines(keepends=True))
            sys.stderr.buffer.write(shown)
            sys.stderr.buffer.flush()


class LostLines:
    """Counts the log lines that HAProxy could not send, over one HAProxy after another."""

    def __init__(self) -> None:
        self._pid, self._dropped = 0, 0

    def look(self, info: str) -> int:
        """Return how many lines were lost since the last look; ``info`` is HAProxy's answer to ``show info``."""
        found = {name: int(number) for name, number in _INFO.findall(info)}
        pid, dropped = found.get("Pid", 0), found.get("DroppedLogs", 0)
        before = self._dropped if pid == self._pid else 0
        self._pid, self._dropped = pid, dropped
        return max(0, dropped - before)


async def _watch(lost: LostLines, api: RuntimeApi) -> None:
    while True:
        await asyncio.sleep(LOOK)
        try:
            number = lost.look(await api.command("show info"))
        except RuntimeApiError:
            continue
        if number:
            LOG.error("HAProxy has lost %d lines of its log%s", number, _remedy())


def _remedy() -> str:
    try:
        return f": the socket holds {int(QUEUE.read_text())} lines; set net.unix.max_dgram_qlen to a larger number"
    except (OSError, ValueError):
        return ""
