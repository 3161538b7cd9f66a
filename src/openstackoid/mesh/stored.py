# SPDX-License-Identifier: Apache-2.0
"""What files say of a mesh, written down as a gateway keeps it for itself: lines of JSON below one that vouches for them.

The first line says what clouds have in common, and each further one what a file says, so that of thousands of files each is
held for a moment. It runs no code, and it is taken as a whole or not at all: of another version, torn or changed, it is nothing.
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from io import BytesIO
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from openstackoid.mesh.collaboration import Collaboration
from openstackoid.mesh.files import Key
from openstackoid.mesh.packed import Described, Mould, Packed, Part, Settings, said_by

_MAGIC = "openstackoid"
_FORMAT = 1

_Place = Annotated[int, Field(ge=0)]
_Texts = tuple[str, ...]
_Part = tuple[str, str, str, _Texts, str, _Place, int, str, str, tuple[tuple[_Place, int, str], ...], bool]
_Cloud = tuple[_Place, _Place, str, _Texts]
_Pairs = tuple[tuple[str, _Texts], ...]
_Rule = tuple[str, str, str, tuple[tuple[str, str], ...], str, _Pairs, _Pairs]
_File = tuple[str, tuple[int, int, int, int] | None, str, dict[str, _Cloud], _Pairs, tuple[_Rule, ...]]
_FILE: TypeAdapter[_File] = TypeAdapter(_File)


class _Common(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    about: str
    moulds: list[Annotated[tuple[_Part, ...], Field(min_length=1)]]
    settings: list[tuple[str, _Texts, _Texts]]


class Record(NamedTuple):
    """What a file says, the digest of its content, and its key, or None where it might have been written since unnoticed."""

    key: Key | None
    digest: str
    said: Described


class NotStoredError(ValueError):
    """What is no such document, or none that can be taken."""


def is_stored(content: bytes, kind: str) -> bool:
    """Return whether a file begins as such a document does."""
    return content.startswith(f"{_MAGIC} {kind} ".encode())


def stored(kind: str, about: str, records: Mapping[str, Record]) -> bytes:
    """Return the document. ``kind`` and ``about`` must be those that it is read with."""
    moulds: dict[Mould, int] = {}
    settings: dict[Settings, int] = {}
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    lines = [encode(_written(name, record, moulds, settings)).encode() for name, record in records.items()]
    common = {"about": about, "moulds": [mould.parts for mould in moulds], "settings": list(settings)}
    body = b"\n".join([encode(common).encode(), *lines])
    return f"{_head(kind, body)}\n".encode() + body


def _head(kind: str, body: bytes) -> str:
    return f"{_MAGIC} {kind} {_FORMAT} {sha256(body).hexdigest()}"


def _written(name: str, record: Record, moulds: dict[Mould, int], settings: dict[Settings, int]) -> tuple[Any, ...]:
    said = record.said
    clouds = {
        cloud: (
            moulds.setdefault(packed.mould, len(moulds)),
            settings.setdefault(packed.settings, len(settings)),
            packed.region,
            packed.hosts,
        )
        for cloud, packed in said.clouds.items()
    }
    rules = [
        (rule.name, rule.service, rule.partner, rule.requests, rule.reason, rule.when, rule.unless)
        for rule in said.collaborations
    ]
    return name, record.key, record.digest, clouds, said.shared, rules


def read_stored(content: bytes, kind: str, about: str) -> dict[str, Record]:
    """Return the records of a document. Raises :class:`NotStoredError`."""
    head, _, body = content.partition(b"\n")
    if head.decode(errors="replace") != _head(kind, body):
        raise NotStoredError("it is torn, or of another version")
    lines = BytesIO(body)
    try:
        common = _Common.model_validate_json(lines.readline())
        if common.about != about:
            raise NotStoredError("it is about something else")
        moulds = [Mould(tuple(Part(*part) for part in parts)) for parts in common.moulds]
        settings = [Settings(*said) for said in common.settings]
        for said in settings:
            said_by(said.text)
        return dict(_record(_FILE.validate_json(line, strict=True), moulds, settings) for line in lines)
    except (ValidationError, IndexError) as error:
        raise NotStoredError(str(error).splitlines()[0]) from None


def _record(file: _File, moulds: list[Mould], settings: list[Settings]) -> tuple[str, Record]:
    name, key, digest, described, shared, rules = file
    clouds = {}
    for cloud, (mould, said, region, hosts) in described.items():
        packed = clouds[cloud] = Packed(region, hosts, moulds[mould], settings[said])
        if len(hosts) != packed.mould.hosts:
            raise NotStoredError(f"{cloud} has not the hosts that it must have")
    together = Described(clouds, shared, tuple(Collaboration(*rule) for rule in rules))
    return name, Record(None if key is None else Key(*key), digest, together)
