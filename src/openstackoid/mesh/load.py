# SPDX-License-Identifier: Apache-2.0
"""Read the files of a mesh description; with a cache, only the changed ones."""

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
PACKED = ".packed"
"""The suffix of a file with the result of :func:`packed_mesh`."""

_SETTLED = 2 * 10**9
"""Nanoseconds after which a rewritten file has another time: clocks of file systems are coarse."""


def load_mesh(path: Path, cache: Path | None = None) -> Mesh:
    """Return the mesh of the file at ``path``, or of the files of that folder.

    ``cache``: see :class:`Descriptions`. ``path`` may be a file of :func:`packed_mesh` whose name ends in ``PACKED``: it is
    trusted, so others must not be able to write it, and none of a folder is read as one. Raises :class:`MeshError`, which names
    the file.
    """
    descriptions = Descriptions(path, cache)
    try:
        return descriptions.load()
    finally:
        descriptions.save()


def packed_mesh(mesh: Mesh) -> bytes:
    """Return a loaded mesh as the content of a file for :func:`load_mesh`."""
    if not isinstance(mesh.clouds, Clouds):
        raise TypeError("the mesh was not loaded from a description")
    shared = tuple((service, tuple(sorted(group))) for service, group in mesh.shared)
    own = mesh.collaborations[len(builtin_collaborations()) :]
    return stored(_MESH, "", {"": Record(None, "", Described(mesh.clouds.packed, shared, own, mesh.round_trips))})


class Descriptions:
    """The file at ``path``, or the files of that folder; each load reads the changed ones.

    ``cache``: an owner-only file that keeps the content for another process. An unusable cache is ignored and rewritten.
    """

    def __init__(self, path: Path, cache: Path | None = None) -> None:
        self._path = path
        self._cache = cache
        self._files: Mapping[str, Found] = {}
        self._seen = 0
        self._known: dict[str, Record] | None = None
        self._saved = True

    def look(self) -> int:
        """List the files, and return a number that changes with them. Raises :class:`MeshError`."""
        self._files, self._seen = {}, time.time_ns()
        self._files = listed(self._path)
        return hash(tuple(self._files.items()))

    def load(self) -> Mesh:
        """Return the mesh of the files of the last look. Raises :class:`MeshError`."""
        if not self._files:
            self.look()
        files, known = self._files, self._recalled()
        reader: Reader | None = None
        records: dict[str, Record] = {}
        try:
            for name, file in files.items():
                record = known.get(name)
                if record is None or record.key != file.key:
                    reader = reader or _reader(known)
                    record = self._record(file, record, reader)
                records[name] = record
        finally:
            self._known = {name: record for name, record in known.items() if name in files} | records
            self._saved = self._saved and self._known == known
        return mesh_of({file.path: records[name].content for name, file in files.items()}, _text_of)

    def save(self) -> None:
        """Write the cache after changes. A failure costs time only."""
        if self._cache is not None and self._known and not self._saved:
            with suppress(OSError):
                replace_private(self._cache, stored(_CACHE, self._about(), self._known))
                self._saved = True

    def _recalled(self) -> dict[str, Record]:
        if self._known is None and self._cache is not None:
            with suppress(OSError, NotStoredError):
                return read_stored(self._cache.read_bytes(), _CACHE, self._about())
        return self._known or {}

    def _about(self) -> str:
        return f"{self._path.absolute()} {_code()}"

    def _record(self, file: Found, known: Record | None, reader: Reader) -> Record:
        content = file.content()
        key = file.key if max(file.key.changed, file.key.modified) < self._seen - _SETTLED else None
        digest = sha256(content).hexdigest()[:32]
        if known is not None and known.digest == digest:
            return Record(key, digest, known.content)
        if self._path.suffix == PACKED and file.path == str(self._path) and is_stored(content, _MESH):
            return Record(key, digest, _unpacked(file, content))
        return Record(key, digest, reader.described(_decoded(file.path, content), file.path))


def _reader(known: Mapping[str, Record]) -> Reader:
    """Return a reader whose clouds share layouts and settings with the known clouds."""
    return Reader(Packer([packed for record in known.values() for packed in record.content.clouds.values()]))


def _unpacked(file: Found, content: bytes) -> Described:
    try:
        return read_stored(content, _MESH, "")[""].content
    except (NotStoredError, KeyError) as error:
        raise MeshError(f"{file.path}: it was not written by a gateway of this version: {error}") from None


def _text_of(source: str) -> str:
    """Return the current text of a file, for the line of an error."""
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
    """Return a digest of the code that packs descriptions; other code may pack otherwise."""
    package = Path(__file__).parent.parent
    files = sorted(path for folder in ("mesh", "policy", "scope") for path in (package / folder).glob("*.py"))
    states = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return sha256(repr((__version__, version("os-service-types"), states)).encode()).hexdigest()
