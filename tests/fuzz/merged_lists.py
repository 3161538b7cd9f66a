# SPDX-License-Identifier: Apache-2.0
"""Cursors that are nearly right, and clouds that answer a list with anything."""

import json
from typing import Any

from hypothesis import strategies as st

from fuzz.documents import bodies
from fuzz.mutations import mutated, mutated_bytes
from fuzz.target import Target, pure
from openstackoid.composition import Asker, Composed, CompositionError, Cursors, KnownMarkers, Listing, ListKind, builtin_kinds
from openstackoid.composition.cut import Cut, Place, Position
from openstackoid.composition.query import ListQuery
from openstackoid.composition.ties import Ties

KEY = bytes(64)
CURSORS = Cursors([KEY])
DIGEST = b"a digest"
_FEW = ("/queues", "/types", "/backups", "/workflows", "/os-simple-tenant-usage")
_PATHS = ("/servers/detail", "/images", "/networks", "/os-keypairs", "", "/zones", "/secrets", "/shares/detail", *_FEW)
KINDS = [kind for kind in builtin_kinds().lists() if kind.path in _PATHS]
_IDS = st.none() | st.uuids().map(str) | st.text(max_size=20)
_VALUES = st.none() | st.integers() | st.text(max_size=20) | st.booleans()
_PLACES = st.tuples(_IDS, _IDS, st.booleans(), st.booleans())
_POSITIONS = st.none() | st.tuples(
    st.lists(_VALUES, max_size=3).map(tuple),
    st.text(max_size=9),
    st.integers(0, 7),
    st.booleans(),
    st.builds(Ties, st.binary(max_size=700), st.booleans()),
)
_CHARACTERS = "ABab01-_.=~é\ud800 \x00"
_PIECES = [
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b'"',
    b"null",
    b"1e999",
    b"NaN",
    b'"id"',
    b'"rel"',
    b'"next"',
    b"[" * 2000,
    b"\xff",
]
_USUAL_IDS: st.SearchStrategy[Any] = st.sampled_from(["a", "b", "c", "1", "", None, 7, True, [], {}])
_USUAL_TIMES: st.SearchStrategy[Any] = st.sampled_from(["2026", "2025", None, 1, 1.5, True, [], {"x": 1}])


def check_cursor(given: tuple[list[tuple[Any, ...]], tuple[Any, ...] | None, str, str, bytes]) -> None:
    """A cursor comes back whole, or is refused; nothing else is opened."""
    places, position, user, text, other = given
    cut = Cut(tuple(Place(*place) for place in places), None if position is None else Position(*position))
    sealed = CURSORS.seal(cut, user, DIGEST)
    assert CURSORS.seal(cut, user, DIGEST) == sealed, "the same cut has the same cursor"
    assert CURSORS.open(sealed, user, DIGEST, len(cut.places)) == cut, "a cut comes back whole"
    for marker, who, digest, clouds in (
        (text, user, DIGEST, len(cut.places)),
        (sealed[:-1], user, DIGEST, len(cut.places)),
        (sealed, user + "x", DIGEST, len(cut.places)),
        (sealed, user, other, len(cut.places)),
        (sealed, user, DIGEST, len(cut.places) + 1),
    ):
        if (marker, who, digest, clouds) != (sealed, user, DIGEST, len(cut.places)):
            assert _refused(marker, who, digest, clouds), "a cursor is for one user and one list"


def _refused(marker: str, user: str, digest: bytes, clouds: int) -> bool:
    try:
        CURSORS.open(marker, user, digest, clouds)
    except CompositionError as error:
        assert error.status == 400
        assert len(str(error)) < 300, "an error is short"
        return True
    return False


@st.composite
def pages(draw: st.DrawFn, kind: ListKind) -> tuple[int, bytes]:
    """A status and a page of a cloud: nearly right, or any body."""
    status = draw(st.sampled_from([200, 200, 200, 200, 400, 401, 404, 500]))
    if draw(st.integers(0, 5)) == 0:
        return status, draw(bodies())
    items = draw(
        st.lists(st.fixed_dictionaries({kind.id: _USUAL_IDS, "created": _USUAL_TIMES, "created_at": _USUAL_TIMES}), max_size=4)
    )
    shown: Any = [{kind.within: item} for item in items] if kind.within else items
    links: Any = draw(
        st.sampled_from([[{"rel": "next", "href": "x"}], [], None, [{"rel": "previous"}], [1], "x", {"next": "x"}, {"next": 1}])
    )
    document = (
        {kind.collection: shown, kind.links: links, "next": draw(st.sampled_from(["/v2", None, 1]))} if kind.collection else shown
    )
    data = json.dumps(document).encode()
    return status, draw(mutated_bytes(data, _PIECES, 2)) if draw(st.booleans()) else data


@st.composite
def requests(draw: st.DrawFn) -> tuple[int, str, list[tuple[int, bytes]]]:
    """A kind, a query, and the answers of clouds in turn."""
    number = draw(st.integers(0, len(KINDS) - 1))
    query = draw(
        st.sampled_from(
            ["", "limit=1", "limit=2", "limit=0", "limit=2&page_reverse=True", "sort_key=x&sort_dir=desc&limit=3", "sort=a:b,c"]
        )
    )
    query += draw(
        st.sampled_from(["", "&marker=a", "&marker=scope1.A", "&offset=1", "&limit=x", "&fields=name", "&marker=%FF%00"])
    )
    query = draw(mutated(query, "&=%0aZ\x00é", 2)) if draw(st.booleans()) else query
    return number, query, draw(st.lists(pages(KINDS[number]), min_size=1, max_size=8))


def check_merge(given: tuple[int, str, list[tuple[int, bytes]]]) -> None:
    """Whatever clouds answer: JSON with at most the limit's items, each with its cloud, or an outcome; and an end."""
    number, query, answers = given
    kind, clouds, sent = KINDS[number], ("One", "Two"), 0
    try:
        listing = Listing(kind, query, clouds, "One & Two", Asker("user", CURSORS, KnownMarkers()))
    except CompositionError as error:
        assert error.status == 400, "a query is refused with 400"
        return
    body = b""
    while asked := listing.wanted():
        for request in asked:
            assert request.cloud in clouds
            # Each cloud answers in its turn, and then with what it said last.
            status, page = answers[min(sent, len(answers) - 1)]
            sent += 1
            listing.answer(request.cloud, status, page)
        body += listing.chunks()
        assert sent < 100, "a cloud that repeats itself comes to an end"
    body += listing.chunks()
    if not isinstance(listing.outcome(strict=False), Composed):
        return
    document = json.loads(body + listing.tail("http://gateway/list"))
    items = document[kind.collection] if kind.collection else document
    assert all((item[kind.within] if kind.within else item)["os_scope_cloud"] in clouds for item in items), (
        "an item says its cloud"
    )
    limit = ListQuery.parse(kind, query).limit
    assert limit is None or len(items) <= limit, "no page is longer than its limit"


CURSOR = Target(
    "cursor",
    "a cursor comes back whole for its user and its list, and nothing else is opened",
    st.tuples(
        st.lists(_PLACES, max_size=8),
        _POSITIONS,
        st.text(max_size=9),
        st.text(_CHARACTERS, max_size=80).map("scope1.{}".format) | st.text(max_size=20),
        st.binary(min_size=8, max_size=8),
    ),
    pure(check_cursor),
    short=150,
)
MERGE = Target(
    "merge",
    "whatever clouds answer: a merged list that says the cloud of each item, or an error; and an end",
    requests(),
    pure(check_merge),
    short=200,
)
