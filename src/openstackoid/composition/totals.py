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
    objects = {cloud: document for cloud, document in documents.items() if isinstance(document.get(kind.wrapper), dict)}
    sound = {cloud: document for cloud, document in objects.items() if can_be_added(document)}
    failures = [
        Failure(cloud, Fault.WRONG_SHAPE, detail=_TOO_LARGE if cloud in objects else f"'{kind.wrapper}' is not an object")
        for cloud in documents
        if cloud not in sound
    ]
    found: dict[str, Any] = {}
    for number, document in enumerate(sound.values()):
        found = document if number == 0 else _added(kind, "", found, document)
    if found:
        found = {**found, kind.wrapper: {**found[kind.wrapper], CLOUDS: [(sources or {}).get(name, name) for name in sound]}}
    return found, failures


def _added(kind: TotalKind, name: str, one: Any, other: Any) -> Any:
    match one, other:
        case dict(), dict():
            shared = {key: _added(kind, key, value, other[key]) if key in other else value for key, value in one.items()}
            return shared | {key: value for key, value in other.items() if key not in one}
        case list(), list():
            return [*one, *other]
        case (int() | float(), int() | float()) if not (isinstance(one, bool) or isinstance(other, bool)):
            return _number(kind, name, one, other)
    return one


def _number(kind: TotalKind, name: str, one: float, other: float) -> float:
    if name in kind.least:
        limited = [value for value in (one, other) if value != UNLIMITED]
        return min(limited, default=UNLIMITED)
    return UNLIMITED if UNLIMITED in (one, other) else one + other
