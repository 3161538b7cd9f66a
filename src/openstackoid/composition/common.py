# SPDX-License-Identifier: Apache-2.0
"""Intersections: the versions, extensions and schemas that every cloud has. Clients negotiate by them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from openstackoid.composition.errors import Failure, Fault
from openstackoid.composition.kinds import CommonKind
from openstackoid.composition.provenance import CLOUDS

_VERSION = re.compile(r"([0-9]{1,6})\.([0-9]{1,6})")
_LISTS = ("versions", "version")
_CURRENT, _SUPPORTED = "CURRENT", "SUPPORTED"

Documents = Mapping[str, dict[str, Any]]
Found = tuple[dict[str, Any], list[Failure]]


def common_versions(documents: Documents) -> Found:
    """Return a version document with the versions, and the ranges of microversions, that all clouds have; and the failures.

    The rest is the first cloud's. Of a list, the highest version is the current one.
    """
    first = next(iter(documents.values()), {})
    name = next((name for name in _LISTS if name in first), _LISTS[0])
    listed = {cloud: _entries(document.get(name)) for cloud, document in documents.items()}
    failures = [
        Failure(cloud, Fault.WRONG_SHAPE, detail="it is not a version document") for cloud, found in listed.items() if not found
    ]
    sound = [found for found in listed.values() if found]
    if not sound:
        return {}, failures
    shared = [entry for entry in (_shared(list(entries)) for entries in _of_all(sound)) if entry is not None]
    base = next(document for cloud, document in documents.items() if listed[cloud])
    return {**base, name: _like(base[name], _with_current(shared))}, failures


def common_part(kind: CommonKind, documents: Documents, sources: Mapping[str, str] | None = None) -> Found:
    """Return the document of the first cloud with the entries of its collection that all clouds have; and the failures.

    A list says the clouds in ``os_scope_clouds``. ``sources``: the cloud of each branch; without it, the branches are clouds.
    """
    path = kind.collection.split(".")
    parts = {cloud: _at(document, path) for cloud, document in documents.items()}
    accepted = list if kind.id is not None or len(path) > 1 else dict
    failures = [
        Failure(cloud, Fault.WRONG_SHAPE, detail=f"'{kind.collection}' is missing")
        for cloud, part in parts.items()
        if not isinstance(part, accepted)
    ]
    sound = {cloud: part for cloud, part in parts.items() if isinstance(part, accepted)}
    if not sound:
        return {}, failures
    names = [{_name(kind, entry) for entry in part} for part in sound.values()]
    every = names[0].intersection(*names[1:])
    cloud, part = next(iter(sound.items()))
    kept: Any = [entry for entry in part if _name(kind, entry) in every]
    if isinstance(part, dict):
        kept = {key: part[key] for key in kept}
    found = _replaced(documents[cloud], path, kept)
    if kind.id is not None:
        found[CLOUDS] = [(sources or {}).get(name, name) for name in sound]
    return found, failures


def _name(kind: CommonKind, entry: Any) -> str:
    return repr(entry.get(kind.id) if kind.id is not None and isinstance(entry, dict) else entry)


def _at(document: Any, path: Sequence[str]) -> Any:
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document


def _replaced(document: dict[str, Any], path: Sequence[str], value: Any) -> dict[str, Any]:
    name, *rest = path
    return {**document, name: _replaced(document[name], rest, value) if rest else value}


def _entries(found: Any) -> list[dict[str, Any]]:
    """Return the versions of a document: a list, Keystone's form of a list, or one version."""
    if isinstance(found, dict):
        found = found.get("values", [found])
    if not isinstance(found, list):
        return []
    return [entry for entry in found if isinstance(entry, dict) and isinstance(entry.get("id"), str)]


def _like(form: Any, entries: list[dict[str, Any]]) -> Any:
    if not isinstance(form, dict):
        return entries
    return {**form, "values": entries} if "values" in form else next(iter(entries), {})


def _of_all(clouds: Sequence[list[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
    """Return the entries of each version that all clouds have, in the order of the first cloud."""
    by_id = [{entry["id"]: entry for entry in entries} for entries in clouds]
    return [[found[id_] for found in by_id] for id_ in by_id[0] if all(id_ in found for found in by_id)]


def _shared(entries: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Return a version with the microversions that all have, or None if they have none in common."""
    shared = dict(entries[0])
    for name, choose in (("version", min), ("max_version", min), ("min_version", max)):
        found = [number for entry in entries if (number := _number(entry.get(name))) is not None]
        if name in shared:
            # A cloud without microversions has none in common with the others.
            shared[name] = ".".join(map(str, choose(found))) if len(found) == len(entries) else ""
    lowest, highest = _number(shared.get("min_version")), _number(shared.get("version") or shared.get("max_version"))
    return None if lowest is not None and highest is not None and lowest > highest else shared


def _number(text: Any) -> tuple[int, int] | None:
    match = _VERSION.fullmatch(text) if isinstance(text, str) else None
    return None if match is None else (int(match[1]), int(match[2]))


def _with_current(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return versions of which one is current, if one of them is supported."""
    usable = [entry for entry in entries if entry.get("status") in (_CURRENT, _SUPPORTED)]
    if not usable or any(entry["status"] == _CURRENT for entry in usable):
        return entries
    highest = max(usable, key=lambda entry: _number(entry["id"].removeprefix("v")) or (0, 0))
    return [{**entry, "status": _CURRENT} if entry is highest else entry for entry in entries]
