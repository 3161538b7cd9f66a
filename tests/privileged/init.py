# SPDX-License-Identifier: Apache-2.0
"""The first process of a suite's namespaces: it runs a command and buries orphans. With its end all other processes end."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence


def command(words: Sequence[str]) -> list[str]:
    """Return the command by which this program runs another one."""
    return [sys.executable, "-m", "privileged.init", *words]


def run(words: Sequence[str]) -> int:
    """Run the command and return its exit code."""
    child = subprocess.Popen(words)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # They are for the command, which has started with the default.
    while True:
        ended, status = os.wait()
        if ended == child.pid:
            return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
