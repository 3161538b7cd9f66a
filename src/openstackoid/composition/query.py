# SPDX-License-Identifier: Apache-2.0
"""The query of a request for a merged list, and the queries of its branches."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from openstackoid.composition.errors import CompositionError
from openstackoid.composition.kinds import ListKind
from openstackoid.composition.order import Order

Pairs = tuple[tuple[str, str], ...]

BATCH = 1000
"""Items of a page of a branch, at most."""
SMALL = 100
"""Items of a page of a branch that are asked for at once, however many clouds there are."""
ALL_CLOUDS = 4000
"""Items of a page of all branches together, at most."""

_LIMIT, _MARKER, _OFFSET, _SORT, _FIELDS = "limit", "marker", "offset", "sort", "fields"
_FORMAT = "format"
_TRUE = frozenset({"true", "t", "yes", "y", "on", "1"})
_FALSE = frozenset({"false", "f", "no", "n", "off", "0"})
_WIDER = frozenset({"deleted", "all_tenants"})
"""Parameters that clients send with their usual value, false: they ask for other lists."""
_LARGEST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class ListQuery:
    """The query of a client. ``limit``: items of the page, or None for all; ``offset``: items to leave out first.

    ``added``: attributes that branches are asked for in addition to the client's ``fields``. ``plain``: the client wants a line
    of text for each item; branches are asked for JSON all the same.
    """

    kind: ListKind
    pairs: Pairs = field(repr=False)
    order: Order
    limit: int | None
    marker: str | None
    offset: int = 0
    backwards: bool = False
    added: tuple[str, ...] = ()
    plain: bool = False

    @classmethod
    def parse(cls, kind: ListKind, query: str, *, plain: bool = False) -> "ListQuery":
        """Parse the query of a URL. Raises :class:`CompositionError`."""
        pairs = tuple(parse_qsl(query, keep_blank_values=True))
        for name in kind.paging.refused:
            if _last(pairs, name) is not None:
                raise CompositionError(400, f"{name}: it is not served for lists of several clouds; leave it out")
        order = _order(kind, pairs)
        reverse = kind.paging.reverse
        limit = _limit(kind, pairs)
        backwards = reverse is not None and limit is not None and _is_true(pairs, reverse)
        marker = _last(pairs, _MARKER) or None
        offset = _number(pairs, _OFFSET) or 0
        return cls(kind, pairs, order, limit, marker, offset, backwards, _added(kind, pairs, order), plain)

    def batch(self, clouds: int, most: int | None = None) -> int | None:
        """Return the items of a page of one of so many branches.

        One more than the client's shows whether there are more. Of a large page, each of many clouds has a part: its share and a
        quarter. ``most``: what a branch may still need that had a part before.
        """
        if self.kind.is_whole:
            return None
        largest = min(BATCH, max(1, ALL_CLOUDS // max(1, clouds)), self.kind.paging.limit.most or BATCH)
        if self.limit is None:
            return largest
        if self.limit == 0:
            return 0
        wanted = self.limit + self.offset + 1
        if most is None:
            return min(wanted, largest, max(SMALL, -(-5 * wanted // (4 * clouds))))
        return min(largest, max(min(wanted, SMALL), most))

    def branch(self, batch: int | None, marker: str | None) -> str:
        """Return the query of one page of a branch, after ``marker``: an offset where the service has no markers."""
        paging = {_LIMIT, _MARKER, _OFFSET, self.kind.paging.reverse}
        pairs = [pair for pair in self.pairs if pair[0] not in paging]
        if self.is_sorted_backwards:
            sorts = {_SORT, self.kind.paging.sort_keys, self.kind.paging.sort_dirs}
            pairs = [*(pair for pair in pairs if pair[0] not in sorts), (_SORT, self._sorted_backwards())]
        if self.kind.paging.fields == "joined":
            pairs = [(name, ",".join((value, *self.added)) if name == _FIELDS else value) for name, value in pairs]
        else:
            pairs += [(_FIELDS, name) for name in self.added]
        if self.plain:
            pairs = [*(pair for pair in pairs if pair[0] != _FORMAT), (_FORMAT, "json")]
        if batch is not None:
            pairs.append((_LIMIT, str(batch)))
        if marker is not None and not self.kind.is_whole:
            pairs.append((_OFFSET if self.kind.paging.marker == "offset" else _MARKER, marker))
        if self.backwards and self.kind.paging.reverse is not None and not self.is_sorted_backwards:
            pairs.append((self.kind.paging.reverse, "True"))
        return urlencode(pairs)

    @property
    def is_sorted_backwards(self) -> bool:
        """Whether branches are asked for their items from the last one on."""
        return self.backwards and self.kind.paging.backwards == "sorted"

    def _sorted_backwards(self) -> str:
        """Return the order of the list the other way round, by all that decides."""
        keys = [*self.order.attributes]
        if self.kind.id not in dict(keys):
            keys.append((self.kind.id, False))
        return ",".join(f"{name}:{'asc' if descends else 'desc'}" for name, descends in keys)

    def link(self, marker: str | None, *, backwards: bool = False) -> str:
        """Return the client's query with another marker."""
        paging = {_MARKER, _OFFSET, self.kind.paging.reverse}
        pairs = [pair for pair in self.pairs if pair[0] not in paging]
        if marker is not None:
            pairs.append((_MARKER, marker))
        if backwards and self.kind.paging.reverse is not None:
            pairs.append((self.kind.paging.reverse, "True"))
        return urlencode(pairs)

    @property
    def is_unfiltered(self) -> bool:
        """Whether the list has all that the service lists to the user: the query is about its pages, order and attributes."""
        paging = self.kind.paging
        about = {_LIMIT, _MARKER, _OFFSET, _SORT, paging.sort_keys, paging.sort_dirs, paging.reverse, paging.reversed_by}
        about |= set() if paging.fields == "unknown" else {_FIELDS}
        return all(name in about or (name in _WIDER and value.lower() in _FALSE) for name, value in self.pairs)

    def digest(self, expression: str) -> bytes:
        """Return a digest of the list under a canonical scope expression, whatever its page."""
        paging = {_LIMIT, _MARKER, _OFFSET, self.kind.paging.reverse}
        pairs = sorted((pair for pair in self.pairs if pair[0] not in paging), key=lambda pair: pair[0])
        text = repr((self.kind.service, self.kind.path, pairs, expression))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8]


