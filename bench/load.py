# SPDX-License-Identifier: Apache-2.0
"""The load: Debian's wrk, which costs a fraction of what HAProxy costs for a request, and its installation."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.cores import on
from bench.errors import BenchError

_SCRIPT = Path(__file__).with_name("load.lua")
_LONGEST = "600s"
_PATIENCE = 30.0


class NoAnswerError(BenchError):
    """The time was too short for a single answer, or nobody answers."""


@dataclass(frozen=True)
class Request:
    """What is asked, at ``url``. ``fresh``: a header with a ``%d``, by whose number each request differs from all others."""

    url: str
    headers: tuple[str, ...] = ()
    method: str = "GET"
    body: str | None = None
    fresh: str | None = None


@dataclass(frozen=True)
class Answers:
    """What came back: how many, in how many seconds, how many failed, and latencies in microseconds."""

    requests: int
    seconds: float
    failed: int
    p50: float
    p99: float
    p999: float

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def find_wrk() -> str:
    """Return wrk's path. Raises :class:`BenchError` where it is not installed, and says how to get it."""
    found = shutil.which("wrk")
    if found is None:
        raise BenchError(
            "the load generator wrk is not installed", hint="apt-get install wrk, or `python -m bench --install` to have it done"
        )
    return found


class Running:
    """A load that runs until it is told to stop."""

    def __init__(self, request: Request, connections: int, cores: frozenset[int], pause_ms: float | None = None) -> None:
        argv = [find_wrk(), "-t", "1", "-c", str(connections), "-d", _LONGEST, "-s", str(_SCRIPT)]
        for header in request.headers:
            argv += ["-H", header]
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("OS_", "BENCH_"))}
        environment["BENCH_METHOD"] = request.method
        if request.body is not None:
            environment["BENCH_BODY"] = request.body
        if request.fresh is not None:
            environment["BENCH_FRESH"] = request.fresh
            # Microseconds: fewer requests than that are sent until the next load begins.
            environment["BENCH_FIRST"] = str(time.time_ns() // 1000)
        if pause_ms is not None:
            environment["BENCH_PAUSE_MS"] = str(pause_ms)
        with on(cores):
            self._process = subprocess.Popen(
                [*argv, request.url],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        self._await_begin()

    def _await_begin(self) -> None:
        """Wait until wrk takes an interrupt for what it is here; before, it would be the end of it."""
        deadline = time.monotonic() + _PATIENCE
        while self._process.poll() is None and time.monotonic() < deadline:
            status = Path(f"/proc/{self._process.pid}/status").read_text()
            caught = re.search(r"^SigCgt:\t([0-9a-f]+)$", status, re.MULTILINE)
            if caught and int(caught[1], 16) >> (signal.SIGINT - 1) & 1:
                return
            time.sleep(0.002)

    def stop(self) -> Answers:
        """End the load and return what came back. Raises :class:`BenchError` where wrk does not say."""
        # wrk takes an interrupt for the end of its time, and tells of what it has until then.
        self._process.send_signal(signal.SIGINT)
        try:
            said, _ = self._process.communicate(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            raise BenchError(f"wrk does not end within {_PATIENCE:g} s") from None
        finally:
            if self._process.poll() is None:
                self._process.kill()
                self._process.communicate()
        return read_answers(said)


def load(request: Request, connections: int, seconds: float, cores: frozenset[int], pause_ms: float | None = None) -> Answers:
    """Send ``request`` again and again for some seconds; each connection pauses between two for ``pause_ms`` on average."""
    running = Running(request, connections, cores, pause_ms)
    try:
        time.sleep(seconds)
    finally:
        answers = running.stop()
    return answers


def read_answers(said: str) -> Answers:
    """Return what wrk's script printed. Raises :class:`NoAnswerError` where that is not in it, or no request was answered."""
    match = re.search(r"^BENCH (\{.*\})$", said, re.MULTILINE)
    found: dict[str, Any] = json.loads(match[1]) if match else {}
    if not found.get("requests") or not found["microseconds"]:
        raise NoAnswerError(f"wrk got no answer: {' '.join(said.split())[:300]}")
    failed = sum(found[kind] for kind in ("status", "connect", "read", "write", "timeout"))
    return Answers(found["requests"], found["microseconds"] / 1e6, failed, found["p50"], found["p99"], found["p999"])
