# SPDX-License-Identifier: Apache-2.0
"""One request for a merged list, from its query to the bytes of its answer. No I/O: an executor sends what is wanted.

    listing = Listing(kind, query, clouds, expression, asker)
    while requests := listing.wanted():
        ...  # send them side by side; then listing.answer(cloud, status, body) or listing.fail(failure) for each
        body += listing.chunks()
    outcome = listing.outcome(strict=False)
    body += listing.tail(url)

The body counts if the outcome is :class:`Composed`. A page without a limit may be sent while it is made, from ``begun`` on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from openstackoid.composition.branch import PageRequest
from openstackoid.composition.claims import Claims
from openstackoid.composition.cursor import Cursors, is_cursor, refused_marker
from openstackoid.composition.cut import Cut, Place
from openstackoid.composition.documents import written
from openstackoid.composition.errors import CompositionError, Failure
from openstackoid.composition.kinds import ListKind
from openstackoid.composition.known_markers import KnownMarkers
from openstackoid.composition.merge import Merge
from openstackoid.composition.outcomes import Outcome, composed_outcome, refusal
from openstackoid.composition.page import Rewrite
from openstackoid.composition.query import ListQuery

_LONGEST_MARKER = 1024
"""Bytes of a marker that is the id or the name of an item."""


@dataclass(frozen=True, slots=True)
class Asker:
    """The user whose list it is, by an id that no other user has, and the memory of markers.

    The id of a user in the store of the gateway's cloud with that of the project is one; a token is not, for it changes.
    """

    user: str
    cursors: Cursors = field(repr=False)
    known: KnownMarkers = field(repr=False)


class Listing:
    """A request for a page of a merged list.

    ``clouds``: those of the scope, in its order; ``expression``: its canonical form. ``rewrite`` takes a cloud and an item,
    parsed, and returns the item with its links rewritten. Raises :class:`CompositionError` for a query or a marker that is not
    accepted. ``waiting``: the bytes that :meth:`chunks` keeps, those of a page backwards or of items that the answer has again.
    ``plain``: the answer is plain text, a line for each item, without clouds.
    """

    def __init__(
        self,
        kind: ListKind,
        query: str,
        clouds: Sequence[str],
        expression: str,
        asker: Asker,
        *,
        rewrite: Rewrite | None = None,
        plain: bool = False,
    ) -> None:
        self._query = ListQuery.parse(kind, query, plain=plain)
        self._clouds = tuple(clouds)
        self._asker = asker
        self._digest = self._query.digest(expression)
        self._refused: CompositionError | None = None
        self._waiting: list[str] = []
        self._again: list[str] = []
        self.waiting = 0
        self._sent = False
        self._begin, after = self._beginning()
        shown = asker.known.shown.find(asker.user, self._digest, self._begin) if kind.equal and after is None else None
        self._merge = Merge(self._query, self._clouds, self._begin, after, rewrite=rewrite, shown=shown)

    def _beginning(self) -> tuple[Cut, str | None]:
        """Return the cut to begin at, and the id of an item to look for after it."""
        marker, clouds = self._query.marker, len(self._clouds)
        usual = Cut.at_end(clouds) if self._query.backwards else Cut.at_start(clouds)
        if marker is None:
            return usual, None
        if is_cursor(marker):
            return self._asker.cursors.open(marker, self._asker.user, self._digest, clouds), None
        if len(marker.encode("utf-8", "surrogatepass")) > _LONGEST_MARKER:
            raise refused_marker(f"it has more than {_LONGEST_MARKER} bytes")
        found = None if self._query.backwards else self._asker.known.find(self._asker.user, self._digest, marker)
        if found is not None:
            return found, None
        if self._query.kind.paging.marker == "value":
            return Cut((Place(before=marker),) * clouds), None
        return usual, marker

    def wanted(self) -> list[PageRequest]:
        """Return the requests to send now, side by side; none once the page is made."""
        return [] if self._refused is not None else self._merge.wanted()

    def answer(self, branch: str, status: int, body: bytes, cloud: str | None = None) -> None:
        """Take the answer of a branch; ``cloud``: that answered, if the branch has several in turn."""
        self._merge.answer(branch, status, body, cloud)

    def fail(self, failure: Failure) -> None:
        """Take the failure of a cloud to answer."""
        self._merge.fail(failure)

    @property
    def begun(self) -> bool:
        """Whether every cloud has answered, or failed, once: an outcome of now holds for the head of a streamed answer."""
        return self._merge.begun

    @property
    def is_unlimited(self) -> bool:
        """Whether the page is as long as the list."""
        return self._query.limit is None

    def chunks(self) -> bytes:
        """Return the part of the body that can be told by now."""
        try:
            texts = list(self._merge.items())
        except CompositionError as error:
            self._refused = error
            return b""
        if self._query.backwards:
            self._waiting += texts
            self.waiting += sum(map(len, texts))
            return b""
        return self._joined(texts)

    def _joined(self, texts: Sequence[str]) -> bytes:
        if not texts:
            return b""
        if self._query.plain:
            return "".join(texts).encode("utf-8")
        collection = self._query.kind.collection
        opening = "," if self._sent else f"{{{written(collection)}:[" if collection else "["
        self._sent = True
        if self._query.kind.again is not None:
            self._again += texts
            self.waiting += sum(map(len, texts))
        return (opening + ",".join(texts)).encode("ascii")

    def outcome(self, *, strict: bool) -> Outcome:
        """Return the outcome by now; the final one once nothing is wanted."""
        if self._refused is not None:
            return refusal(self._refused)
        return composed_outcome(self._clouds, self._merge.failures, strict=strict)

    def tail(self, url: str) -> bytes:
        """Return the end of the body. ``url``: of the list as the client called it, without its query; for Glance, its path.

        Raises :class:`CompositionError` where the ids around the end of the page are too long for a link.
        """
        self._waiting.reverse()
        whole = self._joined(self._waiting) if self._query.backwards else b""
        collection = self._query.kind.collection
        if self._query.plain:
            self._remember()
            return whole
        if not self._sent:
            whole = f"{{{written(collection)}:[".encode("ascii") if collection else b"["
        self._remember()
        if not collection:
            return whole + b"]"
        rest = self._merge.others | self._links(url)
        ending = "".join(f",{written(name)}:{written(value)}" for name, value in rest.items())
        if self._query.kind.again is not None:
            ending += f",{written(self._query.kind.again)}:[{','.join(self._again)}]"
        return whole + f"]{ending}}}".encode("ascii")

    @property
    def claims(self) -> Claims:
        """The clouds of the items by now."""
        return self._merge.claims

    @property
    def is_whole(self) -> bool:
        """Whether all items of all clouds have been seen: each cloud denies what others list, and it does not."""
        return self._refused is None and self._merge.is_whole

    def _remember(self) -> None:
        merge, known, user = self._merge, self._asker.known, self._asker.user
        if merge.last is None or self._query.backwards:
            return
        end = merge.end()
        known.remember(user, self._digest, merge.last, end)
        if self._query.kind.equal and not self.is_unlimited:
            known.shown.remember(user, self._digest, (self._begin, end), merge.shown)

    def _links(self, url: str) -> dict[str, object]:
        kind = self._query.kind
        found: dict[str, object] = dict(self._directions(url))
        match kind.paging.next:
            case "list" | "whole":
                return {kind.links: [{"rel": rel, "href": href} for rel, href in found.items()]} if found else {}
            case "object":
                return {kind.links: {"self": self._url(url, self._query.link(self._query.marker)), **found}}
            case "top":
                return {"first": self._url(url, self._query.link(None)), **found} if kind.paging.first else found
        return {}

    def _directions(self, url: str) -> Iterator[tuple[str, str]]:
        """Return the links to the next and the previous page, where there are any."""
        if self._query.limit is None or self._query.limit == 0:
            return
        merge, backwards = self._merge, self._query.backwards
        reverse = self._query.kind.paging.reverse is not None
        before, after = (merge.end(), merge.start()) if backwards else (merge.start(), merge.end())
        if merge.more if not backwards else any(not place.at_end for place in after.places):
            yield "next", self._url(url, self._query.link(self._sealed(after)))
        if reverse and (merge.more if backwards else any(not place.at_start for place in before.places)):
            yield "previous", self._url(url, self._query.link(self._sealed(before), backwards=True))

    def _sealed(self, cut: Cut) -> str:
        try:
            return self._asker.cursors.seal(cut, self._asker.user, self._digest)
        except ValueError:
            message = f"the ids around the page are too long for a link to another page of {len(self._clouds)} clouds"
            raise CompositionError(400, f"{message}; a scope of fewer clouds is accepted") from None

    @staticmethod
    def _url(url: str, query: str) -> str:
        return f"{url}?{query}" if query else url
