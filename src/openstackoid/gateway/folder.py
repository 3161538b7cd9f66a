# SPDX-License-Identifier: Apache-2.0
"""The folder of a running gateway: HAProxy's files, sockets, and running processes. Owner-only."""

import fcntl
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import astuple
from pathlib import Path
from typing import NamedTuple, TextIO

import psutil

from openstackoid.gateway.errors import GatewayError
from openstackoid.haproxy import DRAIN_SOCKET, Runtime
from openstackoid.private import replace_private
from openstackoid.process_identity import birth, born

_LONGEST_SOCKET = 97
"""The longest path of a unix socket for HAProxy: 107 bytes, less the suffix that it adds while it creates the socket."""

_STOP_PATIENCE = 5.0


def _short_place() -> str:
    """Return the folder for temporary files, or ``/tmp`` if its path is too long for sockets."""
    place = tempfile.gettempdir()
    return place if not _too_long(Path(place, "openstackoid-12345678")) else "/tmp"  # noqa: S108 - mkdtemp is safe there


def _too_long(folder: Path) -> bool:
    """Return whether HAProxy could not create each socket in the folder."""
    return max(len(os.fsencode(path)) for path in astuple(Runtime.of(str(folder)))) > _LONGEST_SOCKET


def write_private(path: Path, content: str | bytes) -> None:
    """Write an owner-only file; a reader sees the old content or the new, never a part.

    Raises :class:`GatewayError`.
    """
    try:
        replace_private(path, content.encode() if isinstance(content, str) else content)
    except OSError as error:
        raise GatewayError(f"cannot write {path}: {error.strerror}") from None


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write files into ``folder``, made owner-only if missing. Raises :class:`GatewayError`."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise GatewayError(f"cannot make the folder {folder}: {error.strerror}") from None
    for name, content in files.items():
        write_private(folder / name, content)


class Holder(NamedTuple):
    """The process that holds a folder: the supervisor of ``cloud``, or its Python service ``apart`` from HAProxy."""

    pid: int
    cloud: str
    apart: bool


_SUPERVISOR, _APART = "supervisor", "apart"


