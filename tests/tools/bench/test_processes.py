# SPDX-License-Identifier: Apache-2.0
"""Programs that are started, measured, and stopped."""

import os
import sys
import time
from pathlib import Path

import psutil
import pytest

from bench.cores import on, share_cores
from bench.errors import BenchError
from bench.processes import cpu, forget_peak, free_ports, peak_mb, resident_mb, running

CORES = frozenset(os.sched_getaffinity(0))


def test_a_program_runs_on_its_cores_and_not_longer_than_it_is_wanted(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    code = f"import pathlib, time; pathlib.Path({str(ready)!r}).touch(); time.sleep(60)"
    with running([sys.executable, "-c", code], share_cores().gateway, ready.exists) as process:
        assert os.sched_getaffinity(process.pid) == share_cores().gateway
        assert os.sched_getaffinity(0) == CORES
    assert not psutil.pid_exists(process.pid)


def test_a_program_that_ends_at_once_is_an_error_with_its_output() -> None:
    with (
        pytest.raises(BenchError, match="ends at once: no such port"),
        running([sys.executable, "-c", "import sys; sys.exit('no such port')"], CORES, lambda: False),
    ):
        pass


def test_a_program_that_is_never_ready_is_stopped() -> None:
    with (
        pytest.raises(BenchError, match="does not start within"),
        running([sys.executable, "-c", "import time; time.sleep(60)"], CORES, lambda: False, patience=0.1),
    ):
        pass


def test_work_costs_cpu_time_and_sleep_does_not() -> None:
    before = cpu(os.getpid())
    time.sleep(0.05)
    slept = cpu(os.getpid()) - before
    started = time.process_time()
    while time.process_time() - started < 0.05:
        pass
    worked = cpu(os.getpid()) - before
    assert slept.used < 0.04
    assert worked.used >= 0.05


def test_the_peak_of_memory_is_that_since_it_was_forgotten() -> None:
    forget_peak(os.getpid())
    before = resident_mb(os.getpid())
    room = bytearray(os.urandom(1)) * 50_000_000
    del room
    assert peak_mb(os.getpid()) - before > 40


def test_ports_are_free_and_differ() -> None:
    ports = free_ports(20)
    assert len(set(ports)) == 20
    assert all(10_000 <= port < 32_000 for port in ports)


def test_cores_are_given_back_after_an_error() -> None:
    with pytest.raises(RuntimeError), on(share_cores().gateway):
        raise RuntimeError
    assert os.sched_getaffinity(0) == CORES
