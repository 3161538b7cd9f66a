# SPDX-License-Identifier: Apache-2.0
"""Daemons: detached, recognised, stopped with all that they started, and never mistaken for another process."""

import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from openstackoid.errors import OpenstackoidError
from openstackoid.lab.processes import Daemon, Table, memory
from openstackoid.process_identity import boot, created

_SLEEP = (sys.executable, "-c", "import time; time.sleep(60)")
_STUBBORN = (
    sys.executable,
    "-c",
    "import signal,time; signal.signal(15, signal.SIG_IGN); print('on', flush=True); time.sleep(60)",
)
_PARENT = (sys.executable, "-c", "import subprocess; subprocess.Popen(['sleep', '60']); print('on', flush=True); input()")


def _daemon(tmp_path: Path, argv: tuple[str, ...] = _SLEEP, **changes: object) -> Daemon:
    daemon = Daemon("A", "x", argv, {"PATH": "/usr/bin:/bin"}, tmp_path / "logs" / "x.log", tmp_path, patience=5)
    return replace(daemon, **changes)  # type: ignore[arg-type]


def _wait_for_log(daemon: Daemon) -> None:
    deadline = time.monotonic() + 60
    while not daemon.log.read_text() and time.monotonic() < deadline:
        time.sleep(0.02)


def test_a_daemon_is_found_again_and_stopped(tmp_path: Path) -> None:
    daemon, table = _daemon(tmp_path), Table(tmp_path / "run")
    process = table.start(daemon)
    again = Table(tmp_path / "run")
    assert again.recorded() == [("A", "x")]
    assert again.find("A", "x") == process
    assert again.is_current(daemon)
    assert os.getsid(process.pid) == process.pid
    assert memory(process) > 0
    again.stop([("A", "x")])
    assert again.find("A", "x") is None
    assert again.recorded() == []


def test_its_log_is_the_owners_alone(tmp_path: Path) -> None:
    daemon, table = _daemon(tmp_path), Table(tmp_path / "run")
    table.start(daemon)
    table.stop(table.recorded())
    assert daemon.log.stat().st_mode & 0o077 == 0


def test_a_changed_configuration_is_noticed(tmp_path: Path) -> None:
    conf = tmp_path / "x.conf"
    conf.write_text("a")
    daemon, table = _daemon(tmp_path, reads=(conf,)), Table(tmp_path / "run")
    table.start(daemon)
    assert table.is_current(daemon)
    conf.write_text("b")
    assert not table.is_current(daemon)
    assert not table.is_current(_daemon(tmp_path, env={"A": "1"}))
    table.stop(table.recorded())


def test_a_process_that_ignores_the_signal_is_killed(tmp_path: Path) -> None:
    daemon, table = _daemon(tmp_path, _STUBBORN, patience=0.2), Table(tmp_path / "run")
    process = table.start(daemon)
    _wait_for_log(daemon)
    table.stop(table.recorded())
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_children_go_with_their_parent_even_when_it_died_first(tmp_path: Path) -> None:
    # The parent's input is empty, so it dies at once and leaves its child behind.
    daemon, table = _daemon(tmp_path, _PARENT), Table(tmp_path / "run")
    group = table.start(daemon).pid
    deadline = time.monotonic() + 60
    while table.find("A", "x") is not None and time.monotonic() < deadline:
        time.sleep(0.02)
    table.stop(table.recorded())
    left = [p for p in psutil.process_iter() if _group(p.pid) == group and p.status() != psutil.STATUS_ZOMBIE]
    assert left == []


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return -1


def test_a_stranger_with_the_same_id_is_left_alone(tmp_path: Path) -> None:
    table = Table(tmp_path / "run")
    table.directory.mkdir()
    record = {"pid": os.getpid(), "created": created(os.getpid()) - 100, "boot": boot(), "patience": 0}
    (table.directory / "A+x.json").write_text(json.dumps(record))
    assert table.find("A", "x") is None
    table.stop(table.recorded())
    assert psutil.Process().is_running()
    assert table.recorded() == []


def test_a_group_of_another_boot_is_left_alone(tmp_path: Path) -> None:
    """After a reboot, the id of a process that has gone may be that of a stranger's group whose leader has ended."""
    daemon, table = _daemon(tmp_path, _PARENT), Table(tmp_path / "run")
    group = table.start(daemon).pid
    _wait_for_log(daemon)
    path = table.directory / "A+x.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "boot": "another"}))
    table.stop(table.recorded())
    left = [p for p in psutil.process_iter() if _group(p.pid) == group and p.status() != psutil.STATUS_ZOMBIE]
    assert left
    path.write_text(json.dumps(record))
    table.stop(table.recorded())


def test_a_program_that_is_not_there_is_an_answer(tmp_path: Path) -> None:
    with pytest.raises(OpenstackoidError, match="A: cannot start x"):
        Table(tmp_path / "run").start(_daemon(tmp_path, ("/nowhere/x",)))
