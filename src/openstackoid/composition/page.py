# SPDX-License-Identifier: Apache-2.0
"""One page of a branch: the bytes of an answer in, items out that can be merged, or the failure of the cloud."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from openstackoid.composition.documents import MOST_VALUES, TOO_DEEP, can_be_added, has_more_values, is_shallow, parse, written
from openstackoid.composition.errors import Failure, Fault
from openstackoid.composition.item_ids import has_odd_id
from openstackoid.composition.order import Key, attribute_of, is_absent
from openstackoid.composition.provenance import CLOUD
from openstackoid.composition.query import ListQuery
from openstackoid.composition.things import THING

ALL_BYTES = 64 * 2**20
"""Bytes of a page of all branches together, at most."""

Rewrite = Callable[[str, Any], Any]
"""Takes a cloud and an item of it, and returns the item with its links rewritten."""

_SORTED = json.JSONEncoder(sort_keys=True)
"""``json.dumps`` makes an encoder at each call with options."""

_LINKS_AT_TOP = ("next", "previous", "prev", "first", "last", "self", "links")
"""Members that clients follow, with their tokens, beside those that end with ``_links``: the merged list has its own."""

_LONGEST_ID, _LONGEST_VALUE = 255, 1024
"""Bytes of an id by which a list is paged, and of a name of Swift: a cursor and the known markers hold some of each cloud."""


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a branch. ``text``: its JSON, with its cloud; ``equal``: a digest by which equal things are found."""

    id: str
    key: Key = field(repr=False)
    values: tuple[Any, ...] | None = field(repr=False)
    equal: bytes | None = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a branch, in the order of its service. ``more``: another page follows; ``others``: the rest of the document.

    ``marker``: that of the link to the page that follows, if the service pages by it.
    """

    items: tuple[Item, ...]
    more: bool
    others: Mapping[str, Any]
    marker: str | None = None


class PageReader:
    """Reads the pages of one cloud of so many. ``rewrite`` returns an item, parsed, with its links rewritten.

    ``values``: those of a page at most.
    The text of an item of a ``plain`` list is its id alone, on a line.
    """

    def __init__(
        self, query: ListQuery, cloud: str, clouds: int, rewrite: Rewrite | None = None, *, values: int = MOST_VALUES
    ) -> None:
        self._query = query
        self._kind = query.kind
        self._cloud = cloud
        self._rewrite = rewrite
        self._most, self._values = ALL_BYTES // clouds, values

    def read(self, body: bytes, cloud: str | None = None) -> Page | Failure:
        """Return the page in the body of an answer of ``cloud``, one of the branch's, or a failure that names the branch."""
        source = self._cloud if cloud is None else cloud
        if len(body) > self._most or has_more_values(body, self._values):
            return Failure(self._cloud, Fault.TOO_LARGE, detail=f"more than {self._most} bytes, or {self._values} values")
        try:
            document = parse(body)
        except (ValueError, RecursionError):
            return Failure(self._cloud, Fault.NOT_JSON)
        collection = self._kind.collection
        if collection and not isinstance(document, dict):
            return Failure(self._cloud, Fault.WRONG_SHAPE, detail="it is not an object")
        found = document.get(collection) if collection else document
        if not isinstance(found, list):
            where = f"'{collection}' is not a list" if collection else "it is not a list"
            return Failure(self._cloud, Fault.WRONG_SHAPE, detail=where)
        others = document if collection else {}
        try:
            items = tuple(self._item(raw, source) for raw in found if not has_odd_id(self._inner(raw)))
            rest = self._rest(others)
        except (_ShapeError, RecursionError) as error:
            return Failure(self._cloud, Fault.WRONG_SHAPE, detail=str(error))
        return self._page(items, rest, self._link(others))

    def _page(self, items: tuple[Item, ...], rest: Mapping[str, Any], link: str | None) -> Page | Failure:
        paging = self._kind.paging
        if self._kind.is_whole and link is not None:
            return Failure(self._cloud, Fault.TOO_LARGE, detail="it has more than one page")
        if paging.marker == "link":
            marker = _marker_of(link)
            return Page(items, marker is not None, rest, marker)
        return Page(items, bool(items) if paging.next == "none" else link is not None, rest)

    def _item(self, raw: Any, cloud: str) -> Item:
        inner = self._inner(raw)
        if not isinstance(inner, dict):
            raise _ShapeError(f"an item of '{self._kind.collection}' is not an object")
        id_ = self._id(inner)
        values = self._query.order.values(inner)
        key, equal = self._query.order.key(values, id_), self._equal(inner)
        for name in self._query.added:
            inner.pop(name, None)
        inner[CLOUD] = cloud
        text = f"{id_}\n" if self._query.plain else written(raw if self._rewrite is None else self._rewrite(cloud, raw))
        return Item(id_, key, tuple(values) if key and values is not None else None, equal, text)

    def _inner(self, raw: Any) -> Any:
        within = self._kind.within
        return raw.get(within) if within is not None and isinstance(raw, dict) else raw

    def _id(self, item: Mapping[str, Any]) -> str:
        kind = self._kind
        value = item.get(kind.id)
        if value is None and kind.else_id is not None:
            value = item.get(kind.else_id)
        if value is None and kind.is_whole:
            return ""
        if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
            raise _ShapeError(f"an item of '{kind.collection}' has no '{kind.id}'")
        text = str(value)
        most = _LONGEST_VALUE if kind.paging.marker == "value" else _LONGEST_ID
        try:
            is_sound = len(text.encode("utf-8")) <= most
        except UnicodeEncodeError:
            is_sound = False
        if not is_sound:
            raise _ShapeError(f"an item of '{kind.collection}' has a '{kind.id}' that is not UTF-8 of {most} bytes at most")
        return text

    def _equal(self, item: Mapping[str, Any]) -> bytes | None:
        if not self._kind.equal:
            return None
        values = [attribute_of(item, name) for name in self._kind.equal]
        if any(map(is_absent, values)):
            return None
        return hashlib.sha256(_SORTED.encode(values).encode("ascii")).digest()[:THING]

    def _link(self, document: Mapping[str, Any]) -> str | None:
        """Return the link by which the service says that more follows, or None."""
        links = document.get(self._kind.links)
        places: dict[str, list[object]] = {"list": [links], "object": [links], "top": [document], "whole": [links, document]}
        wanted = "previous" if self._query.backwards and not self._query.is_sorted_backwards else "next"
        for place in places.get(self._kind.paging.next, []):
            if isinstance(place, list):
                found = [str(link.get("href")) for link in place if isinstance(link, dict) and link.get("rel") == wanted]
            else:
                found = [place["next"]] if isinstance(place, dict) and isinstance(place.get("next"), str) else []
            if found:
                return found[0]
        return None

    def _rest(self, document: Mapping[str, Any]) -> dict[str, Any]:
        kind = self._kind
        left_out = {kind.collection, kind.again, kind.links, *_LINKS_AT_TOP}
        rest = {name: value for name, value in document.items() if name not in left_out and not name.endswith("_links")}
        if not is_shallow(rest):
            raise _ShapeError(TOO_DEEP)
        if not can_be_added([rest.get(name.partition(".")[0]) for name in kind.paging.counted]):
            raise _ShapeError("it counts too many")
        return rest


def _marker_of(link: str | None) -> str | None:
    """Return the marker in a link to the next page: a short text, or None."""
    try:
        found = parse_qs(urlsplit(link or "").query).get("marker", [""])[-1]
    except ValueError:
        return None
    return found if 0 < len(found) <= _LONGEST_ID else None


class _ShapeError(Exception):
    """JSON that is not of the form of the list."""
