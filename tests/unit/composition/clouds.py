# SPDX-License-Identifier: Apache-2.0
"""Clouds that page as the services do, and a client that follows links or sends the last id. In memory."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cmp_to_key
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from openstackoid.composition import Asker, Composed, Cursors, KnownMarkers, Listing, ListKind, builtin_kinds
from openstackoid.composition.kinds import Kind
from unit.composition.paths import PATHS

Item = dict[str, Any]
NAMES = ["One", "Two", "Three", "Four"]
KEY = bytes(range(64))


def list_kind(name: str) -> ListKind:
    found: Kind | None = builtin_kinds().of(*PATHS[name])
    assert isinstance(found, ListKind)
    return found


@dataclass
class FakeCloud:
    """A list of a service in one cloud, with the service's rules. ``most``: its own maximum of a page.

    ``refuses``: it refuses longer pages than it has. ``numbered``: of items that sort alike, the one made last comes first, as
    with Nova's numbers, which no answer shows. ``collation``: the order of its texts; the usual one is blind to case.
    """

    kind: ListKind
    items: list[Item]
    most: int = 1000
    numbered: bool = False
    refuses: bool = False
    collation: Callable[[str], Any] | None = None
    asked: list[str] = field(default_factory=list)

    def get(self, query: str) -> tuple[int, bytes]:
        """Answer a GET of the list."""
        self.asked.append(query)
        pairs = dict(parse_qsl(query, keep_blank_values=True))
        paging = self.kind.paging
        items = self.ordered(query)
        if self.kind.is_whole:
            return 200, self._document(items, [])
        limit = int(pairs["limit"]) if "limit" in pairs else paging.limit.default or 0
        if limit == 0 and paging.limit.zero == "nothing":
            return 200, self._document([], [])
        if self.refuses and limit > (paging.limit.most or limit):
            return 400, b'{"title": "Invalid API request"}'
        limit = min(limit or len(items), self.most)
        backwards = paging.backwards == "asked" and paging.reverse is not None and pairs.get(paging.reverse, "") == "True"
        marker, ids = pairs.get("marker"), [self.id(item) for item in items]
        begin, end = 0, len(items)
        if paging.marker in ("offset", "link"):
            begin, marker = int(pairs.get("offset" if paging.marker == "offset" else "marker", "0")), None
        if marker is not None and paging.marker == "value":
            descends = pairs.get(paging.reversed_by or "") == "true"
            begin = sum(id_ >= marker if descends else id_ <= marker for id_ in ids)
        elif marker is not None and marker in ids:
            begin, end = (0, ids.index(marker)) if backwards else (ids.index(marker) + 1, end)
        elif marker is not None and paging.unknown_marker == "refused":
            return 400, b'{"badRequest": {"code": 400, "message": "marker not found"}}'
        page = items[max(begin, end - limit) : end] if backwards else items[begin : min(end, begin + limit)]
        # A service that counts knows that it has shown all; others see only that a page is full.
        is_last = paging.marker == "offset" and begin + len(page) == len(items)
        links = [] if is_last else self._links(page, limit, backwards)
        if paging.marker == "link":
            links = [{**link, "href": f"{link['href']}?marker={begin + len(page)}"} for link in links]
        return 200, self._document(page, links)

    def _links(self, page: list[Item], limit: int, backwards: bool) -> list[Item]:
        links = []
        if limit and (len(page) == limit or backwards):
            links.append({"rel": "next", "href": "http://service/next"})
        paging = self.kind.paging
        if paging.reverse is not None and paging.backwards == "asked" and limit and (len(page) == limit or not backwards):
            links.append({"rel": "previous", "href": "http://service/previous"})
        return links

    def _document(self, page: list[Item], links: list[Item]) -> bytes:
        shown: list[Any] = [{self.kind.within: item} for item in page] if self.kind.within else page
        if not self.kind.collection:
            return json.dumps(shown).encode()
        document: Item = {self.kind.collection: shown}
        if self.kind.again is not None:
            document[self.kind.again] = shown
        following = {link["rel"]: link["href"] for link in links}
        match self.kind.paging.next:
            case "top":
                document |= {"first": "/v2/images", "schema": "/v2/schemas/images"} if self.kind.paging.first else {}
                document |= following
            case "object":
                document[self.kind.links] = {"self": "http://service/list", **following}
            case "list" if links:
                document[self.kind.links] = links
        for name in self.kind.paging.counted:
            outer, _, inner = name.partition(".")
            document[outer] = {inner: len(self.items)} if inner else len(self.items)
        return json.dumps(document).encode()

    def id(self, item: Item) -> str:
        return str(item[self.kind.id])

    def ordered(self, query: str = "") -> list[Item]:
        """Return the items in the order that the query asks for, as a database sorts them."""
        items = list(reversed(self.items)) if self.numbered else self.items
        return sorted(items, key=cmp_to_key(self.comparison(query)))

    def comparison(self, query: str) -> Callable[[Item, Item], int]:
        pairs = [(name, part) for name, value in parse_qsl(query) for part in value.split(",")]
        sorts = [part.partition(":") for name, part in pairs if name == "sort"]
        given = [value for name, value in pairs if name == self.kind.paging.sort_keys] + [key for key, _, _ in sorts]
        paging = self.kind.paging
        directions = [value for name, value in pairs if name == paging.sort_dirs] + [direction for _, _, direction in sorts]
        keys = [
            (key, (directions[number : number + 1] or directions[:1] or ["asc"])[0] == "desc") for number, key in enumerate(given)
        ]
        keys = keys or list(self.kind.order)
        if dict(pairs).get(self.kind.paging.reversed_by or "") == "true":
            keys = [(key, not descends) for key, descends in keys]
        ties = keys[0][1] if keys and paging.ties == "as-sorted" else False
        if paging.adds_order:
            keys += [key for key in self.kind.order if key[0] not in dict(keys)]

        def compare(one: Item, other: Item) -> int:
            for key, descends in [*keys, *([] if self.numbered else [(self.kind.id, ties)])]:
                name = self.kind.attributes.get(key, key)
                mine, theirs = one.get(name), other.get(name)
                if mine != theirs and self._folded(mine) != self._folded(theirs):
                    first = theirs is not None and (mine is None or self._folded(mine) < self._folded(theirs))
                    return (1 if first else -1) if descends else (-1 if first else 1)
            return 0

        return compare

    def _folded(self, value: Any) -> Any:
        if self.collation is not None and isinstance(value, str):
            return self.collation(value)
        caseless = self.kind.paging.compare == "caseless" and isinstance(value, str)
        if caseless and self.numbered:
            return value.casefold()
        return (value.casefold(), value) if caseless else value


@dataclass
class Answer:
    """The answer to a client."""

    items: list[Item]
    document: Any
    outcome: Any

    @property
    def ids(self) -> list[str]:
        return [str(item.get("id", item.get("name"))) for item in self.items]

    def link(self, rel: str) -> str | None:
        """Return the query of a link."""
        if not isinstance(self.document, dict):
            return None
        if rel in self.document:
            return urlsplit(self.document[rel]).query
        links: Any = next((value for name, value in self.document.items() if name.endswith("links")), [])
        if isinstance(links, dict):
            return urlsplit(links[rel]).query if rel in links else None
        return next((urlsplit(link["href"]).query for link in links if link["rel"] == rel), None)


@dataclass
class Gateway:
    """A gateway in front of clouds, whose lists are of one kind."""

    kind: ListKind
    clouds: dict[str, FakeCloud]
    user: str = "user"
    known: KnownMarkers = field(default_factory=KnownMarkers)

    def listing(self, query: str, expression: str = "") -> Listing:
        asker = Asker(self.user, Cursors([KEY]), self.known)
        return Listing(self.kind, query, list(self.clouds), expression or " & ".join(self.clouds), asker)

    def get(self, query: str = "", *, strict: bool = False, url: str = "http://gateway/list") -> Answer:
        """Answer a GET of the merged list."""
        listing, body = self.listing(query), b""
        while requests := listing.wanted():
            for request in requests:
                listing.answer(request.cloud, *self.clouds[request.cloud].get(request.query))
            body += listing.chunks()
        body += listing.chunks()
        outcome = listing.outcome(strict=strict)
        if not isinstance(outcome, Composed):
            return Answer([], None, outcome)
        document = json.loads(body + listing.tail(url))
        found = document[self.kind.collection] if self.kind.collection else document
        return Answer([item[self.kind.within] for item in found] if self.kind.within else found, document, outcome)

    def pages(self, query: str = "", rel: str = "next", between: Callable[[], None] = lambda: None) -> Iterator[Answer]:
        """Follow links to the end."""
        following: str | None = query
        while following is not None:
            answer = self.get(following)
            yield answer
            following = answer.link(rel)
            between()

    def pages_by_id(self, limit: int, query: str = "") -> Iterator[Answer]:
        """Send the last id as the marker until a page is empty, as clients without links do."""
        marker = ""
        while True:
            answer = self.get(f"{query}&limit={limit}" + (f"&marker={marker}" if marker else ""))
            if not answer.items:
                return
            yield answer
            marker = str(answer.items[-1][self.kind.id])

    def whole(self, query: str = "") -> list[tuple[str, str]]:
        """Return cloud and id of every item, sorted as one list."""
        clouds = list(self.clouds)
        first = next(iter(self.clouds.values()))
        compare = first.comparison(query)
        merged = [(number, item) for number, cloud in enumerate(self.clouds.values()) for item in cloud.items]

        def compare_across(one: tuple[int, Item], other: tuple[int, Item]) -> int:
            return compare(one[1], other[1]) or one[0] - other[0]

        merged.sort(key=cmp_to_key(compare_across))
        return [(clouds[number], first.id(item)) for number, item in merged]


def tagged(items: Sequence[Item], id_: str = "id") -> list[tuple[str, str]]:
    """Return cloud and id of each item of an answer."""
    return [(item["os_scope_cloud"], item[id_]) for item in items]


def uuid(number: int) -> str:
    # Spread, so that the order of ids is not that of their creation.
    return str(UUID(int=number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128))


def item(kind: ListKind, number: int, age: int, name: str) -> Item:
    made: Item = {"name": name, kind.id: uuid(number)}
    if kind.service == "object-store":
        made = {"name": f"{name}{number}", "count": number}
    for key, _ in kind.order:
        if key not in ("flavorid", "name", "id"):
            made[kind.attributes.get(key, key)] = f"2026-01-01T00:00:{age:02}Z"
    return made


def gateway(kind: ListKind, sizes: list[int], most: int = 1000) -> Gateway:
    """Return clouds with so many items each, of many ages and names."""
    clouds, number = {}, 0
    for name, size in zip(NAMES, sizes, strict=False):
        items = []
        for _ in range(size):
            number += 1
            items.append(item(kind, number, number * 7 % 5, "abAB"[number % 4]))
        clouds[name] = FakeCloud(kind, items, most)
    return Gateway(kind, clouds)


def shown(gate: Gateway, pages: list[Any]) -> list[tuple[str, str]]:
    return [entry for page in pages for entry in tagged(page.items, gate.kind.id)]


def by_pages(gate: Gateway, limit: int, query: str = "") -> list[Any]:
    links = gate.kind.paging.next != "none" and gate.kind.collection
    return list(gate.pages(f"{query}&limit={limit}") if links else gate.pages_by_id(limit, query))
