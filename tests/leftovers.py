# SPDX-License-Identifier: Apache-2.0
"""End the processes and labs that a run of tests leaves behind, however the run ends.

A process of its own waits for the end of pytest, also of one that is killed. It then stops every process whose environment
names the folder of the run, and takes the labs down that the run has entered there.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

RUN = "OPENSTACKOID_TEST_RUN"
"""The variable that names the folder of the run. Tests that start a program with another environment add it: ``mark()``."""
_PATIENCE = 15.0
"""The seconds in which a process ends after SIGTERM; a gateway then stops its own programs."""


def mark(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with the name of the run, by which its leftovers are known."""
    return {**environment, **{name: value for name, value in os.environ.items() if name == RUN}}


@contextmanager
def entered(lab: str) -> Iterator[None]:
    """Enter a lab as up, for as long as the block runs."""
    if RUN not in os.environ:
        yield
        return
    entry = Path(os.environ[RUN], lab)
    entry.touch()
    yield
    entry.unlink()


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
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(RUN) == folder:
                found.append(process)
        except psutil.Error:
            continue
    return found


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
    labs = sorted(path.name for path in Path(folder).iterdir())
    for lab in labs:
        command = [sys.executable, "-m", "openstackoid", "lab", "down", "--lab", lab]
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)
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
