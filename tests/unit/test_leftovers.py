# SPDX-License-Identifier: Apache-2.0
"""No process of a run of tests outlives the run: a run that ends, one that is interrupted, one that is killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

TESTS = Path(__file__).parents[1]
_RUN = """
import os, signal, subprocess, sys
from leftovers import Run, enter_lab, enter_session, mark
# A shell that starts a command in the background has it ignore the signal.
signal.signal(signal.SIGINT, signal.default_int_handler)
run = Run()
worker = os.fork()
if worker == 0:
    enter_session()
    os.execvpe("sleep", ["sleep", "300"], {})
enter_lab("a-lab")
started = [subprocess.Popen(["sleep", "300"], start_new_session=True), subprocess.Popen(["sleep", "300"], env=mark({}))]
while os.getsid(worker) != worker:
    pass
print(worker, *(process.pid for process in started), os.environ["OPENSTACKOID_TEST_RUN"], flush=True)
sys.stdin.readline()
run.end()
"""


@pytest.fixture
def run(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that has begun a run of tests, and waits for a line before it ends the run."""
    environment = os.environ | {"PYTHONPATH": str(TESTS), "XDG_STATE_HOME": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", _RUN],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        yield process


def let_go(run: "subprocess.Popen[str]") -> None:
    assert run.stdin is not None
    run.stdin.write("\n")
    run.stdin.flush()


ENDS: dict[str, Callable[["subprocess.Popen[str]"], None]] = {
    "ends": let_go,
    "is interrupted": lambda run: run.send_signal(signal.SIGINT),
    "is killed": lambda run: run.kill(),
}


@pytest.mark.parametrize("end", ENDS)
def test_no_process_outlives_a_run_that(end: str, run: "subprocess.Popen[str]") -> None:
    with subprocess.Popen(["sleep", "300"]) as stranger:
        assert run.stdout is not None and run.stderr is not None
        *pids, folder = run.stdout.readline().split()
        processes = [psutil.Process(int(pid)) for pid in pids]
        ENDS[end](run)
        # The process that waits for the end has the same standard error.
        said = run.stderr.read()
        assert not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes)
        assert stranger.poll() is None, "another run's process is left alone"
        stranger.kill()
    assert "tests: ended what the run has left: the lab 'a-lab', " in said
    assert all(f"{pid} sleep" in said for pid in pids)
    assert not Path(folder).exists()
