# SPDX-License-Identifier: Apache-2.0
"""The suites that need root: the machine's abilities are looked at first, and a suite leaves nothing, however it ends."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

import privileged.run
from openstackoid.errors import OpenstackoidError
from privileged import needs
from privileged.run import Suite, alone, run
from unable import MAY_SKIP, unable

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


def test_without_root_a_suite_fails_with_the_reason_unless_it_may_be_skipped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    lacks = needs.missing(needs.MOUNTS)
    assert lacks is not None
    monkeypatch.delenv(MAY_SKIP, raising=False)
    assert unable("a-test", lacks) == 1
    assert capsys.readouterr().err == f"make: a-test cannot run: this machine lacks root ({MAY_SKIP}=1 skips it)\n"
    monkeypatch.setenv(MAY_SKIP, "1")
    assert unable("a-test", lacks) == 0
    assert capsys.readouterr().err == "make: a-test is skipped: this machine lacks root\n"


def test_an_ability_that_is_not_there_is_named_with_the_words_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    lacking = needs.Need("flying", ("sh", "-c", "echo cannot fly >&2; exit 1"))
    assert needs.missing(needs.Need("nothing", ("true",)), lacking) == "flying (cannot fly)"
    assert needs.missing(needs.Need("nothing", ("true",))) is None


def test_a_run_returns_the_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("a-test", ["true"], Path("/")) == 0
    assert capsys.readouterr().err == ""


def test_a_second_suite_waits_for_the_first_and_names_it(tmp_path: Path) -> None:
    program = "import sys; from pathlib import Path; from privileged.run import alone\n"
    program += "with alone(sys.argv[1], Path(sys.argv[2])): print('has it', flush=True); sys.stdin.read()"
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}

    def suite(name: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", program, name, str(tmp_path / "lock")]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)

    first = suite("a-test")
    assert first.stdout is not None
    assert first.stdout.readline() == "has it\n"
    second = suite("b-test")
    assert second.stdout is not None
    assert second.stdout.readline() == f"make: b-test waits until a-test (process {first.pid}) has ended\n"
    assert second.poll() is None
    first.kill()
    first.communicate()
    assert second.communicate(timeout=60)[0] == "has it\n"
    assert (tmp_path / "lock").read_text() == f"b-test (process {second.pid})"


def test_a_suite_whose_parent_is_killed_keeps_the_lock(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    program = f"""
import sys
from pathlib import Path
from privileged.run import alone, run
with alone("a-test", Path({str(lock)!r})) as lock:
    run("a-test", [sys.executable, "-c", "import os; print(os.environ['TMPDIR'], flush=True); input()"], Path("/"), lock=lock)
"""
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    first = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )
    assert first.stdout is not None
    folder = Path(first.stdout.readline().strip())
    first.kill()
    first.wait()
    flock = ("flock", "--nonblock", str(lock), "true")
    assert subprocess.run(flock, check=False).returncode == 1
    first.communicate()  # It closes the input of the suite, which ends.
    assert subprocess.run(["flock", "--timeout", "60", str(lock), "true"], check=False).returncode == 0
    folder.rmdir()


def test_an_installation_that_fails_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def install() -> None:
        raise OpenstackoidError("PyPI does not answer", hint="try again")

    monkeypatch.setattr(privileged.run, "alone", partial(alone, file=tmp_path / "lock"))
    assert Suite("a-test", "== a-test", lambda: None, install, ["true"], Path("/")).main() == 1
    assert capsys.readouterr().err == "make: PyPI does not answer\n  try again\n"
