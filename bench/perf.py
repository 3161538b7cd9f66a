# SPDX-License-Identifier: Apache-2.0
"""Which functions take how much of HAProxy's CPU time for a request: sampled by perf, where there is no valgrind."""

import re
import subprocess
from pathlib import Path

from bench.errors import BenchError

TOOL = "perf"
UNIT = "ns of CPU"
_ENTRY = re.compile(r"^\s*([0-9.]+)%\s+\[[.k]\]\s+(\S+)", re.MULTILINE)


def sampling(pid: int, output: Path, seconds: float) -> "subprocess.Popen[bytes]":
    """Begin to sample a process for some seconds; the samples are written to ``output``."""
    # The clock of the CPU: counters of the processor are seldom there on a virtual machine.
    argv = [TOOL, "record", "-q", "-e", "cpu-clock", "-F", "4999", "-p", str(pid), "-o", str(output), "--", "sleep", str(seconds)]
    return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def report(output: Path) -> str:
    """Return perf's words about what it has sampled. Raises :class:`BenchError` where it cannot read it."""
    argv = [TOOL, "report", "-i", str(output), "--stdio", "--no-children", "-F", "overhead,sym"]
    said = subprocess.run(argv, capture_output=True, text=True, check=False)
    if said.returncode != 0:
        reason = " ".join(said.stderr.split())[:300]
        raise BenchError(f"perf: {reason}", hint="whether you may use it, /proc/sys/kernel/perf_event_paranoid says")
    return said.stdout


def read(said: str, nanoseconds: float) -> dict[str, float]:
    """Return what each function took, where a request takes ``nanoseconds`` in all."""
    found: dict[str, float] = {}
    for share, function in _ENTRY.findall(said):
        found[function] = found.get(function, 0.0) + float(share) / 100 * nanoseconds
    return found
