# SPDX-License-Identifier: Apache-2.0
"""The kinds of answers that can be composed, read from ``kinds.yaml``, and the kind of a request."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Literal

from openstackoid.composition.schema import KindsSchema, ListSchema, PagingSchema, accepted
from openstackoid.mesh.document import read
from openstackoid.mesh.errors import Wrong
from openstackoid.mesh.spots import wrong_at
from openstackoid.mesh.validation import validated

OBJECT_STORE = "object-store"

_BASE = r"(?:/v[0-9.]+)?(?:/[0-9a-f]{8,}(?:-[0-9a-f]{4,}){0,4})?"
_ACCOUNT = r"/v1/[^/]+"
_CONTAINER = re.compile(rf"{_ACCOUNT}/(?P<name>[^/]+)/?")
_OBJECT = re.compile(rf"{_ACCOUNT}/(?P<name>[^/]+/.+)", re.DOTALL)
_VERSIONS = re.compile(r"/?|/versions/?|/v[0-9.]+/?")


@dataclass(frozen=True, slots=True)
class ListKind:
    """A list of a service: its place in an answer, its order, and the service's way of paging.

    ``collection``: its key, empty for a document that is the list itself; ``again``: a key with the same items once more.
    ``within``: the key of each item that has its attributes, or None.
    ``order``: pairs of a sort key and whether it descends. ``attributes``: the attributes of items for sort keys with other
    names. ``equal``: attributes by which items of several clouds are the same thing. ``resources``: the path of each item without
    its id, or None where an item has no path.
    """

    service: str
    path: str
    collection: str
    within: str | None
    id: str
    else_id: str | None
    order: tuple[tuple[str, bool], ...]
    attributes: Mapping[str, str] = field(repr=False)
    equal: tuple[str, ...]
    paging: PagingSchema = field(repr=False)
    links: str = field(repr=False)
    resources: str | None = field(default=None, repr=False)
    again: str | None = field(default=None, repr=False)

    @property
    def is_whole(self) -> bool:
        """Whether the service answers with all items at once."""
        return self.paging.next == "whole"

    @property
    def walks_from_start(self) -> bool:
        """Whether each page is found by a walk from the first item, as no marker of the service is a proof."""
        return self.paging.unknown_marker == "ignored" or self.paging.marker in ("link", "offset")


@dataclass(frozen=True, slots=True)
class ItemKind:
    """One resource by its id, or, with ``below``, a part of one. ``wrapper``: the only key of its document, empty for none.

    ``resources``: the path of such resources without their ids.
    """

    service: str
    resources: str
    id: str
    wrapper: str
    below: str = ""


@dataclass(frozen=True, slots=True)
class NamedKind:
    """A container or an object of Swift by its name, which several clouds may have; it is found by ``HEAD``."""

    service: str
    name: str


@dataclass(frozen=True, slots=True)
class Reference:
    """An id in the body of a change: the members ``at`` lead to it, and it names an ``item`` of the list ``of``.

    The list shows one of equal items of several clouds, which have ids of their own.
    """

    at: tuple[str, ...]
    item: str
    of: ListKind


@dataclass(frozen=True, slots=True)
class TotalKind:
    """Numbers that are added, in the member ``wrapper`` of a document, empty for the document itself.

    ``each``: attributes by which entries of a list are about the same thing, empty for an object. ``least``, ``greatest``: names
    of numbers of which the least, or the greatest, counts.
    """

    service: str
    wrapper: str
    least: frozenset[str]
    greatest: frozenset[str] = frozenset()
    each: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CommonKind:
    """A document of which the clouds have a part in common: entries of ``collection``, by ``id`` if it is a list."""

    service: str
    collection: str
    id: str | None


@dataclass(frozen=True, slots=True)
class VersionsKind:
    """A version document."""

    service: str


@dataclass(frozen=True, slots=True)
class HeadersKind:
    """The numbers in the headers about an account or a container of Swift."""

    service: str


Kind = ListKind | ItemKind | NamedKind | TotalKind | CommonKind | VersionsKind | HeadersKind
_Row = tuple[re.Pattern[str], ListKind | TotalKind | CommonKind | tuple[Literal["item"], str, str]]


@dataclass(frozen=True)
class Kinds:
    """All kinds, by service type."""

    _rows: Mapping[str, tuple[_Row, ...]] = field(repr=False)
    _references: Mapping[tuple[str, str, str], tuple[Reference, ...]] = field(default_factory=dict, repr=False)

    def of(self, service: str, path: str) -> Kind | None:
        """Return the kind of a GET of ``path``, below the root of a service; None if its answers are not composed."""
        if service not in self._rows:
            return None
        if _VERSIONS.fullmatch(path):
            return VersionsKind(service)
        for pattern, row in self._rows[service]:
            match = pattern.fullmatch(path)
            if match is None:
                continue
            if isinstance(row, tuple):
                return ItemKind(service, row[2], match["id"], row[1], match["below"] or "")
            return row
        return None

    def named(self, service: str, path: str, method: str) -> NamedKind | None:
        """Return the container or object that a request is for, but for one that lists or makes something; or None."""
        if service != OBJECT_STORE:
            return None
        match = _OBJECT.fullmatch(path) if method in ("GET", "HEAD", "POST", "DELETE") else None
        if match is None and method in ("POST", "DELETE"):
            match = _CONTAINER.fullmatch(path)
        return None if match is None else NamedKind(service, match["name"])

    def references(self, kind: ItemKind) -> tuple[Reference, ...]:
        """Return the ids of equal things that the body of a change of ``kind`` may have."""
        return self._references.get((kind.service, kind.resources, kind.below), ())

    def lists(self) -> Iterator[ListKind]:
        """Return every list."""
        return (row for rows in self._rows.values() for _, row in rows if isinstance(row, ListKind))


def parse_kinds(text: str, source: str) -> Kinds:
    """Return the kinds of a document; ``source`` names it in errors. Raises :class:`~openstackoid.mesh.MeshError`."""
    data = read(text, source)
    try:
        schema = validated(KindsSchema, (), data, accepted)
        return _kinds(schema)
    except Wrong as wrong:
        raise wrong_at(text, source, wrong) from None


@cache
def builtin_kinds() -> Kinds:
    """Return the kinds of the package: ``kinds.yaml`` beside this module."""
    return parse_kinds(files("openstackoid.composition").joinpath("kinds.yaml").read_text(encoding="utf-8"), "kinds.yaml")


def _kinds(schema: KindsSchema) -> Kinds:
    rows: dict[str, list[_Row]] = {}
    for service, totals in schema.totals.items():
        for total in totals:
            kind = TotalKind(service, total.document, frozenset(total.least), frozenset(total.greatest), tuple(total.each))
            rows.setdefault(service, []).append((_pattern(service, total.path), kind))
    for service, commons in schema.common.items():
        for common in commons:
            row = CommonKind(service, common.collection, common.id)
            rows.setdefault(service, []).append((_pattern(service, common.path), row))
    for service, listed in schema.lists.items():
        seen: set[str] = set()
        for number, entry in enumerate(listed):
            if entry.paging not in schema.paging:
                at = ("lists", service, number, "paging")
                raise Wrong(at, f"'{entry.paging}' is not described; accepted: {', '.join(schema.paging)}")
            if entry.path in seen:
                raise Wrong(("lists", service, number, "path"), f"'{entry.path}' is there twice; name it once")
            seen.add(entry.path)
            kinds = [_list(service, entry, path, schema.paging[entry.paging]) for path in _paths(entry)]
            rows.setdefault(service, []).extend((_pattern(service, kind.path), kind) for kind in kinds)
        for entry in listed:
            if entry.item is not None:
                pattern = _pattern(service, entry.path, r"/(?P<id>[^/]+)(?P<below>/.+)?")
                rows[service].append((pattern, ("item", entry.item, entry.path)))
    return Kinds({service: tuple(found) for service, found in rows.items()}, _references(schema))


def _references(schema: KindsSchema) -> dict[tuple[str, str, str], tuple[Reference, ...]]:
    found: dict[tuple[str, str, str], tuple[Reference, ...]] = {}
    for service, entries in schema.references.items():
        listed = {entry.path: entry for entry in schema.lists.get(service, ()) if entry.item and entry.equal}
        for number, entry in enumerate(entries):
            if entry.to not in listed:
                raise Wrong(("references", service, number, "to"), f"'{entry.to}' is no list of items that can be equal")
            of = listed[entry.to]
            kind = _list(service, of, _paths(of)[-1], schema.paging[of.paging])
            key = (service, entry.path, entry.below)
            found[key] = (*found.get(key, ()), Reference(tuple(entry.at.split(".")), of.item or "", kind))
    return found


def _paths(entry: ListSchema) -> tuple[str, ...]:
    return (entry.path, f"{entry.path}/detail") if entry.detail else (entry.path,)


def _list(service: str, entry: ListSchema, path: str, paging: PagingSchema) -> ListKind:
    order = tuple((key, direction == "desc") for key, _, direction in (text.partition(" ") for text in entry.order))
    links = entry.links or paging.links or f"{entry.collection}_links"
    return ListKind(
        service,
        path,
        entry.collection,
        entry.within,
        entry.id,
        entry.else_id,
        order,
        entry.attributes,
        tuple(entry.equal),
        paging,
        links,
        None if entry.item is None else entry.path,
        entry.again,
    )


def _pattern(service: str, path: str, rest: str = "") -> re.Pattern[str]:
    base = _ACCOUNT if service == OBJECT_STORE else _BASE
    parts = "".join("/[^/]+" if part == "*" else f"/{re.escape(part)}" for part in path.split("/")[1:])
    return re.compile(f"{base}{parts}{rest or '/?'}")
