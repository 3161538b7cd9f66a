# SPDX-License-Identifier: Apache-2.0
"""Run a suite that needs root: one at a time, in namespaces and a folder of its own; nothing of it is left, however it ends."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from openstackoid.errors import OpenstackoidError
from privileged.traces import Traces
from unable import unable

LOCK = Path("/run/openstackoid-suite.lock")
"""Suites that need root run one at a time: they share the machine's programs, and two processors."""
_PATIENCE = 90.0
"""The seconds in which a suite that was told to stop cleans up; then it is killed, and the kernel does."""


@dataclass(frozen=True)
class Suite:
    """A suite that needs root.

    ``lacks`` returns what the machine lacks before anything is installed; ``install`` brings the programs; ``lacks_later``
    looks for abilities that are seen by these programs. The rest is as for :func:`run`.
    """

    target: str
    about: str
    lacks: Callable[[], str | None]
    install: Callable[[], None]
    command: Sequence[str]
    root: Path
    lacks_later: Callable[[], str | None] = lambda: None
    covered: tuple[Path, ...] = ()

    def main(self) -> int:
        """Say what the suite makes, install its programs and run it; return the exit code."""
        print(self.about, flush=True)
        if lacks := self.lacks():
            return unable(self.target, lacks)
        try:
            with alone(self.target) as lock:
                self.install()
                if lacks := self.lacks_later():
                    return unable(self.target, lacks)
                return run(self.target, self.command, self.root, *self.covered, lock=lock)
        except OpenstackoidError as error:
            print(f"make: {error}\n  {error.hint}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print(f"make: {self.target} is stopped before its tests", file=sys.stderr)
            return 128 + signal.SIGINT


@contextmanager
def alone(target: str, file: Path = LOCK) -> Iterator[int]:
    """Run one suite at a time on this machine: the second says which one it waits for.

    Yields a descriptor: the kernel ends the lock with the last process that has it. The file stays, for others wait at it.
    """
    with file.open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            print(f"make: {target} waits until {lock.read()} has ended", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        lock.truncate(0)
        lock.write(f"{target} (process {os.getpid()})")
        lock.flush()
        yield lock.fileno()


def run(target: str, command: Sequence[str], root: Path, *covered: Path, lock: int | None = None) -> int:
    """Run the command of a suite below ``root``; return its exit code, or 1 if something of it is left.

    ``covered``: empty folders, over which the suite mounts others in its namespaces; they are removed. ``lock``: a descriptor
    that the command keeps, if this process is killed.
    """
    # A short name: below it are unix sockets.
    folder = Path(tempfile.mkdtemp(prefix="oid-", dir="/tmp"))
    traces = Traces(folder)
    try:
        code = _finish(command, root, {**os.environ, "TMPDIR": str(folder)}, () if lock is None else (lock,))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        for empty in covered:
            # It has files of the user's own if a lab of this name was raised by hand.
            with suppress(OSError):
                empty.rmdir()
    left = traces.left()
    for one in left:
        print(f"make: {target} has left {one}", file=sys.stderr)
    return code or bool(left)


def _finish(command: Sequence[str], root: Path, environment: dict[str, str], kept: Sequence[int]) -> int:
    stopped: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.append(number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        # A session of its own: Ctrl-C reaches this process alone, which passes it on once.
        process = subprocess.Popen(command, cwd=root, env=environment, start_new_session=True, pass_fds=kept)
        while not stopped:
            try:
                return process.wait(0.5)
            except subprocess.TimeoutExpired:
                continue
        print("make: stopped; it cleans up", file=sys.stderr, flush=True)
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return 128 + stopped[0]
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
