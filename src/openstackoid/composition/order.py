# SPDX-License-Identifier: Apache-2.0
"""The order of a merged list: keys of items that compare across clouds."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import total_ordering
from typing import Any

from openstackoid.composition.collation import certain

Key = tuple[Any, ...]
"""A key that compares with those of the same order. Empty: the item lacks an attribute of the order."""

_ABSENT = object()


@total_ordering
class _Descending:
    """A part of a key that sorts the other way round."""

    __slots__ = ("_part",)

    def __init__(self, part: Any) -> None:
        self._part = part

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Descending) and self._part == other._part

    def __lt__(self, other: "_Descending") -> bool:
        return bool(other._part < self._part)

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Order:
    """Pairs of an attribute and whether it descends, then the id: upwards, downwards (``ties``) or not at all (None).

    ``ids_decide``: the service itself sorts by the id what sorts alike; others do not, or by more attributes before it.
    Databases sort texts without case, as ``caseless`` does; Swift sorts them by their bytes.
    """

    attributes: tuple[tuple[str, bool], ...]
    ties: bool | None
    caseless: bool = True
    ids_decide: bool = False

    def values(self, item: Mapping[str, Any]) -> list[Any] | None:
        """Return the values of an item by which it sorts, those of objects and lists as JSON; or None if it lacks one."""
        found = []
        for attribute, _ in self.attributes:
            value = attribute_of(item, attribute)
            if value is _ABSENT:
                return None
            found.append(json.dumps(value, sort_keys=True) if isinstance(value, dict | list) else value)
        return found

    def key(self, values: Sequence[Any] | None, id_: str) -> Key:
        """Return the key of an item with these values. Items without a key sort by their clouds alone."""
        if values is None or len(values) != len(self.attributes) or (not values and self.ties is None):
            return ()
        parts = [self._part(value, descends) for value, (_, descends) in zip(values, self.attributes, strict=True)]
        if self.ties is not None:
            parts.append(_Descending(id_) if self.ties else id_)
        return tuple(parts)

    def certain(self, values: Sequence[Any], id_: str, other_values: Sequence[Any], other_id: str) -> int | None:
        """Return -1, 0 or 1: an item comes before another one, sorts as it does, or comes after it, in every service.

        None: services differ in that, by the collations of their databases, or an item has no key.
        """
        if not len(values) == len(other_values) == len(self.attributes):
            return None
        for value, other, (_, descends) in zip(values, other_values, self.attributes, strict=True):
            if value != other:
                sign = certain(value, other, caseless=self.caseless)
                return None if sign is None else -sign if descends else sign
        if not self.ids_decide:
            return 0
        sign = certain(id_, other_id, caseless=self.caseless)
        return None if sign is None else -sign if self.ties else sign

    def _part(self, value: Any, descends: bool) -> Any:
        if isinstance(value, str):
            part: Key = (2, value.casefold(), value) if self.caseless else (2, value)
        else:
            part = (0,) if value is None else (1, value)
        return _Descending(part) if descends else part


def attribute_of(item: Mapping[str, Any], path: str) -> Any:
    """Return the attribute at a dotted path, or a value that equals no other."""
    value: Any = item
    for name in (path,) if path in item else path.split("."):
        if not isinstance(value, Mapping) or name not in value:
            return _ABSENT
        value = value[name]
    return value


def is_absent(value: Any) -> bool:
    """Return whether :func:`attribute_of` found nothing, or null."""
    return value is _ABSENT or value is None
