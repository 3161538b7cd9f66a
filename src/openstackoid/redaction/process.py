# SPDX-License-Identifier: Apache-2.0
"""A process that holds secrets keeps its memory to itself, and gives its children an environment without any."""

import ctypes
import os
import re
import resource
import sys

from openstackoid.redaction.text import redacted

_PR_SET_DUMPABLE = 4
_SECRET = re.compile(r"^OS_|PASSWORD|PASSWD|SECRET|TOKEN|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_?KEY", re.IGNORECASE)


def seal() -> None:
    """Have the kernel write no core file of this process and of those that it starts, and let no other look into this one.

    The limit is one byte, not none: Linux does not heed a limit where cores are piped to a program
    (``/proc/sys/kernel/core_pattern``, as systemd and Ubuntu have it), but for this one value. On Linux the process is also
    not *dumpable*: another of the same user can neither attach to it, nor read its memory and its environment in ``/proc``. A
    program that it starts is dumpable again; the limit stays. On other systems the limit is all.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    limit = 1 if hard == resource.RLIM_INFINITY else min(hard, 1)
    resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def environment() -> dict[str, str]:
    """Return our environment as a child gets it: without a client's credentials, and without what looks like a secret."""
    return {name: value for name, value in os.environ.items() if not _SECRET.search(name) and redacted(value) == value}
