# SPDX-License-Identifier: Apache-2.0
"""The programs of a measurement: started on a core, asked what they have cost, and stopped by their ids."""

import random
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.cores import on
from bench.errors import BenchError

PATIENCE = 30.0
"""Seconds that a program may take to start, where nothing else is said."""

# Below the ports that the system gives to clients, which a load takes by the thousand.
_PORTS = range(10_000, 32_000)


def free_ports(count: int) -> list[int]:
    """Return ports on which nothing listens now."""
    found: list[int] = []
    for port in random.sample(_PORTS, len(_PORTS)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind(("", port))
                found.append(port)
        if len(found) == count:
            return found
    raise BenchError(f"there are no {count} free ports between {_PORTS.start} and {_PORTS.stop}")


@contextmanager
def running(
    argv: Sequence[str],
    cores: frozenset[int],
    ready: Callable[[], bool],
    *,
    environment: Mapping[str, str] | None = None,
    patience: float = PATIENCE,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program on ``cores``, from when it is ready; what it prints is thrown away, but told if it does not start.

    Raises :class:`BenchError` when it ends, or is not ready within ``patience`` seconds.
    """
    with tempfile.TemporaryFile() as errors:
        with on(cores):
            process = subprocess.Popen(argv, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
        try:
            deadline = time.monotonic() + patience
            while not ready():
                if process.poll() is not None or time.monotonic() > deadline:
                    errors.seek(0)
                    said = errors.read().decode(errors="replace").strip().splitlines()[-3:]
                    what = f"does not start within {patience:g} s" if process.poll() is None else "ends at once"
                    raise BenchError(f"{Path(argv[0]).name} {what}: {' '.join(said) or 'it says nothing'}")
                time.sleep(0.005)
            yield process
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@dataclass(frozen=True, slots=True)
class Cpu:
    """The CPU time that a process has had, and for how long it was ready to run while others did, in seconds."""

    used: float = 0.0
    waited: float = 0.0

    def __sub__(self, earlier: "Cpu") -> "Cpu":
        return Cpu(self.used - earlier.used, self.waited - earlier.waited)


def cpu(pid: int) -> Cpu:
    """Return what a process has cost, user and system: to the nanosecond where the kernel tells it, else without the waits."""
    try:
        tasks = [(task / "schedstat").read_text().split() for task in Path(f"/proc/{pid}/task").iterdir()]
        return Cpu(sum(int(task[0]) for task in tasks) / 1e9, sum(int(task[1]) for task in tasks) / 1e9)
    except FileNotFoundError:
        # A kernel without it, or a thread that has just ended.
        times = psutil.Process(pid).cpu_times()
        return Cpu(float(times.user + times.system))


def resident_mb(pid: int) -> float:
    """Return the memory that a process has now, in MB."""
    return float(psutil.Process(pid).memory_info().rss) / 1e6


def forget_peak(pid: int) -> None:
    """Have the kernel count the peak of a process's memory anew.

    Only root may, for a process that lets no other look into it. For other users the peak counts from the process's start.
    """
    with suppress(PermissionError):
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_mb(pid: int) -> float:
    """Return the peak of a process's memory, in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise BenchError(f"/proc/{pid}/status does not say the peak of its memory")
