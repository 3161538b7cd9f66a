# SPDX-License-Identifier: Apache-2.0
"""The files of a mesh description, one or a folder. Changes are found without opening them."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from openstackoid.mesh.errors import MeshError

SUFFIX = ".yaml"


class Key(NamedTuple):
    """The facts that change when a file is written: size, two times (ns), and inode."""

    size: int
    modified: int
    changed: int
    inode: int


class Found(NamedTuple):
    """A file of a description."""

    path: str
    key: Key

    def content(self) -> bytes:
        """Return the content of the file. Raises :class:`MeshError`."""
        try:
            with open(self.path, "rb") as file:  # noqa: PTH123 - of ten thousand files, a Path would take half of the time
                return file.read()
        except OSError as error:
            raise unreadable(self.path, error) from None


def unreadable(path: object, error: OSError) -> MeshError:
    """Return the error for a description that cannot be read."""
    return MeshError(f"{path}: cannot read the mesh description: {error.strerror}")


def listed(path: Path) -> Mapping[str, Found]:
    """Return the files of the description at ``path``, in order, by name.

    In a folder: names that end in ``.yaml`` and do not begin with a dot. Raises :class:`MeshError`.
    """
    try:
        status = path.stat()
        if not stat.S_ISDIR(status.st_mode):
            return {path.name: _found(str(path), status)}
        with os.scandir(path) as entries:
            names = sorted((entry.name, entry.path) for entry in entries if entry.name.endswith(SUFFIX) and entry.name[0] != ".")
    except OSError as error:
        raise unreadable(path, error) from None
    if not names:
        raise MeshError(f"{path}: no mesh description in this folder; files with names that end in {SUFFIX} are read")
    found = {}
    for name, full in names:
        try:
            found[name] = _found(full, os.stat(full))  # noqa: PTH116 - as above
        except OSError as error:
            raise unreadable(full, error) from None
    return found


def _found(path: str, status: os.stat_result) -> Found:
    if not stat.S_ISREG(status.st_mode):
        raise MeshError(f"{path}: cannot read the mesh description: not a file")
    return Found(path, Key(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino))