class Folder:
    """The folder of one gateway. :meth:`open` makes and locks it; only one process can."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._lock: TextIO | None = None
        self._sockets = self.path
        self._generation = 0

    @property
    def mesh(self) -> Path:
        """The running mesh, for the Python service: no editor can break it."""
        return self.path / "mesh.packed"

    @property
    def cache(self) -> Path:
        """The parsed description, for the next start; it may be removed at any time."""
        return self.path / "mesh.cache"

    @property
    def store(self) -> Path:
        """The store of the Python service, without a database in the description; it outlives the gateway."""
        return self.path / "store.sqlite"

    @property
    def keys(self) -> Path:
        """The keys of bound tokens, where the description names no folder; they outlive the gateway."""
        return self.path / "keys"

    @property
    def audit(self) -> Path:
        """The audit log of the Python service and its log process; it outlives the gateway."""
        return self.path / "audit.log"

    @property
    def bridge_socket(self) -> Path:
        """The socket of the Python service, for requests."""
        return self._sockets / "bridge.sock"

    @property
    def stats_socket(self) -> Path:
        """HAProxy's control socket."""
        return self._sockets / "haproxy.sock"

    @property
    def drain_socket(self) -> Path:
        """HAProxy's socket to begin a drain."""
        return self._sockets / DRAIN_SOCKET

    @property
    def records_socket(self) -> Path:
        """The socket for HAProxy's lines about traced requests."""
        return self._sockets / "records.sock"

    @property
    def metrics_socket(self) -> Path:
        """The socket of the Python service, for its metrics."""
        return Path(self.runtime.metrics_socket)

    @property
    def log_socket(self) -> Path:
        """The socket for HAProxy's log without a supervisor's pipe."""
        return self._sockets / "log.sock"

    @property
    def runtime(self) -> Runtime:
        """The paths in the generated configuration."""
        return Runtime.of(str(self._sockets))

    def open(self, cloud: str) -> list[int]:
        """Make and lock the folder, stop processes and remove files of an earlier run; return the ids of the processes.

        If its path is too long for unix sockets, they go into an owner-only folder with a short, random name. Raises
        :class:`GatewayError` if the folder is not owner-only, or another process holds it.
        """
        self._make()
        self._hold(cloud, _SUPERVISOR)
        orphans = self._stop_orphans()
        self._clear()
        if _too_long(self._sockets):
            self._sockets = Path(tempfile.mkdtemp(prefix="openstackoid-", dir=_short_place()))
            write_private(self.path / "sockets", str(self._sockets))
        return orphans

    def share(self, cloud: str) -> None:
        """Make and lock the folder for a Python service without a supervisor; HAProxy's files in it stay.

        Raises :class:`GatewayError` as :meth:`open` does, and if its path is too long for a unix socket.
        """
        self._make()
        self._hold(cloud, _APART)
        if _too_long(self._sockets):
            raise GatewayError(f"--state-dir {self.path}: its path is too long for a unix socket", hint="name a shorter one")

    def _make(self) -> None:
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._own()
        except OSError as error:
            raise GatewayError(f"--state-dir {self.path}: {error.strerror}") from None

    def _own(self) -> None:
        status = self.path.stat()
        if status.st_uid != os.geteuid():
            raise GatewayError(f"--state-dir {self.path}: it belongs to another user")
        if stat.S_IMODE(status.st_mode) & 0o077:
            if any(self.path.iterdir()):
                raise GatewayError(f"--state-dir {self.path}: others can look into it", hint=f"chmod 700 {self.path}")
            self.path.chmod(0o700)

    def holder(self) -> Holder | None:
        """Return the process that holds the folder, None if none does. Raises :class:`GatewayError`."""
        try:
            with (self.path / "lock").open(encoding="utf-8") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except OSError:
                    pid, cloud, kind = lock.read().split()
                    return Holder(int(pid), cloud, kind == _APART)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise GatewayError(f"--state-dir {self.path}: the running gateway is not known: {error}") from None
        return None

    def _hold(self, cloud: str, kind: str) -> None:
        try:
            # Held until the process ends. A child has it only until it runs another program.
            self._lock = (self.path / "lock").open("a+", encoding="utf-8")
        except OSError as error:
            raise GatewayError(f"--state-dir {self.path}: {error.strerror}") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.seek(0)
            pid, owner, *_ = [*self._lock.read().split(), "", ""]
            self._lock.close()
            self._lock = None
            raise GatewayError(
                f"the gateway of {owner or cloud} runs already (process {pid or 'unknown'}, state in {self.path})",
                hint="stop it first" if owner in ("", cloud) else "give each gateway its own --state-dir",
            ) from None
        (self.path / "lock").chmod(0o600)
        self._lock.truncate(0)
        self._lock.write(f"{os.getpid()} {cloud} {kind}\n")
        self._lock.flush()

    def _clear(self) -> None:
        # Of an earlier release; the store has this now.
        for name in ("workflows.journal", "tokens.journal", "tokens.journal.old"):
            (self.path / name).unlink(missing_ok=True)
        for generation in self.path.glob("generation-*"):
            self.discard(generation)
        self._remove_sockets()

    def _remove_sockets(self) -> None:
        note = self.path / "sockets"
        folders = [self.path]
        if note.is_file():
            folders.append(Path(note.read_text(encoding="utf-8")))
        for folder in folders:
            runtime = Runtime.of(str(folder))
            sockets = (runtime.drain_socket, runtime.turns_socket, runtime.metrics_socket)
            for path in (*astuple(runtime), *sockets):
                Path(path).unlink(missing_ok=True)
        if len(folders) > 1:
            self.discard(folders[1])
            note.unlink()

    def close(self) -> None:
        """Unlock the folder and remove files that only a running gateway needs."""
        self._remove_sockets()
        (self.path / "processes.json").unlink(missing_ok=True)
        self.release()

    def release(self) -> None:
        """Unlock the folder and leave its files."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def draft(self, files: Mapping[str, str]) -> Path:
        """Write HAProxy's files into a new generation beside the running one, and return its folder."""
        self._generation += 1
        folder = self.path / f"generation-{self._generation}"
        write_files(folder, files)
        return folder

    def discard(self, generation: Path) -> None:
        """Remove a generation that does not run."""
        shutil.rmtree(generation, ignore_errors=True)

    def record(self, pids: Iterable[int]) -> None:
        """Record our processes, by id and time of birth, for a run after a crash."""
        entries = []
        for pid in pids:
            try:
                entries.append(birth(pid))
            except psutil.NoSuchProcess:
                continue
        write_private(self.path / "processes.json", json.dumps(entries))

    def _stop_orphans(self) -> list[int]:
        """Stop processes of an earlier run, and return their ids. Another process with such an id is left alone."""
        try:
            entries = json.loads((self.path / "processes.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return []
        orphans = []
        for entry in entries:
            try:
                process = born(entry)
                if process is not None and process.status() != psutil.STATUS_ZOMBIE:
                    orphans.append(process)
                    process.terminate()
            except psutil.NoSuchProcess:
                continue
        _, alive = psutil.wait_procs(orphans, timeout=_STOP_PATIENCE)
        for process in alive:
            process.kill()
        psutil.wait_procs(alive, timeout=_STOP_PATIENCE)
        return [process.pid for process in orphans]
