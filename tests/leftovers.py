# SPDX-License-Identifier: Apache-2.0
"""End the processes and labs that a run of tests leaves behind, however the run ends.

A process of its own waits for the end of pytest, also of one that is killed. It then stops every process whose environment
names the folder of the run, or whose session is that of a process of pytest-xdist: of a gateway, an ordinary user cannot read
the environment. It takes the labs down that the run has entered there, and removes their files.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import psutil

from openstackoid.lab.state import Instance

RUN = "OPENSTACKOID_TEST_RUN"
"""The variable that names the folder of the run. Tests that start a program with another environment add it: ``mark()``."""
_LAB, _SESSION = "lab-", "session-"
"""What the names of entries in the folder begin with."""
_PATIENCE = 15.0
"""The seconds in which a process ends after SIGTERM; a gateway then stops its own programs."""


def mark(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with the name of the run, by which its leftovers are known."""
    return {**environment, **{name: value for name, value in os.environ.items() if name == RUN}}


def enter_lab(name: str) -> None:
    """Enter a lab as up."""
    for entry in _entry_of(name):
        entry.touch()


def leave_lab(name: str) -> None:
    """Take back that a lab is up."""
    for entry in _entry_of(name):
        entry.unlink()


def _entry_of(lab: str) -> list[Path]:
    return [Path(os.environ[RUN], _LAB + lab)] if RUN in os.environ else []


def enter_session() -> None:
    """Give this process of pytest-xdist a session of its own, and enter that."""
    Path(os.environ[RUN], f"{_SESSION}{os.getpid()}").touch()
    os.setsid()


class Run:
    """A run of tests, and the process that waits for its end."""

    def __init__(self) -> None:
        folder = tempfile.mkdtemp(prefix="oid-run-")
        # Ctrl-C is for pytest.
        self._watch = subprocess.Popen([sys.executable, __file__, folder], stdin=subprocess.PIPE, start_new_session=True)
        os.environ[RUN] = folder

    def end(self) -> None:
        """Have the leftovers ended, and wait for that."""
        os.environ.pop(RUN, None)
        self._watch.communicate()


def processes(folder: str) -> list[psutil.Process]:
    """Return the processes of the run."""
    sessions = {int(name) for name in _entries(folder, _SESSION)}
    return [process for process in psutil.process_iter() if _belongs(process, folder, sessions)]


def _belongs(process: psutil.Process, folder: str, sessions: set[int]) -> bool:
    try:
        of_session = os.getsid(process.pid) in sessions and process.status() != psutil.STATUS_ZOMBIE
        return of_session or process.environ().get(RUN) == folder
    except (psutil.Error, OSError):
        return False


def _entries(folder: str, kind: str) -> list[str]:
    return sorted(path.name.removeprefix(kind) for path in Path(folder).glob(f"{kind}*"))


def stop(folder: str) -> list[str]:
    """Stop the processes of the run, kill those that take too long, and return what they were."""
    stopped = {process.pid: _shown(process) for process in processes(folder)}
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + _PATIENCE
        signalled: set[int] = set()
        # Some may start others, or end only after their parents.
        while (left := processes(folder)) and time.monotonic() < deadline:
            for process in left:
                if process.pid not in signalled:
                    _signal(process, number)
            signalled |= {process.pid for process in left}
            time.sleep(0.1)
    return list(stopped.values())


def _signal(process: psutil.Process, number: int) -> None:
    try:
        process.send_signal(number)
    except psutil.Error:
        return


def main(folder: str) -> None:
    """Wait until pytest has ended; end what is left, and then say so."""
    sys.stdin.read()
    ended = stop(folder)
    labs = _entries(folder, _LAB)
    for lab in labs:
        command = [sys.executable, "-m", "openstackoid", "lab", "down", "--lab", lab]
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)
        # The next run finds no servers and ports of tests that were broken off.
        shutil.rmtree(Instance(lab).directory, ignore_errors=True)
    shutil.rmtree(folder)
    if ended or labs:
        print(
            f"\ntests: ended what the run has left: {', '.join([*(f'the lab {lab!r}' for lab in labs), *ended])}", file=sys.stderr
        )


def _shown(process: psutil.Process) -> str:
    try:
        return f"{process.pid} {Path(process.name()).name}"
    except psutil.Error:
        return str(process.pid)


if __name__ == "__main__":
    main(sys.argv[1])
