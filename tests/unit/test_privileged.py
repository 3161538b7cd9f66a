# SPDX-License-Identifier: Apache-2.0
"""The suites that need root: the machine's abilities are looked at first, and a suite leaves nothing, however it ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from privileged import needs
from privileged.run import run, skip

TESTS = Path(__file__).parents[1]
WORK = "import os, pathlib, time; pathlib.Path(os.environ['TMPDIR'], 'file').touch(); print(os.environ['TMPDIR'], flush=True); "


def started(work: str) -> "subprocess.Popen[str]":
    """Start a suite that does this work, in a process that can be sent signals."""
    suite = f"[{sys.executable!r}, '-c', {WORK + work!r}]"
    program = f"import sys; from pathlib import Path; from privileged.run import run; sys.exit(run('a-test', {suite}, Path('/')))"
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    return subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


def test_the_folder_of_a_suite_is_removed_and_its_exit_code_returned() -> None:
    suite = started("raise SystemExit(3)")
    out, _ = suite.communicate(timeout=60)
    assert suite.returncode == 3
    assert not Path(out.strip()).exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_suite_is_interrupted_once_cleans_up_and_leaves_no_file(number: signal.Signals) -> None:
    work = """
try:
    time.sleep(60)
except KeyboardInterrupt:
    print('cleans up', flush=True)
"""
    suite = started(f"exec({work!r})")
    assert suite.stdout is not None
    folder = Path(suite.stdout.readline().strip())
    assert folder.exists()
    suite.send_signal(number)
    out, err = suite.communicate(timeout=60)
    assert out == "cleans up\n"
    assert suite.returncode == 128 + number
    assert "make: stopped; it cleans up" in err
    assert not folder.exists()


def test_a_process_that_a_suite_leaves_is_named_and_is_a_failure() -> None:
    nowhere = "stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True"
    suite = started(f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(4)'], {nowhere})")
    _, err = suite.communicate(timeout=60)
    assert "make: a-test has left the process" in err
    assert suite.returncode == 1
    time.sleep(4)


def test_without_root_a_suite_is_skipped_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    lacks = needs.missing(needs.MOUNTS)
    assert lacks is not None
    assert skip("a-test", lacks) == 0
    assert capsys.readouterr().err == "make: a-test is skipped: this machine lacks root\n"


def test_an_ability_that_is_not_there_is_named_with_the_words_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    lacking = needs.Need("flying", ("sh", "-c", "echo cannot fly >&2; exit 1"))
    assert needs.missing(needs.Need("nothing", ("true",)), lacking) == "flying (cannot fly)"
    assert needs.missing(needs.Need("nothing", ("true",))) is None


def test_a_run_returns_the_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("a-test", ["true"], Path("/")) == 0
    assert capsys.readouterr().err == ""
