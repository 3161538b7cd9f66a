# SPDX-License-Identifier: Apache-2.0
"""Identify a process by its id and its birth, because ids are reused."""

import time
from collections.abc import Mapping
from math import inf
from pathlib import Path

import psutil

_GLANCE = 0.05

Birth = dict[str, str | float]
"""``pid``; ``created``, the kernel's clock tick at which the process was made; ``boot``, to which both belong."""


def birth(pid: int) -> Birth:
    """Return the identity of the process ``pid``. Raises ``psutil.NoSuchProcess``."""
    return {"pid": pid, "created": created(pid), "boot": boot()}


def born(record: Mapping[str, str | float]) -> psutil.Process | None:
    """Return the recorded process, also a zombie; None if another process has its id.

    Raises ``psutil.NoSuchProcess`` if no process has the id.
    """
    if record.get("boot") != boot():
        return None
    pid = int(record["pid"])
    return psutil.Process(pid) if created(pid) == record.get("created") else None


def boot() -> str:
    """Return the kernel's boot, and the container if this is one: process ids belong to them."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip() + " " + str(Path("/proc/self/ns/pid").readlink())


def created(pid: int) -> int:
    """Return the creation of a process, in clock ticks since boot (proc(5), field 22): no change of the clock moves it.

    Raises ``psutil.NoSuchProcess`` if no process has the id.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        raise psutil.NoSuchProcess(pid) from None
    # The second field, the program's name in parentheses, may hold blanks and parentheses.
    return int(text.rpartition(")")[2].split()[19])


def wait_for_end(process: psutil.Process, seconds: float = inf) -> bool:
    """Return whether the process of any parent has ended within some seconds; a zombie has."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if process.status() == psutil.STATUS_ZOMBIE or not process.is_running():
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(_GLANCE)
    return False
