# SPDX-License-Identifier: Apache-2.0
"""What files say of a mesh, written down as a gateway keeps it for itself: JSON below a line that vouches for it.

It runs no code, and it is taken as a whole or not at all: of another version, torn or changed, it is nothing.
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

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


_File = tuple[tuple[int, int, int, int] | None, str, dict[str, _Cloud], _Pairs, tuple[_Rule, ...]]


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    about: str
    moulds: list[Annotated[tuple[_Part, ...], Field(min_length=1)]]
    settings: list[tuple[str, _Texts, _Texts]]
    files: dict[str, _File]


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
    files = {name: _written(record, moulds, settings) for name, record in records.items()}
    document = {"about": about, "moulds": [mould.parts for mould in moulds], "settings": list(settings), "files": files}
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return f"{_head(kind, body)}\n".encode() + body


def _head(kind: str, body: bytes) -> str:
    return f"{_MAGIC} {kind} {_FORMAT} {sha256(body).hexdigest()}"


def _written(record: Record, moulds: dict[Mould, int], settings: dict[Settings, int]) -> tuple[Any, ...]:
    said = record.said
    clouds = {
        name: (
            moulds.setdefault(packed.mould, len(moulds)),
            settings.setdefault(packed.settings, len(settings)),
            packed.region,
            packed.hosts,
        )
        for name, packed in said.clouds.items()
    }
    rules = [
        (rule.name, rule.service, rule.partner, rule.requests, rule.reason, rule.when, rule.unless)
        for rule in said.collaborations
    ]
    return record.key, record.digest, clouds, said.shared, rules


def read_stored(content: bytes, kind: str, about: str) -> dict[str, Record]:
    """Return the records of a document. Raises :class:`NotStoredError`."""
    head, _, body = content.partition(b"\n")
    if head.decode(errors="replace") != _head(kind, body):
        raise NotStoredError("it is torn, or of another version")
    try:
        document = _Document.model_validate_json(body)
        if document.about != about:
            raise NotStoredError("it is about something else")
        moulds = [Mould(tuple(Part(*part) for part in parts)) for parts in document.moulds]
        settings = [Settings(*said) for said in document.settings]
        for said in settings:
            said_by(said.text)
        return {name: _record(file, moulds, settings) for name, file in document.files.items()}
    except (ValidationError, IndexError) as error:
        raise NotStoredError(str(error).splitlines()[0]) from None


def _record(file: _File, moulds: list[Mould], settings: list[Settings]) -> Record:
    key, digest, described, shared, rules = file
    clouds = {}
    for name, (mould, said, region, hosts) in described.items():
        packed = clouds[name] = Packed(region, hosts, moulds[mould], settings[said])
        if len(hosts) != packed.mould.hosts:
            raise NotStoredError(f"{name} has not the hosts that it must have")
    said_together = Described(clouds, shared, tuple(Collaboration(*rule) for rule in rules))
    return Record(None if key is None else Key(*key), digest, said_together)
