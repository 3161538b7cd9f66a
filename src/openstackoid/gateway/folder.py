# SPDX-License-Identifier: Apache-2.0
"""The folder of a running gateway: HAProxy's files, the sockets, and who runs. Only its owner may look into it."""

import fcntl
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TextIO

import psutil
from platformdirs import user_state_path

from openstackoid.gateway.errors import GatewayError
from openstackoid.haproxy import Runtime
from openstackoid.private import replace_private
from openstackoid.process_identity import birth, born

_LONGEST_SOCKET = 97
"""The longest path of a unix socket that HAProxy takes: 107 bytes, less what it adds while it creates the socket."""

_STOP_PATIENCE = 5.0


def _short_place() -> str:
    """Return the folder for temporary files, or ``/tmp`` where its path is too long for the sockets as well."""
    place = tempfile.gettempdir()
    longest = Path(place, "openstackoid-12345678", "haproxy.sock")
    return place if len(os.fsencode(longest)) <= _LONGEST_SOCKET else "/tmp"  # noqa: S108 - mkdtemp is safe there


def default_folder(cloud: str) -> Path:
    """Return where the gateway of ``cloud`` keeps its files, if the operator names no other place."""
    return user_state_path("openstackoid") / "gateway" / cloud


def write_private(path: Path, content: str | bytes) -> None:
    """Write a file that only its owner can read; a reader sees the old content or the new, never a part.

    Raises :class:`GatewayError` when it cannot be written.
    """
    try:
        replace_private(path, content.encode() if isinstance(content, str) else content)
    except OSError as error:
        raise GatewayError(f"cannot write {path}: {error.strerror}") from None


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write files into ``folder``, which is made owner-only where it does not exist. Raises :class:`GatewayError`."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise GatewayError(f"cannot make the folder {folder}: {error.strerror}") from None
    for name, content in files.items():
        write_private(folder / name, content)


class Folder:
    """The folder of one gateway. :meth:`open` makes it and takes hold of it; only one process can."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._lock: TextIO | None = None
        self._sockets = self.path
        self._generation = 0

    @property
    def mesh(self) -> Path:
        """The mesh that runs, as the Python service reads it: no editor can break it."""
        return self.path / "mesh.packed"

    @property
    def cache(self) -> Path:
        """The description as it was read, for the next start; it may be removed at any time."""
        return self.path / "mesh.cache"

    @property
    def store(self) -> Path:
        """The store of the Python service, where the description names no database; it outlives the gateway."""
        return self.path / "store.sqlite"

    @property
    def audit(self) -> Path:
        """The audit log, by the Python service and its process that reads HAProxy's log; it outlives the gateway."""
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
    def records_socket(self) -> Path:
        """The socket that receives HAProxy's lines about traced requests."""
        return self._sockets / "records.sock"

    @property
    def log_socket(self) -> Path:
        """The socket that receives HAProxy's log where no supervisor hands out a pipe."""
        return self._sockets / "log.sock"

    @property
    def runtime(self) -> Runtime:
        """The paths that the generated configuration needs."""
        return Runtime.of(str(self._sockets))

    def open(self, cloud: str) -> list[int]:
        """Make the folder, take hold of it, and clear what an earlier run has left, its processes first; return their ids.

        Raises :class:`GatewayError` when the folder is not ours alone, or another process holds it.
        Where its path is too long for a unix socket, the sockets go into an owner-only folder of a short, random name.
        """
        self._make()
        self._hold(cloud)
        orphans = self._stop_orphans()
        self._clear()
        if self._has_long_path():
            self._sockets = Path(tempfile.mkdtemp(prefix="openstackoid-", dir=_short_place()))
            write_private(self.path / "sockets", str(self._sockets))
        return orphans

    def share(self, cloud: str) -> None:
        """Make the folder and take hold of it, for a Python service without a supervisor; what HAProxy has in it stays.

        Raises :class:`GatewayError` as :meth:`open` does, and when its path is too long for a unix socket.
        """
        self._make()
        self._hold(cloud)
        if self._has_long_path():
            raise GatewayError(f"--state-dir {self.path}: its path is too long for a unix socket", hint="name a shorter one")

    def _has_long_path(self) -> bool:
        return len(os.fsencode(self.stats_socket)) > _LONGEST_SOCKET

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

    def _hold(self, cloud: str) -> None:
        try:
            # Held until the process ends, however it ends. A child has it only as long as it runs no other program.
            self._lock = (self.path / "lock").open("a+", encoding="utf-8")
        except OSError as error:
            raise GatewayError(f"--state-dir {self.path}: {error.strerror}") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.seek(0)
            pid, _, owner = self._lock.read().strip().partition(" ")
            self._lock.close()
            self._lock = None
            raise GatewayError(
                f"the gateway of {owner or cloud} runs already (process {pid or 'unknown'}, state in {self.path})",
                hint="stop it first" if owner in ("", cloud) else "give each gateway its own --state-dir",
            ) from None
        (self.path / "lock").chmod(0o600)
        self._lock.truncate(0)
        self._lock.write(f"{os.getpid()} {cloud}\n")
        self._lock.flush()

    def _clear(self) -> None:
        # Of an earlier release, which kept there what the store has now.
        for name in ("workflows.journal", "tokens.journal", "tokens.journal.old"):
            (self.path / name).unlink(missing_ok=True)
        for generation in self.path.glob("generation-*"):
            shutil.rmtree(generation, ignore_errors=True)
        self._remove_sockets()

    def _remove_sockets(self) -> None:
        note = self.path / "sockets"
        folders = [self.path]
        if note.is_file():
            folders.append(Path(note.read_text(encoding="utf-8")))
        for folder in folders:
            for name in ("bridge.sock", "haproxy.sock", "records.sock", "log.sock"):
                (folder / name).unlink(missing_ok=True)
        if len(folders) > 1:
            shutil.rmtree(folders[1], ignore_errors=True)
            note.unlink()

    def close(self) -> None:
        """Let go of the folder and remove what has no meaning without a running gateway."""
        self._remove_sockets()
        (self.path / "processes.json").unlink(missing_ok=True)
        self.release()

    def release(self) -> None:
        """Let go of the folder and leave everything in it."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def draft(self, files: Mapping[str, str]) -> Path:
        """Write HAProxy's files into a new generation beside the one that runs, and return its folder."""
        self._generation += 1
        folder = self.path / f"generation-{self._generation}"
        write_files(folder, files)
        return folder

    def discard(self, generation: Path) -> None:
        """Remove a generation that does not run."""
        shutil.rmtree(generation, ignore_errors=True)

    def record(self, pids: Iterable[int]) -> None:
        """Write down which processes are ours, by id and time of birth, for a run that comes after a crash."""
        entries = []
        for pid in pids:
            try:
                entries.append(birth(pid))
            except psutil.NoSuchProcess:
                continue
        write_private(self.path / "processes.json", json.dumps(entries))

    def _stop_orphans(self) -> list[int]:
        """Stop what an earlier run has left running, and return its ids. A stranger with an old id is left alone."""
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
