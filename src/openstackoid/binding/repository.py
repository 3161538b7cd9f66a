# SPDX-License-Identifier: Apache-2.0
"""The keys of a running gateway: read again when the operator has changed their folder."""

import logging
import time
from collections.abc import Callable
from pathlib import Path

from openstackoid.binding.keys import Keys, KeysError, load_keys
from openstackoid.binding.rotation import set_up

_LOG = logging.getLogger("openstackoid.binding")
State = tuple[tuple[str, int, int], ...]

GLANCE = 1.0
"""Seconds between two looks at the folder."""


class KeyRepository:
    """The keys in ``folder``; without a folder, one key that ends with the process. Raises :class:`KeysError` at its start."""

    def __init__(self, folder: Path | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock
        self._seen = self._look()
        self._looked = clock()
        self._keys = Keys.fresh() if folder is None else load_keys(folder)

    def current(self) -> Keys:
        """Return the keys as they are in the folder now. Keys that cannot be used change nothing, and the log says so."""
        now = self._clock()
        if self._folder is not None and now - self._looked >= GLANCE:
            self._looked = now
            seen = self._look()
            if seen != self._seen:
                self._seen = seen
                self._read(self._folder)
        return self._keys

    def _read(self, folder: Path) -> None:
        try:
            self._keys = load_keys(folder)
        except KeysError as error:
            _LOG.error("the keys of bound tokens stay as they were: %s", error)
        else:
            _LOG.info("the keys of bound tokens were read again: %d", len(self._keys.keys))

    def _look(self) -> State | None:
        """Return the state of the folder's files."""
        return None if self._folder is None else state_of(self._folder)


def state_of(folder: Path) -> State | None:
    """Return names, times and inodes of the files in a folder of keys; None for an unreadable folder."""
    try:
        return tuple(sorted((file.name, file.stat().st_mtime_ns, file.stat().st_ino) for file in folder.iterdir()))
    except OSError:
        return None


def repository_of(named: str | None, folder: Path | None) -> KeyRepository:
    """Return the keys in the folder that the operator has named, else in ``folder``, where they are made if there are none.

    Without a folder, there is one key, which ends with the process. Raises :class:`KeysError`.
    """
    if named is not None:
        return KeyRepository(Path(named))
    if folder is not None:
        set_up(folder, time.time())
    return KeyRepository(folder)
