# SPDX-License-Identifier: Apache-2.0
"""One page of a merged list, made of pages of its branches as they come. No I/O.

``wanted`` says the pages that are needed now; ``answer`` and ``fail`` take the outcomes; ``items`` returns the items that are
certain by then. Memory holds a page of each cloud.
"""

from collections.abc import Iterator, Sequence

from openstackoid.composition.branch import Branch, PageRequest
from openstackoid.composition.claims import Claims
from openstackoid.composition.consumed import Consumed
from openstackoid.composition.cut import Cut
from openstackoid.composition.documents import counted
from openstackoid.composition.errors import CompositionError, Failure
from openstackoid.composition.page import Item, Rewrite
from openstackoid.composition.query import ListQuery
from openstackoid.composition.seen_items import SeenItems
from openstackoid.composition.things import Things

MOST_SKIPPED = 20_000
"""Items that are passed over to find a plain id, or an offset, at most."""


class Merge:
    """A page of a merged list from a cut on.

    Of equal things it has the first in the order of the list, of any cloud: a later page alone shows whether an earlier cloud of
    the scope has it, too. So a cloud may hide the equal thing of another behind an id of its own.

    ``after``: the id of the item with which the page before ended, if no cut is known. ``shown``: the things of the pages before;
    if that is not known, all that the clouds list before the cut counts as shown.
    """

    def __init__(
        self,
        query: ListQuery,
        clouds: Sequence[str],
        cut: Cut,
        after: str | None = None,
        *,
        rewrite: Rewrite | None = None,
        shown: Things | None = None,
    ) -> None:
        self._query = query
        self._clouds = tuple(clouds)
        self._after = after
        self._offset = query.offset
        self._skipped = 0
        self._count = self._repeated = 0
        self._seen = SeenItems(self._clouds, shown or Things())
        is_blind = shown is None and bool(query.kind.equal)
        walks = is_blind or query.kind.walks_from_start or all(place.at_start for place in cut.places)
        self._from_start = not query.backwards and walks
        passing = self._seen.remember if is_blind else self._seen.claim
        self._start: Cut | None = None
        self._consumed = Consumed(query.order, cut, backwards=query.backwards)
        self._branches = {
            cloud: Branch(
                query,
                (number, cloud, len(clouds)),
                cut.places[number],
                cut.position,
                passing,
                rewrite=rewrite,
                from_start=is_blind,
            )
            for number, cloud in enumerate(clouds)
        }

    def wanted(self) -> list[PageRequest]:
        """Return the requests to send now, side by side; none if the page is finished."""
        if self.finished:
            return []
        most = self._most()
        return [request for branch in self._branches.values() if (request := branch.wanted(most)) is not None]

    def _most(self) -> int | None:
        """Return the items that the page may still need of a cloud, or None for a list without a limit.

        One more shows whether others follow. As many as were passed over by now may be passed over again.
        """
        limit = self._query.limit
        return None if limit is None else limit - self._count + self._offset + self._repeated + self._skipped + 1

    def answer(self, branch: str, status: int, body: bytes, cloud: str | None = None) -> None:
        """Take the answer of a branch; see :meth:`Branch.answer`."""
        self._branches[branch].answer(status, body, cloud)

    def fail(self, failure: Failure) -> None:
        """Take the failure of a cloud to answer."""
        self._branches[failure.cloud].fail(failure)

    @property
    def begun(self) -> bool:
        """Whether every cloud has answered, or failed, once."""
        return all(branch.answered for branch in self._branches.values())

    @property
    def finished(self) -> bool:
        """Whether the page is complete, once its items were taken."""
        branches = self._branches.values()
        if not self.begun:
            return False
        if self._is_full and self._query.kind.equal:
            # Whether more follows shows only in items that are not the same things as earlier ones.
            return all(branch.done or branch.head is not None for branch in branches)
        return self._is_full or all(branch.done for branch in branches)

    @property
    def _is_full(self) -> bool:
        return self._query.limit is not None and self._count >= self._query.limit

    @property
    def failures(self) -> list[Failure]:
        """The failures, in the order of the clouds."""
        return [branch.failure for branch in self._branches.values() if branch.failure is not None]

    @property
    def more(self) -> bool:
        """Whether items may follow in the direction of the page, of clouds that have not failed."""
        return any(not branch.done for branch in self._branches.values())

    @property
    def others(self) -> dict[str, object]:
        """The rest of the documents: of the first cloud that has it, and sums of what is counted."""
        found: dict[str, object] = {}
        for branch in self._branches.values():
            for name, value in (branch.others or {}).items():
                found[name] = counted(self._query.kind.paging.counted, name, found[name], value) if name in found else value
        return found

    @property
    def is_whole(self) -> bool:
        """Whether all items of all clouds have been seen, in a list without a filter."""
        return self._from_start and self._query.is_unfiltered and self.begun and not self.failures and not self.more

    @property
    def shown(self) -> Things:
        """The things of the pages before and of this one."""
        return self._seen.shown

    @property
    def claims(self) -> Claims:
        """The clouds of the items by now."""
        return self._seen.claims

    def start(self) -> Cut:
        """Return the cut at which the page begins, once it is finished."""
        return self._start or self._cut()

    def end(self) -> Cut:
        """Return the cut at which the page ends, once it is finished."""
        return self._cut()

    @property
    def last(self) -> str | None:
        """The id of the page's last item, if it has one."""
        return self._consumed.last if self._count else None

    def items(self) -> Iterator[str]:
        """Return the JSON of the items that can be told by now, in the direction of the page.

        Raises :class:`CompositionError` if the item to begin after is not found.
        """
        if not self.begun:
            return
        while (branch := self._next()) is not None:
            head = branch.head
            if head is None:
                break
            if self._seen.is_repeated(head, branch.number):
                self._pass_over(head, branch)
                continue
            if self._is_full:
                break
            if self._after is None and self._offset == 0 and self._start is None:
                self._start = self._cut()
            branch.take()
            self._seen.remember(head, branch.number)
            self._consumed.add(head, branch.number)
            if not self._is_skipped(head):
                self._count += 1
                yield head.text
        if self._after is not None and all(branch.done for branch in self._branches.values()):
            if self._query.kind.paging.unknown_marker == "last":
                return
            raise _not_found(self._after, all_answered=not self.failures)

    def _pass_over(self, head: Item, branch: Branch) -> None:
        """Leave out an item that another cloud has, too; a marker may be its id all the same."""
        self._seen.claim(head, branch.number)
        branch.take()
        self._repeated += 1
        if not self._is_full:
            self._consumed.hide(head, branch.number)
        if head.id == self._after:
            self._after = None

    def _next(self) -> Branch | None:
        """Return the branch with the next item; None if a branch needs a page, or all are at their end."""
        chosen: Branch | None = None
        for branch in self._branches.values():
            if branch.done:
                continue
            if branch.head is None:
                return None
            if chosen is None or self._precedes(branch, chosen):
                chosen = branch
        return chosen

    def _precedes(self, branch: Branch, other: Branch) -> bool:
        mine, theirs = branch.head, other.head
        if mine is None or theirs is None:
            return False
        # Of keys that are equal, the first cloud's item is the first in the list, so the last one on the way back.
        return mine.key >= theirs.key if self._query.backwards else mine.key < theirs.key

    def _is_skipped(self, item: Item) -> bool:
        if self._after is None and self._offset == 0:
            return False
        self._skipped += 1
        if self._skipped > MOST_SKIPPED:
            raise CompositionError(400, f"marker: it is more than {MOST_SKIPPED} items away; follow the link 'next' instead")
        if self._after is None:
            self._offset -= 1
        elif item.id == self._after:
            self._after = None
        return True

    def _cut(self) -> Cut:
        places = tuple(branch.place() for branch in self._branches.values())
        return Cut(places, self._consumed.position(places, [branch.head for branch in self._branches.values()]))


def _not_found(marker: str, *, all_answered: bool) -> CompositionError:
    where = "any cloud of the scope" if all_answered else "any cloud of the scope that answered to the end"
    return CompositionError(400, f"marker [{marker}] not found in {where}")
