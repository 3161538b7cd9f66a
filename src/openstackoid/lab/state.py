# SPDX-License-Identifier: Apache-2.0
"""The files of the lab, and the saved facts of an instance.

::

    <state>/                     platformdirs' user state folder of openstackoid, below XDG_STATE_HOME; owner only
      lab/shared/                the OpenStack environment and the schema template, used by every instance
      lab/instances/<name>/      all that belongs to one instance
"""

import fcntl
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import platformdirs

from openstackoid.errors import OpenstackoidError
from openstackoid.private import replace_private

VARIABLE = "OPENSTACKOID_LAB"
"""Names the instance of the lab without an option on the command line."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
_NOT_ONE_WORD = re.compile(r"[^\w@%+=:,./~-]")
# A unix socket's path has 107 bytes at most (sun_path in unix(7)); ours are up to this much below the instance.
_SOCKET_ROOM = 107 - len("/mariadb/mariadb.sock")


def state_root() -> Path:
    """Return the folder of all labs of this user; it need not exist."""
    return platformdirs.user_state_path("openstackoid") / "lab"


def instance_name(name: str | None = None) -> str:
    """Return the name of the instance: ``name``, or the environment's, or ``default``.

    Raises :class:`OpenstackoidError` for an invalid name.
    """
    chosen = name or os.environ.get(VARIABLE) or "default"
    if not _NAME.fullmatch(chosen):
        raise OpenstackoidError(f"{chosen!r} cannot name a lab: letters, digits, '_' and '-', 32 characters at most")
    return chosen


def private_dir(path: Path) -> Path:
    """Make an owner-only folder, with its parents, and return it."""
    missing = [path, *path.parents]
    for folder in reversed(missing):
        if not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)
    return path


def write_private(path: Path, content: str | bytes) -> bool:
    """Write an owner-only file in one step; return whether its content changed."""
    data = content.encode() if isinstance(content, str) else content
    try:
        if path.read_bytes() == data:
            return False
    except FileNotFoundError:
        private_dir(path.parent)
    replace_private(path, data)
    return True


def _opened(path: Path) -> IO[str]:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+")


def _wait_for(file: IO[str], waiting: Callable[[], None], deadline: float) -> None:
    """Lock a file, waiting for its holder until the deadline."""
    told = False
    while not _locks(file):
        if time.monotonic() >= deadline:
            raise OpenstackoidError(
                "another `openstackoid lab up` or `down` has not ended", hint=f"find the process that holds {file.name}"
            )
        if not told:
            waiting()
            told = True
        time.sleep(0.2)


def _locks(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class Instance:
    """The folder of one lab, and its saved clouds, ports and secrets."""

    def __init__(self, name: str, root: Path | None = None) -> None:
        self.name = name
        self.root = root or state_root()
        self.directory = self.root / "instances" / name
        self.shared = self.root / "shared"

    def __repr__(self) -> str:
        return f"<Instance {self.name} in {self.directory}>"

    def exists(self) -> bool:
        """Return whether `up` was ever run for this instance, without a later `down --purge`."""
        return self._file.exists()

    @property
    def _file(self) -> Path:
        return self.directory / "lab.json"

    @property
    def _lock(self) -> Path:
        return self.root / f"lock.{self.name}"

    def load(self) -> dict[str, Any]:
        """Return the saved facts; empty before the first `up`.

        Raises :class:`OpenstackoidError` for a damaged file.
        """
        try:
            return dict(json.loads(self._file.read_text()))
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise OpenstackoidError(
                f"{self._file} is damaged: {error}", hint="`openstackoid lab down --purge` removes this lab"
            ) from error

    def save(self, facts: dict[str, Any]) -> None:
        """Save these facts."""
        write_private(self._file, json.dumps(facts, indent=1))

    def others(self) -> list["Instance"]:
        """Return the other instances of this user."""
        folders = sorted((self.root / "instances").glob("*"))
        return [Instance(folder.name, self.root) for folder in folders if folder != self.directory]

    def check_path(self) -> None:
        """Refuse a folder whose path is too long for unix sockets, or not one word for a shell."""
        if found := _NOT_ONE_WORD.search(str(self.directory)):
            raise OpenstackoidError(
                f"the path of the lab's state folder has {found[0]!r}, which scripts of MariaDB do not take: {self.directory}",
                hint="set XDG_STATE_HOME to a folder whose path has no spaces, quotes or other characters of a shell",
            )
        if len(os.fsencode(self.directory)) > _SOCKET_ROOM:
            raise OpenstackoidError(
                f"the path of the lab's state directory is too long for unix sockets: {self.directory}",
                hint=f"set XDG_STATE_HOME so that it has {_SOCKET_ROOM} bytes at most",
            )

    @contextmanager
    def locked(self, waiting: Callable[[], None], seconds: float = 900) -> Iterator[Callable[[], None]]:
        """Exclude other `up` and `down` of any instance: they install into the same folder.

        Yields a function that lets those of other instances go on. Calls ``waiting`` once if another one is at work, and waits
        for its end. Raises :class:`OpenstackoidError` after a deadline.
        """
        private_dir(self.root)
        deadline = time.monotonic() + seconds
        with ExitStack() as stack:
            shared = stack.enter_context(_opened(self.root / "lock"))
            _wait_for(shared, waiting, deadline)
            own = stack.enter_context(_opened(self._lock))
            _wait_for(own, waiting, deadline)
            yield lambda: fcntl.flock(shared, fcntl.LOCK_UN)

    def purge(self) -> None:
        """Remove the instance's files, and the shared ones with the last instance."""
        shutil.rmtree(self.directory, ignore_errors=True)
        self._lock.unlink(missing_ok=True)
        if not any(other.exists() for other in self.others()):
            shutil.rmtree(self.root, ignore_errors=True)
            # Other state of openstackoid stays.
            if self.root.parent.is_dir() and not any(self.root.parent.iterdir()):
                self.root.parent.rmdir()
