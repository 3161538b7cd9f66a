# SPDX-License-Identifier: Apache-2.0
"""Which process is which: an id is given again, so a process is known by its id and its birth."""

from collections.abc import Mapping
from pathlib import Path

import psutil

Birth = dict[str, str | float]
"""``pid``; ``created``, the kernel's clock tick at which the process was made; ``boot``, to which both belong."""


def birth(pid: int) -> Birth:
    """Return what tells the process ``pid`` from every other. Raises ``psutil.NoSuchProcess``."""
    return {"pid": pid, "created": created(pid), "boot": boot()}


def born(record: Mapping[str, str | float]) -> psutil.Process | None:
    """Return the recorded process, also when it is dead and not yet waited for; None when its id is only a stranger's.

    Raises ``psutil.NoSuchProcess`` when nobody has the id.
    """
    if record.get("boot") != boot():
        return None
    pid = int(record["pid"])
    return psutil.Process(pid) if created(pid) == record.get("created") else None


def boot() -> str:
    """Return what process ids belong to: the kernel's boot, and the container if this is one."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip() + " " + str(Path("/proc/self/ns/pid").readlink())


def created(pid: int) -> int:
    """Return when a process was made, in clock ticks since boot (proc(5), field 22): no change of the clock moves it.

    Raises ``psutil.NoSuchProcess`` when nobody has the id.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        raise psutil.NoSuchProcess(pid) from None
    # The second field, the program's name in parentheses, may hold blanks and parentheses.
    return int(text.rpartition(")")[2].split()[19])
