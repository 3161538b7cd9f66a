# SPDX-License-Identifier: Apache-2.0
"""Run a program that ends when its parent does: ``parent_death_signal.py PARENT PROGRAM ARGUMENT...``.

A killed supervisor cannot stop its children; Linux does (``PR_SET_PDEATHSIG``), if the child asks for it before it becomes the
program. That is not safe between ``fork`` and ``exec`` with threads, so this file runs first and then becomes the program, with
the same process id. It imports no other module of the package, to start in milliseconds. On systems other than Linux the program
gets no signal.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_with(parent: int) -> bool:
    """Have this process get SIGTERM when ``parent`` ends; return False if it has ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    return os.getppid() == parent


def main(argv: list[str]) -> None:
    """Become the program of ``argv``, unless the parent has ended."""
    parent, program = int(argv[1]), argv[2:]
    if not end_with(parent):
        sys.exit(1)
    try:
        os.execv(program[0], program)  # noqa: S606 (no shell is wanted)
    except OSError as error:
        sys.exit(f"{program[0]}: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv)
