# SPDX-License-Identifier: Apache-2.0
"""Run a suite that needs root: in namespaces and a folder of its own, of which nothing is left, however it ends."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType

from openstackoid.errors import OpenstackoidError
from privileged import needs
from privileged.traces import traces

_PATIENCE = 90.0
"""The seconds in which a suite that was told to stop cleans up; then it is killed, and the kernel does."""


def skip(target: str, lacks: str) -> int:
    """Say that a suite cannot run here, and return the exit code."""
    print(f"make: {target} is skipped: this machine lacks {lacks}", file=sys.stderr)
    return 0


def prepared(target: str, about: str, abilities: Sequence[needs.Need], install: Callable[[], None]) -> int | None:
    """Say what a suite makes, and install its programs; return the exit code where it cannot run here."""
    print(about, flush=True)
    if lacks := needs.missing(*abilities):
        return skip(target, lacks)
    try:
        install()
    except OpenstackoidError as error:
        print(f"make: {error}\n  {error.hint}", file=sys.stderr)
        return 1
    lacks = needs.missing(needs.LINKS)
    return skip(target, lacks) if lacks else None


def run(target: str, command: Sequence[str], root: Path, *covered: Path) -> int:
    """Run the command of a suite below ``root``; return its exit code, or 1 if something of it is left.

    ``covered``: empty folders, over which the suite mounts others in its namespaces; they are removed.
    """
    # A short name: below it are unix sockets.
    folder = Path(tempfile.mkdtemp(prefix="oid-", dir="/tmp"))
    before = traces(folder)
    try:
        code = _finish(command, root, {**os.environ, "TMPDIR": str(folder)})
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        for empty in covered:
            # It has files of the user's own if a lab of this name was raised by hand.
            with suppress(OSError):
                empty.rmdir()
    left = sorted(traces(folder) - before)
    for one in left:
        print(f"make: {target} has left {one}", file=sys.stderr)
    return code or bool(left)


def _finish(command: Sequence[str], root: Path, environment: dict[str, str]) -> int:
    stopped: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.append(number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        # A session of its own: Ctrl-C reaches this process alone, which passes it on once.
        process = subprocess.Popen(command, cwd=root, env=environment, start_new_session=True)
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
