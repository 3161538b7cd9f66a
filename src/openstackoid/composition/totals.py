# SPDX-License-Identifier: Apache-2.0
"""Sums of limits, quotas and usage."""

from collections.abc import Mapping
from typing import Any

from openstackoid.composition.documents import can_be_added
from openstackoid.composition.errors import Failure, Fault
from openstackoid.composition.kinds import TotalKind
from openstackoid.composition.provenance import CLOUDS

UNLIMITED = -1
_TOO_LARGE = "a number in it is too large"


def total(
    kind: TotalKind, documents: Mapping[str, dict[str, Any]], sources: Mapping[str, str] | None = None
) -> tuple[dict[str, Any], list[Failure]]:
    """Return the sum of the documents of branches, which says its clouds in ``os_scope_clouds``, and the failures of the others.

    ``sources``: the cloud of each branch; without it, the branches are clouds.
    A limit without an end stays one. Texts are those of the first cloud; lists are joined.
    """
    form = list if kind.each else dict
    objects = {cloud: document for cloud, document in documents.items() if isinstance(_within(kind, document), form)}
    sound = {cloud: document for cloud, document in objects.items() if can_be_added(document)}
    expected = f"'{kind.wrapper}' is not {'a list' if kind.each else 'an object'}"
    failures = [
        Failure(cloud, Fault.WRONG_SHAPE, detail=_TOO_LARGE if cloud in objects else expected)
        for cloud in documents
        if cloud not in sound
    ]
    found: dict[str, Any] = {}
    for number, document in enumerate(sound.values()):
        found = document if number == 0 else _added(kind, "", found, document)
    clouds = {CLOUDS: [(sources or {}).get(name, name) for name in sound]}
    if not sound:
        return {}, failures
    if kind.each:
        found = {**found, kind.wrapper: _by_each(kind, found[kind.wrapper])}
    if kind.each or not kind.wrapper:
        return {**found, **clouds}, failures
    return {**found, kind.wrapper: {**found[kind.wrapper], **clouds}}, failures


def _within(kind: TotalKind, document: dict[str, Any]) -> Any:
    return document.get(kind.wrapper) if kind.wrapper else document


def _by_each(kind: TotalKind, entries: list[Any]) -> list[Any]:
    """Return the entries of joined lists, those added that are about the same thing. Others stay as they are."""
    found: dict[str, Any] = {}
    for number, entry in enumerate(entries):
        values = [entry.get(name) for name in kind.each] if isinstance(entry, dict) else [None]
        name = repr(number if values[0] is None else values)
        found[name] = _added(kind, "", found[name], entry) if name in found else entry
    return list(found.values())


def _added(kind: TotalKind, name: str, one: Any, other: Any) -> Any:
    match one, other:
        case dict(), dict():
            # {"limit": 5, "in_use": 0} under the name of a limit of one resource is about that limit.
            outer = name if name in kind.least | kind.greatest else None
            shared = {key: _added(kind, outer or key, value, other[key]) if key in other else value for key, value in one.items()}
            return shared | {key: value for key, value in other.items() if key not in one}
        case list(), list():
            return [*one, *other]
        case None, _ if name in kind.greatest:
            return other
        case (int() | float(), int() | float()) if not (isinstance(one, bool) or isinstance(other, bool)):
            return _number(kind, name, one, other)
    return one


def _number(kind: TotalKind, name: str, one: float, other: float) -> float:
    if name in kind.least:
        limited = [value for value in (one, other) if value != UNLIMITED]
        return min(limited, default=UNLIMITED)
    if name in kind.greatest:
        return max(one, other)
    return UNLIMITED if UNLIMITED in (one, other) else one + other
