# SPDX-License-Identifier: Apache-2.0
"""The list of one cloud as a stream of items, in the direction of a page. Pages are asked for and come in; no I/O."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

from openstackoid.composition.cut import Place, Position
from openstackoid.composition.errors import Failure, Fault
from openstackoid.composition.page import Item, Page, PageReader, Rewrite
from openstackoid.composition.query import BATCH, ListQuery
from openstackoid.composition.replay import Replay
from openstackoid.composition.ties import Side

MOST_PAGES = 1000
"""Pages of one cloud for one answer, at most: a million items. A service with more of them never ends."""

_OK = range(200, 300)
_UNKNOWN_MARKER = (400, 404)


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The query of the page that a branch needs next."""

    cloud: str
    query: str = field(repr=False)


class _Walk(Enum):
    """The state of a branch.

    ``MARKED``: the next answer shows whether the cloud knows the marker. ``SEEK``: items pass until the place is found by an id
    beside it, ``COMPARE``: by the order. ``PASS``: all items pass. ``ON``: all items count.
    """

    MARKED = auto()
    SEEK = auto()
    COMPARE = auto()
    PASS = auto()
    ON = auto()


class Branch:
    """The items of one cloud from a place on.

    ``number``: of the cloud in the scope's expression. ``passing`` is told each item before the place, if the list is walked
    from its start: always if ``from_start``.
    """

    def __init__(
        self,
        query: ListQuery,
        cloud: tuple[int, str, int],
        place: Place,
        position: Position | None,
        passing: Callable[[Item, int], None],
        *,
        rewrite: Rewrite | None = None,
        from_start: bool = False,
    ) -> None:
        self.number, self.cloud, self._clouds = cloud
        self.failure: Failure | None = None
        self.others: dict[str, object] | None = None
        self._query = query
        self._reader = PageReader(query, self.cloud, self._clouds, rewrite)
        self._position = position
        self._place = place
        self._passing = passing
        self._buffer: deque[Item] = deque()
        self._before: set[str] = set()
        self._pages: set[tuple[str, str]] = set()
        self._asked = self._taken = False
        self._read = 0
        self._replay: Replay | None = None
        self._ties = Replay.of(query, position, self.number)
        backwards = query.backwards
        self._passed, self._ahead = (place.after, place.before) if backwards else (place.before, place.after)
        self._untouched = place.at_end if backwards else place.at_start
        self._finished = place.at_start if backwards else place.at_end
        self._walk = self._first_walk(from_start or query.kind.walks_from_start or query.kind.is_whole)
        self._more = self._walk is not _Walk.ON or not self._finished
        self._marker = self._passed if self._walk in (_Walk.MARKED, _Walk.ON) else None

    def _first_walk(self, from_start: bool) -> _Walk:
        if self._finished:
            return _Walk.PASS if from_start else _Walk.ON
        if self._untouched or self._query.kind.paging.marker == "value":
            return _Walk.ON
        if from_start or self._passed is None:
            return _Walk.SEEK
        return _Walk.MARKED

    @property
    def head(self) -> Item | None:
        """The next item, or None if the branch is at its end, has failed, or needs a page."""
        return self._buffer[0] if self._buffer and self.failure is None else None

    @property
    def done(self) -> bool:
        """Whether no item will follow."""
        return self.failure is not None or not (self._buffer or self._more)

    @property
    def answered(self) -> bool:
        """Whether the cloud was asked at least once and answered, or need not be asked."""
        return self._asked or self.done

    def wanted(self, most: int | None = None) -> PageRequest | None:
        """Return the page that the branch needs before it has a head, or None. ``most``: items that it may still need."""
        if self._buffer or self.done:
            return None
        batch = self._query.batch(self._clouds, most if self._asked else None)
        if batch and self._walk not in (_Walk.MARKED, _Walk.ON):
            batch = max(batch, self._largest())
        return PageRequest(self.cloud, self._query.branch(batch, self._marker))

    def _largest(self) -> int:
        return min(BATCH, self._query.kind.paging.limit.most or BATCH)

    def take(self) -> Item:
        """Return the head, which the place is behind from now on."""
        item = self._buffer.popleft()
        self._passed, self._untouched, self._taken = item.id, False, True
        return item

    def place(self) -> Place:
        """Return the place before the head."""
        if self.failure is not None and not self._taken:
            return self._place
        head = self.head
        ahead = head.id if head is not None else None
        at_far_end = self.failure is None and self.done
        if self._query.backwards:
            return Place(ahead, self._passed, at_start=at_far_end, at_end=self._untouched)
        return Place(self._passed, ahead, at_start=self._untouched, at_end=at_far_end)

    def fail(self, failure: Failure) -> None:
        """Take a failure in place of an answer. The branch is at its end."""
        self.failure, self._asked = failure, True
        self._buffer.clear()

    def answer(self, status: int, body: bytes, cloud: str | None = None) -> None:
        """Take the answer to the request that was wanted; ``cloud``: that answered, if the branch has several."""
        self._asked = True
        if self._walk is _Walk.MARKED and status in _UNKNOWN_MARKER:
            self._restart(_Walk.SEEK)
            return
        if status not in _OK:
            self.fail(Failure(self.cloud, Fault.STATUS, status))
            return
        page = self._reader.read(body, cloud)
        if isinstance(page, Failure):
            self.fail(page)
        elif len(self._pages) >= MOST_PAGES:
            self.fail(Failure(self.cloud, Fault.ENDLESS, detail=f"{MOST_PAGES} and more"))
        else:
            self._page(page)

    def _page(self, page: Page) -> None:
        if self.others is None:
            self.others = dict(page.others)
        if self._walk is _Walk.MARKED:
            if not self._is_after_marker(page):
                self._restart(_Walk.SEEK)
                return
            self._walk = _Walk.ON
        fresh = self._fresh(page)
        # A service that does not page, or that starts again, ends where nothing is new.
        self._more = page.more and bool(fresh)
        self._read += len(page.items)
        if fresh:
            self._marker = self._next_marker(page, fresh[-1])
        self._buffer.extend(self._from_place(fresh))
        if not self._more and self._walk in (_Walk.SEEK, _Walk.COMPARE):
            self._not_found()

    def _is_after_marker(self, page: Page) -> bool:
        """Return whether a page goes on behind the marker that was sent.

        Some services answer an unknown marker with no items. Nova pages keypairs from microversion 2.35 on, and lists all before.
        """
        if not self._query.kind.equal:
            return bool(page.items) or self._ahead is None
        items = list(reversed(page.items) if self._is_turned else page.items)
        return bool(items) and items[0].id == self._ahead

    @property
    def _is_turned(self) -> bool:
        return self._query.backwards and not self._query.is_sorted_backwards

    def _next_marker(self, page: Page, last: Item) -> str | None:
        match self._query.kind.paging.marker:
            case "offset":
                return str(self._read)
            case "link":
                return page.marker
        return last.id

    def _fresh(self, page: Page) -> list[Item]:
        """Return the items of a page in the walk's direction, without those that came before: on it, or on the page before.

        A page that came before as a whole has none.
        """
        items = list(reversed(page.items) if self._is_turned else page.items)
        if self._query.kind.is_whole or not items:
            return items
        ends = (items[0].id, items[-1].id)
        if ends in self._pages:
            return []
        self._pages.add(ends)
        fresh = {item.id: item for item in reversed(items) if not (item.id in self._before or self._is_marker(item))}
        self._before = {item.id for item in items}
        return list(reversed(fresh.values()))

    def _is_marker(self, item: Item) -> bool:
        return self._walk is _Walk.ON and item.id == self._marker and self._query.kind.paging.marker == "id"

    def _from_place(self, items: list[Item]) -> Iterator[Item]:
        """Return the items after the place; all that come before it pass."""
        for item in items:
            match self._walk:
                case _Walk.ON if not self._is_known_tie(item):
                    yield item
                    continue
                case _Walk.SEEK if item.id == self._passed:
                    self._walk = _Walk.ON
                case _Walk.SEEK if item.id == self._ahead:
                    self._walk = _Walk.ON
                    yield item
                    continue
                case _Walk.COMPARE if self._replay is not None and (side := self._replay.side(item)) is not Side.BEFORE:
                    if self._replay.is_lost:
                        self._place_lost()
                        return
                    if side is Side.AFTER:
                        self._walk = _Walk.ON
                    yield item
                    continue
            self._passing(item, self.number)

    def _is_known_tie(self, item: Item) -> bool:
        """Return whether an item behind the place came before: one of its ties was made since, and has the place before all."""
        if self._ties is None:
            return False
        if not self._ties.is_tie(item):
            self._ties = None
            return False
        return self._ties.knows(item)

    def _not_found(self) -> None:
        """Look for the place by the order, for the items beside it are gone."""
        if self._replay is None:
            self._replay = Replay.of(self._query, self._position, self.number)
            if self._replay is None:
                self._place_lost()
            else:
                self._restart(_Walk.COMPARE)
        elif self._replay.is_lost:
            self._place_lost()

    def _place_lost(self) -> None:
        self.fail(Failure(self.cloud, Fault.PLACE_LOST))

    def _restart(self, walk: _Walk) -> None:
        self._walk, self._marker, self._more, self._read = walk, None, True, 0
        self._before, self._pages = set(), set()
        self._buffer.clear()
