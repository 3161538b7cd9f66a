# SPDX-License-Identifier: Apache-2.0
"""Daemons that outlive the command that started them, and are recognised by the next one.

A process is recorded with its id, the kernel's clock tick of its creation, and the boot, so that another process with the id is
never killed. Each leads a session of its own; stopping it stops its whole group.
"""

import hashlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from openstackoid.errors import OpenstackoidError
from openstackoid.lab.state import private_dir, write_private
from openstackoid.process_identity import birth, born

_DEAD = (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)


@dataclass(frozen=True)
class Daemon:
    """A long-running process: its command, and the files that it reads at its start.

    ``owner``: the cloud's name, or ``shared``. ``patience``: seconds that it may take to stop.
    """

    owner: str
    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(repr=False)
    log: Path
    cwd: Path
    reads: Sequence[Path] = field(default=())
    patience: float = 10.0

    def fingerprint(self) -> str:
        """Return a digest of all that decides how the process runs; a change means a restart."""
        digest = hashlib.sha256(json.dumps([list(self.argv), dict(self.env)], sort_keys=True).encode())
        for path in self.reads:
            digest.update(path.read_bytes() if path.is_file() else b"")
        return digest.hexdigest()


class Table:
    """The processes of one instance of the lab, a file each in ``directory``."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def _record(self, owner: str, name: str) -> Path:
        return self.directory / f"{owner}+{name}.json"

    def recorded(self) -> list[tuple[str, str]]:
        """Return owner and name of every process that was started and not stopped, alive or dead."""
        pairs = []
        for path in sorted(self.directory.glob("*.json")):
            owner, _, name = path.stem.partition("+")
            pairs.append((owner, name))
        return pairs

    def find(self, owner: str, name: str) -> psutil.Process | None:
        """Return the running process, or None."""
        try:
            record = self._read(owner, name)
            process = born(record) if record else None
            return process if process and process.status() not in _DEAD else None
        except psutil.NoSuchProcess:
            return None

    def _read(self, owner: str, name: str) -> dict[str, str | float]:
        try:
            return dict(json.loads(self._record(owner, name).read_text()))
        except (FileNotFoundError, ValueError):
            return {}

    def is_current(self, daemon: Daemon) -> bool:
        """Return whether the process runs, with the current command and configuration."""
        running = self.find(daemon.owner, daemon.name) is not None
        return running and self._read(daemon.owner, daemon.name).get("fingerprint") == daemon.fingerprint()

    def start(self, daemon: Daemon) -> psutil.Process:
        """Start the process, detached from this one, and record it.

        Raises :class:`OpenstackoidError` if its program cannot be run.
        """
        private_dir(daemon.log.parent)
        private_dir(daemon.cwd)
        log = os.open(daemon.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            child = subprocess.Popen(
                list(daemon.argv),
                env=dict(daemon.env),
                cwd=daemon.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                umask=0o077,
            )
        except OSError as error:
            raise OpenstackoidError(f"{daemon.owner}: cannot start {daemon.name}: {error}") from error
        finally:
            os.close(log)
        try:
            process = psutil.Process(child.pid)
            record = {
                **birth(child.pid),
                "started": time.time(),
                "fingerprint": daemon.fingerprint(),
                "patience": daemon.patience,
            }
            write_private(self._record(daemon.owner, daemon.name), json.dumps(record))
        except BaseException:
            # An unrecorded process could never be stopped.
            child.kill()
            child.wait()
            raise
        _CHILDREN[child.pid] = child
        return process

    def started_at(self, owner: str, name: str) -> float:
        """Return the start of the process, in seconds since the epoch, or 0."""
        return float(self._read(owner, name).get("started", 0))

    def _has_remains(self, record: Mapping[str, str | float]) -> bool:
        """Return whether others of a dead process's group may live.

        The system does not reuse an id while a group of that id has members: if the id is free, or still the dead process's own,
        the group is ours.
        """
        try:
            return bool(record) and born(record) is not None
        except psutil.NoSuchProcess:
            return True

    def stop(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Stop these processes with all their children; kill those that take too long."""
        waiting: dict[int, tuple[str, str, float]] = {}
        for owner, name in pairs:
            record = self._read(owner, name)
            process = self.find(owner, name)
            if process is not None:
                _signal_group(process.pid, signal.SIGTERM)
                waiting[process.pid] = (owner, name, time.monotonic() + float(record.get("patience", 10)))
            elif self._has_remains(record):
                waiting[int(record["pid"])] = (owner, name, 0.0)
            else:
                self._record(owner, name).unlink(missing_ok=True)
        while waiting:
            for pid, (owner, name, deadline) in list(waiting.items()):
                if self.find(owner, name) is not None and time.monotonic() < deadline:
                    continue
                if _group_is_gone(pid):
                    self._record(owner, name).unlink(missing_ok=True)
                    del waiting[pid]
                else:
                    _signal_group(pid, signal.SIGKILL)
            time.sleep(0.05)


# Popen objects of this process's children: they must be waited for, or they stay as zombies.
_CHILDREN: dict[int, "subprocess.Popen[bytes]"] = {}


def _signal_group(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, number)


def _group_is_gone(pid: int) -> bool:
    if pid in _CHILDREN:
        _CHILDREN[pid].poll()
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == pid and process.status() != psutil.STATUS_ZOMBIE:
                return False
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return True


def memory(process: psutil.Process) -> int:
    """Return the resident memory, in bytes, of the process and its descendants; 0 without it."""
    total = 0
    with suppress(psutil.NoSuchProcess):
        for one in [process, *process.children(recursive=True)]:
            total += int(one.memory_info().rss)
    return total
