# SPDX-License-Identifier: Apache-2.0
"""What a run ran on, and what of it held still: a figure means little without."""

import os
import platform
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench.cores import Cores
from openstackoid.haproxy.binary import Haproxy

_ROOT = Path(__file__).parent.parent


def describe(haproxy: Haproxy, wrk: str, cores: Cores) -> dict[str, str]:
    """Return the machine, the versions and what was pinned, each as words."""
    return {
        **here(),
        "versions": f"HAProxy {'.'.join(map(str, haproxy.version))}, Python {platform.python_version()}, {_version_of(wrk)}",
        "pinned": f"processes to cores: {cores}; HAProxy to one thread",
        "not pinned": not_pinned(),
    }


def not_pinned() -> str:
    """Return what of the machine moves by itself, as words."""
    return f"the processor's frequency (governor: {_governor()}), its other tenants, the place in memory"


def here() -> dict[str, str]:
    """Return the date, the machine and the commit, each as words."""
    return {
        "date": time.strftime("%Y-%m-%d %H:%M %Z"),
        "processor": f"{_model()}, {os.cpu_count()} cores seen{', virtual' if _is_virtual() else ''}",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.0f} GB",
        "kernel": platform.release(),
        "commit": _commit(),
    }


def _model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _is_virtual() -> bool:
    return "hypervisor" in Path("/proc/cpuinfo").read_text()


def _governor() -> str:
    try:
        return Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").read_text().strip()
    except OSError:
        return "not known"


def _commit() -> str:
    def git(*arguments: str) -> str:
        found = subprocess.run(["git", "-C", _ROOT, *arguments], capture_output=True, text=True, check=False)
        return found.stdout.strip()

    try:
        return git("rev-parse", "--short", "HEAD") + (" and changes" if git("status", "--porcelain") else "")
    except OSError:
        return "not known"


def _version_of(wrk: str) -> str:
    said = subprocess.run([wrk, "-v"], capture_output=True, text=True, check=False)
    return " ".join((said.stdout + said.stderr).split()[:2])


@dataclass
class Noise:
    """What else the machine did during a run: begin with it, and ask it at the end."""

    _before: tuple[list[int], float] = field(default_factory=lambda: (_ticks(), time.monotonic()))
    _load: float = field(default_factory=lambda: os.getloadavg()[0])

    def words(self) -> dict[str, str]:
        """Return what was seen: the load at the beginning, and the time that the host gave to others."""
        ticks = [now - then for now, then in zip(_ticks(), self._before[0], strict=True)]
        stolen = ticks[7] / max(1, sum(ticks[:8])) * 100
        return {
            "noise": f"load average before the run {self._load:.2f}; {stolen:.1f} % of the time taken by the host",
            "duration": f"{time.monotonic() - self._before[1]:.0f} s in all",
        }


def _ticks() -> list[int]:
    return [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
