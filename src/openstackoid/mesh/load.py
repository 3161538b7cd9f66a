# SPDX-License-Identifier: Apache-2.0
"""From the files of a mesh description to the mesh: with a cache, only what has changed since is read."""

import time
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from openstackoid import __version__
from openstackoid.mesh.clouds import Clouds
from openstackoid.mesh.description import Reader, builtin_collaborations, mesh_of
from openstackoid.mesh.errors import MeshError
from openstackoid.mesh.files import Found, listed
from openstackoid.mesh.model import Mesh
from openstackoid.mesh.packed import Described, Packer
from openstackoid.mesh.stored import NotStoredError, Record, is_stored, read_stored, stored
from openstackoid.private import replace_private

_CACHE, _MESH = "cache", "mesh"
_SETTLED = 2 * 10**9
"""Nanoseconds after which a file that is written once more surely has another time: clocks of file systems are coarse."""


def load_mesh(path: Path, cache: Path | None = None) -> Mesh:
    """Return the mesh that the file at ``path`` describes, or the files of that folder together.

    ``cache`` is a file, its owner's alone, in which is kept what was read, so that the next time only what has changed is; what
    cannot be used of it is passed over, and it is written anew. ``path`` may also be what :func:`packed_mesh` has given.

    Raises :class:`MeshError`, which names the file.
    """
    return _Loading(path, cache).mesh()


def packed_mesh(mesh: Mesh) -> bytes:
    """Return a mesh that was loaded as the content of a file, which :func:`load_mesh` takes in the place of a description."""
    if not isinstance(mesh.clouds, Clouds):
        raise TypeError("the mesh was not loaded from a description")
    shared = tuple((service, tuple(sorted(group))) for service, group in mesh.shared)
    own = mesh.collaborations[len(builtin_collaborations()) :]
    return stored(_MESH, "", {"": Record(None, "", Described(mesh.clouds.packed, shared, own))})


class _Loading:
    def __init__(self, path: Path, cache: Path | None) -> None:
        self._path = path
        self._cache = cache
        self._packer = Packer()
        self._reader = Reader(self._packer)
        self._files: Mapping[str, Found] = {}

    def mesh(self) -> Mesh:
        now = time.time_ns()
        self._files = listed(self._path)
        about = f"{self._path.resolve()} {_code()}"
        known = self._known(about)
        records = {}
        try:
            for name, file in self._files.items():
                records[name] = self._record(file, known.get(name), now)
        finally:
            kept = {name: record for name, record in known.items() if name in self._files} | records
            if self._cache is not None and kept != known:
                # A cache that cannot be written costs time, no more.
                with suppress(OSError):
                    replace_private(self._cache, stored(_CACHE, about, kept))
        return mesh_of({file.path: records[name].said for name, file in self._files.items()}, self._text_of)

    def _known(self, about: str) -> dict[str, Record]:
        if self._cache is None:
            return {}
        try:
            return read_stored(self._cache.read_bytes(), _CACHE, about, self._packer)
        except (OSError, NotStoredError):
            return {}

    def _record(self, file: Found, known: Record | None, now: int) -> Record:
        if known is not None and known.key == file.key:
            return known
        content = file.content()
        key = file.key if max(file.key.changed, file.key.modified) < now - _SETTLED else None
        digest = sha256(content).hexdigest()[:32]
        if known is not None and known.digest == digest:
            return Record(key, digest, known.said)
        return Record(key, digest, self._described(file, content))

    def _described(self, file: Found, content: bytes) -> Described:
        if is_stored(content, _MESH):
            try:
                return read_stored(content, _MESH, "", self._packer)[""].said
            except (NotStoredError, KeyError) as error:
                raise MeshError(f"{file.path}: it is no mesh that a gateway of this version has written: {error}") from None
        return self._reader.described(_decoded(file.path, content), file.path)

    def _text_of(self, source: str) -> str:
        """Return the text of a file as it is now, to show what is wrong in it."""
        try:
            return Path(source).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return ""


def _decoded(path: str, content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise MeshError(f"{path}: cannot read the mesh description: not UTF-8 text") from None


@cache
def _code() -> str:
    """Return what names the code that makes of a description what is kept of it: with other code, it might be another."""
    package = Path(__file__).parent.parent
    files = sorted(path for folder in ("mesh", "policy", "scope") for path in (package / folder).glob("*.py"))
    states = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return sha256(repr((__version__, version("os-service-types"), states)).encode()).hexdigest()
