# SPDX-License-Identifier: Apache-2.0
"""Read HAProxy's log in a process of its own: audit requests that leave, redact lines, and show them.

HAProxy drops lines when its log is not read fast enough, and the Python service may be busy for longer. The process is forked
before the service has threads and secrets, so that the two share their memory. A supervisor passes a pipe of 64 KiB, some 700
lines; an HAProxy without one sends datagrams to a socket, with the kernel's queue.
"""

import asyncio
import contextlib
import multiprocessing
import os
import re
import select
import signal
import socket
import stat
import sys
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from openstackoid.bridge.audit.audit_file import Audit, AuditError, UncountedAudit
from openstackoid.bridge.audit.egress_lines import EgressLines
from openstackoid.bridge.audit.losses import Loss, Losses
from openstackoid.bridge.binding.delegated_uses import DelegatedUses
from openstackoid.bridge.log import LOG
from openstackoid.bridge.pages.runtime_api import RuntimeApi, RuntimeApiError
from openstackoid.bridge.telemetry.haproxy_lines import LineCounts
from openstackoid.bridge.telemetry.log_process import DELEGATED, SAMPLES, TOKENS, tell_numbers
from openstackoid.bridge.telemetry.token_answers import MARK, TokenAnswerCounts
from openstackoid.haproxy.trace import shown_lines
from openstackoid.parent_death_signal import end_with

AT_ONCE = 65536
"""Bytes of the log that are read before they are shown."""

FLUSH = 1.0

LOOK = 10.0
"""Seconds between two looks at HAProxy's count of lost lines."""

QUEUE = Path("/proc/sys/net/unix/max_dgram_qlen")
"""The number of datagrams that the socket holds (unix(7)): 10 by the kernel's default, 512 by systemd's."""

_INFO = re.compile(r"^(Pid|DroppedLogs): (\d+)$", re.MULTILINE)


def start_reading(
    log: int, at: str, audit: Path | None, haproxy: Path | None, losses: Losses, *, metrics: socket.socket | None = None
) -> BaseProcess:
    """Start the process that reads the log of the HAProxy of the cloud ``at``, and return it.

    ``log``: the descriptor of a pipe, or of a datagram socket; it is closed here. ``audit``: the file of the audit log;
    ``haproxy``: HAProxy's control socket; ``losses`` counts lost lines; ``metrics``: the connection on which the process
    tells its numbers. It ends with this one. On SIGTERM, it first shows the lines that have arrived.
    """
    reading = partial(_read, log, at, UncountedAudit(audit), haproxy, losses, metrics=metrics)
    process = multiprocessing.get_context("fork").Process(
        target=_run, args=(reading, os.getpid()), name="haproxy-log", daemon=True
    )
    process.start()
    os.close(log)
    return process


def _run(reading: Callable[[], Coroutine[Any, Any, None]], parent: int) -> None:
    if end_with(parent):
        asyncio.run(reading())


async def _read(
    descriptor: int, at: str, audit: Audit, haproxy: Path | None, losses: Losses, *, metrics: socket.socket | None
) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    delegated = DelegatedUses()
    requests, tokens = LineCounts(), TokenAnswerCounts()
    egress = EgressLines(at, audit, losses=losses, delegated=delegated.count, requests=requests.add_audited)
    log = HaproxyLog(descriptor, egress, requests, tokens)
    loop.add_reader(descriptor, log.read)
    remedy = _larger_queue if log.is_socket else _no_remedy

    def tell(number: int) -> None:
        losses.add(Loss.HAPROXY, number)
        egress.lose(number, "HAProxy has lost lines of its log; some may be about requests that left")

    tasks = [asyncio.create_task(_flush(audit))]
    if metrics is not None:
        numbers = {SAMPLES: requests.samples, DELEGATED: delegated.of_this_process, TOKENS: tokens.recent}
        tasks.append(asyncio.create_task(tell_numbers(metrics, numbers)))
    if haproxy is not None:
        tasks.append(asyncio.create_task(_watch(LostLines(), RuntimeApi(haproxy), remedy, tell)))
    try:
        await stop.wait()
    finally:
        for task in tasks:
            task.cancel()
        while log.read():
            pass
        with contextlib.suppress(AuditError):
            audit.flush(all_sums=True)


