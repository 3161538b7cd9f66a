# SPDX-License-Identifier: Apache-2.0
"""The cached content of description files: lines of JSON below a line with their digest.

The first line of JSON has the shared layouts and settings, each further one the content of a file, so that thousands are held
one by one. Reading runs no code. A document of another version, torn or changed, is not used.
"""

from collections.abc import Mapping
from hashlib import sha256
from io import BytesIO
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from openstackoid.mesh.collaboration import Collaboration
from openstackoid.mesh.files import Key
from openstackoid.mesh.layout import Layout
from openstackoid.mesh.packed import Described, PackedCloud, PackedSettings, unpacked_settings

_MAGIC = "openstackoid"
_FORMAT = 4

_EXACT = ConfigDict(extra="forbid", strict=True)
_Number = Annotated[int, Field(ge=0)]
_Texts = tuple[str, ...]
_Cloud = tuple[_Number, _Number, str, _Texts]
"""Layout and settings of a cloud by number, its region and its hosts."""
_File = tuple[
    str,
    Key | None,
    str,
    dict[str, _Cloud],
    tuple[tuple[str, _Texts], ...],
    tuple[Collaboration, ...],
    tuple[tuple[str, str, float], ...],
]
_FILE: TypeAdapter[_File] = TypeAdapter(_File, config=_EXACT)


class _Common(BaseModel):
    model_config = _EXACT

    about: str
    layouts: tuple[Layout, ...]
    settings: tuple[PackedSettings, ...]


class Record(NamedTuple):
    """The content of a file, its digest, and its key, or None if it may have been rewritten unnoticed."""

    key: Key | None
    digest: str
    content: Described


class NotStoredError(ValueError):
    """A document that cannot be used."""


def is_stored(content: bytes, kind: str) -> bool:
    """Return whether a file begins as such a document does."""
    return content.startswith(f"{_MAGIC} {kind} ".encode())


def stored(kind: str, about: str, records: Mapping[str, Record]) -> bytes:
    """Return the document. ``kind`` and ``about`` are checked when it is read."""
    layouts: dict[Layout, int] = {}
    settings: dict[PackedSettings, int] = {}
    lines = [_FILE.dump_json(_written(name, record, layouts, settings)) for name, record in records.items()]
    common = _Common.model_construct(about=about, layouts=tuple(layouts), settings=tuple(settings))
    body = b"\n".join([common.model_dump_json().encode(), *lines])
    return f"{_head(kind, body)}\n".encode() + body


def _head(kind: str, body: bytes) -> str:
    return f"{_MAGIC} {kind} {_FORMAT} {sha256(body).hexdigest()}"


def _written(name: str, record: Record, layouts: dict[Layout, int], settings: dict[PackedSettings, int]) -> _File:
    clouds = {
        cloud: (
            layouts.setdefault(packed.layout, len(layouts)),
            settings.setdefault(packed.settings, len(settings)),
            packed.region,
            packed.hosts,
        )
        for cloud, packed in record.content.clouds.items()
    }
    content = record.content
    return name, record.key, record.digest, clouds, content.shared, content.collaborations, content.round_trips


def read_stored(content: bytes, kind: str, about: str) -> dict[str, Record]:
    """Return the records of a document. Raises :class:`NotStoredError`."""
    head, _, body = content.partition(b"\n")
    if head.decode(errors="replace") != _head(kind, body):
        raise NotStoredError("it is torn, or of another version")
    lines = BytesIO(body)
    try:
        common = _Common.model_validate_json(lines.readline())
        if common.about != about:
            raise NotStoredError("it has another subject")
        for settings in common.settings:
            unpacked_settings(settings.text)
        return dict(_record(_FILE.validate_json(line), common) for line in lines)
    except (ValidationError, IndexError) as error:
        raise NotStoredError(str(error).splitlines()[0]) from None


def _record(file: _File, common: _Common) -> tuple[str, Record]:
    name, key, digest, described, shared, collaborations, round_trips = file
    clouds = {}
    for cloud, (layout, settings, region, hosts) in described.items():
        packed = clouds[cloud] = PackedCloud(region, hosts, common.layouts[layout], common.settings[settings])
        if len(hosts) != packed.layout.hosts:
            raise NotStoredError(f"{cloud} does not have as many hosts as its layout")
    return name, Record(key, digest, Described(clouds, shared, collaborations, round_trips))
