# SPDX-License-Identifier: Apache-2.0
"""Keep the memory of a process to itself, and secrets out of its children's environment."""

import ctypes
import os
import re
import resource
import sys

from openstackoid.redaction.text import redacted

_PR_SET_DUMPABLE = 4
_SECRET = re.compile(r"^OS_|PASSWORD|PASSWD|SECRET|TOKEN|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_?KEY", re.IGNORECASE)


def seal() -> None:
    """Prevent core files of this process and its children, and access of other processes to this one.

    The limit is one byte, not zero: Linux ignores a limit if cores are piped to a program (``/proc/sys/kernel/core_pattern``, as
    in systemd and Ubuntu), except for this value. On Linux the process is also not *dumpable*: no process of the same user can
    attach to it, or read its memory and environment in ``/proc``. A program that it starts is dumpable again; the limit stays.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    limit = 1 if hard == resource.RLIM_INFINITY else min(hard, 1)
    resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def environment() -> dict[str, str]:
    """Return our environment for a child: without a client's credentials and apparent secrets."""
    return {name: value for name, value in os.environ.items() if not _SECRET.search(name) and redacted(value) == value}
