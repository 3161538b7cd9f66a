# SPDX-License-Identifier: Apache-2.0
"""Space on the disk that is kept for the audit log: a file, which is removed when the disk is full."""

import os
from pathlib import Path

MIB = 1024 * 1024


class Reserve:
    """The file ``path``, which takes up space until the space is needed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._wanted = False

    @property
    def kept(self) -> bool:
        """Whether the space is there, or is not wanted."""
        return not self._wanted or self._path.exists()

    def release(self) -> bool:
        """Give the space back to the disk, for the log. Return whether there was any. Raises ``OSError``."""
        try:
            self._path.unlink()
        except FileNotFoundError:
            return False
        return True

    def keep(self, size: int) -> bool:
        """Have ``size`` bytes kept, where the disk has twice as many or they are kept already.

        Return whether they are, and the rest of the disk is not full. Raises ``OSError``.
        """
        self._wanted = size > 0
        found = self._path.stat().st_size if self._path.exists() else 0
        if size and found == size:
            # The rest of the disk may be full: it is told before the reserve is used.
            return self._room() >= MIB
        if size == 0:
            self.release()
            return True
        if self._room() + found < 2 * size:
            return False
        self.release()
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, size)
        except OSError:
            self.release()
            raise
        finally:
            os.close(descriptor)
        return True

    def _room(self) -> int:
        """Return the free bytes of the disk."""
        disk = os.statvfs(self._path.parent)
        return disk.f_bavail * disk.f_frsize