def _last(pairs: Pairs, name: str) -> str | None:
    return next((value for key, value in reversed(pairs) if key == name), None)


def _is_true(pairs: Pairs, name: str) -> bool:
    return (_last(pairs, name) or "").lower() in _TRUE


def _number(pairs: Pairs, name: str) -> int | None:
    text = _last(pairs, name)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 12 and int(text) <= _LARGEST):
        raise CompositionError(400, f"{name}: a whole number from 0 to {_LARGEST} is accepted")
    return int(text)


def _limit(kind: ListKind, pairs: Pairs) -> int | None:
    rule = kind.paging.limit
    word = _last(pairs, _LIMIT)
    given = rule.words[word] if word in rule.words else _number(pairs, _LIMIT)
    if given is None or (given == 0 and rule.zero == "all"):
        return rule.default
    return given if rule.most is None else min(given, rule.most)


def _order(kind: ListKind, pairs: Pairs) -> Order:
    paging = kind.paging
    parts = [(key, part.strip()) for key, value in pairs for part in value.split(",")]
    directions = [part for key, part in parts if key == paging.sort_dirs]
    asked: list[tuple[str, str | None]] = []
    for key, part in parts:
        if key == paging.sort_keys:
            asked.append((part, None))
        elif key == _SORT:
            name, _, way = part.partition(":")
            asked.append((name.strip(), way.strip() or None))
    keys: list[tuple[str, bool]] = []
    usual = kind.order[0][1] if kind.order else False
    if asked:
        for number, (attribute, direction) in enumerate(asked):
            said = direction or next(iter(directions[number : number + 1] or directions[:1]), None)
            keys.append((attribute, usual if said is None else said.lower() == "desc"))
        keys += [key for key in kind.order if paging.adds_order and key[0] not in dict(keys)]
    else:
        keys = [(name, descends if not directions else directions[0].lower() == "desc") for name, descends in kind.order]
    if paging.reversed_by is not None and _is_true(pairs, paging.reversed_by):
        keys = [(name, not descends) for name, descends in keys]
    ties: bool | None = False if paging.ties == "ascending" else (keys[0][1] if keys else None)
    attributes = tuple((_attribute(kind, name), descends) for name, descends in keys)
    ids_decide = paging.ties == "ascending" or paging.marker == "value"
    return Order(attributes, ties, paging.compare == "caseless", ids_decide)


def _attribute(kind: ListKind, name: str) -> str:
    return kind.attributes.get(name, name)


def _added(kind: ListKind, pairs: Pairs, order: Order) -> tuple[str, ...]:
    """Return what ``fields`` leaves out of the attributes that a merge needs."""
    asked = {value for key, value in pairs if key == _FIELDS}
    if kind.paging.fields == "joined":
        asked = {name.strip() for value in asked for name in value.split(",")}
    if kind.paging.fields == "unknown" or not asked:
        return ()
    return tuple(dict.fromkeys(name for name in _needed(kind, order.attributes) if name not in asked))


def _needed(kind: ListKind, keys: Sequence[tuple[str, bool]]) -> Iterable[str]:
    yield kind.id
    yield from (name for name, _ in keys)