class HaproxyLog:
    """Reads the log from a pipe or a datagram socket, and shows it redacted on standard error.

    ``requests`` counts its lines, ``tokens`` those about questions to Keystone.
    """

    def __init__(self, descriptor: int, egress: EgressLines, requests: LineCounts, tokens: TokenAnswerCounts) -> None:
        self.is_socket = stat.S_ISSOCK(os.fstat(descriptor).st_mode)
        self._descriptor = descriptor
        self._egress = egress
        self._requests = requests
        self._tokens = tokens
        self._rest = b""
        os.set_blocking(descriptor, False)

    def read(self) -> bool:
        """Show the whole lines that have arrived, a bounded number at once; return whether there were any."""
        received = self._rest
        while len(received) < AT_ONCE:
            try:
                chunk = os.read(self._descriptor, AT_ONCE)
            except BlockingIOError:
                break
            if not chunk and not self.is_socket:
                # No process can write to the pipe any more.
                asyncio.get_running_loop().remove_reader(self._descriptor)
                break
            received += chunk
            if self.is_socket and not chunk.endswith(b"\n"):
                received += b"\n"
        if len(received) >= AT_ONCE and b"\n" not in received:
            # No line of HAProxy is as long: waiting for its end would stop all reading.
            received += b"\n"
        whole, feed, self._rest = received.rpartition(b"\n")
        self._show(whole + feed)
        return bool(feed)

    def _show(self, lines: bytes) -> None:
        """Count whole lines, and show them, each after the time."""
        if lines:
            kept = self._egress(lines)
            shown, answers = shown_lines(kept)
            self._requests.add(answers, some_audited=kept is not lines)
            # Most lines are about no token: one look at all of them costs least.
            if MARK in lines:
                self._tokens.add(answers)
            now = f"{time.strftime('%Y-%m-%d %H:%M:%S')} haproxy ".encode()
            for part in _atomic(now + line for line in shown):
                os.write(sys.stderr.fileno(), part)


def _atomic(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines joined to writes that other processes' writes to the same pipe cannot split."""
    part = b""
    for line in lines:
        if len(part) + len(line) > select.PIPE_BUF:
            yield part
            part = b""
        part += line
    yield part


class LostLines:
    """Counts the log lines that HAProxy could not send, over successive HAProxys."""

    def __init__(self) -> None:
        self._pid, self._dropped = 0, 0

    def look(self, info: str) -> int:
        """Return the number of lost lines since the last look; ``info``: HAProxy's answer to ``show info``."""
        found = {name: int(number) for name, number in _INFO.findall(info)}
        pid, dropped = found.get("Pid", 0), found.get("DroppedLogs", 0)
        before = self._dropped if pid == self._pid else 0
        self._pid, self._dropped = pid, dropped
        return max(0, dropped - before)


async def _flush(audit: Audit) -> None:
    """Write the sums of refused requests when they are due."""
    while True:
        await asyncio.sleep(FLUSH)
        with contextlib.suppress(AuditError):
            audit.flush()


async def _watch(lost: LostLines, api: RuntimeApi, remedy: Callable[[], str], tell: Callable[[int], None]) -> None:
    while True:
        await asyncio.sleep(LOOK)
        try:
            number = lost.look(await api.command("show info"))
        except RuntimeApiError:
            continue
        if number:
            tell(number)
            LOG.error("HAProxy has lost %d lines of its log%s", number, remedy())


def _no_remedy() -> str:
    return ""


def _larger_queue() -> str:
    try:
        return f": the socket holds {int(QUEUE.read_text())} lines; set net.unix.max_dgram_qlen to a larger number"
    except (OSError, ValueError):
        return ""
