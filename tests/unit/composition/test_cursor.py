# SPDX-License-Identifier: Apache-2.0
"""A cursor comes back for its user and its list only."""

from uuid import UUID

import pytest

from openstackoid.composition import CompositionError, Cursors
from openstackoid.composition.cut import END, START, Cut, Place, Position
from openstackoid.composition.ties import Ties
from unit.composition.clouds import KEY, Gateway, gateway, list_kind

DIGEST = b"12345678"
ID = str(UUID(int=7))
CUT = Cut(
    (START, END, Place(ID, str(UUID(int=8))), Place("grüße", None), Place(None, ID.upper()[:35] + "A")),
    Position(("2026-01-01T00:00:00Z", None, 3), ID, 2, is_after=True, ties=Ties(are_all=True).then(2, ID)),
)


def test_a_cut_comes_back_whole() -> None:
    cursors = Cursors([KEY])
    text = cursors.seal(CUT, "user", DIGEST)
    assert cursors.open(text, "user", DIGEST, 5) == CUT
    assert cursors.seal(CUT, "user", DIGEST) == text, "the same cut has the same cursor"


def test_a_cursor_of_eight_clouds_is_short() -> None:
    place = Place(ID, str(UUID(int=2**127)))
    text = Cursors([KEY]).seal(Cut((place,) * 8, Position(("2026-01-01T00:00:00Z",), ID, 2)), "u", DIGEST)
    assert len(text) < 550


def test_another_key_opens_what_it_has_sealed_before() -> None:
    text = Cursors([KEY]).seal(CUT, "user", DIGEST)
    assert Cursors([bytes(64), KEY]).open(text, "user", DIGEST, 5) == CUT
    with pytest.raises(CompositionError, match="this gateway did not give it to this user"):
        Cursors([bytes(64)]).open(text, "user", DIGEST, 5)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text[:-1], "or it was changed"),
        (lambda text: text[:30], "or it was changed"),
        (lambda text: text + "A", "or it was changed"),
        (lambda text: text[:40] + ("A" if text[40] != "A" else "B") + text[41:], "or it was changed"),
        (lambda _: "scope1.", "or it was changed"),
        (lambda text: text + "=", "or it was changed"),
        (lambda _: "scope1." + "é" * 10, "or it was changed"),
        (lambda _: "scope1." + "A" * 10_000, "or it was changed"),
    ],
)
def test_a_forged_or_cut_cursor_is_refused(change: object, words: str) -> None:
    assert callable(change)
    text = change(Cursors([KEY]).seal(CUT, "user", DIGEST))
    with pytest.raises(CompositionError, match=words) as raised:
        Cursors([KEY]).open(text, "user", DIGEST, 5)
    assert raised.value.status == 400
    assert "the marker of the last page's link 'next' is accepted" in str(raised.value)


def test_a_replayed_cursor_is_refused() -> None:
    cursors = Cursors([KEY])
    text = cursors.seal(CUT, "user", DIGEST)
    for user, digest, clouds, words in (
        ("other", DIGEST, 5, "this gateway did not give it to this user"),
        ("user", b"87654321", 5, "it is of another list: the query or the scope was different"),
        ("user", DIGEST, 4, "it is of another list"),
    ):
        with pytest.raises(CompositionError, match=words):
            cursors.open(text, user, digest, clouds)


def next_query(gate: Gateway, query: str) -> str:
    return str(gate.get(query).link("next"))


def test_a_cursor_holds_for_its_query_and_expression_whatever_the_limit() -> None:
    gate = gateway(list_kind("servers"), [5, 5])
    marker = next_query(gate, "limit=2&name=a").rpartition("marker=")[2]
    assert gate.get(f"limit=5&name=a&marker={marker}").items
    assert gate.get(f"name=a&marker={marker}").items
    for query in ("limit=2", "limit=2&name=b", "limit=2&name=a&all_tenants=1", "limit=2&name=a&sort_key=name"):
        with pytest.raises(CompositionError, match="the query or the scope was different"):
            gate.get(f"{query}&marker={marker}")
    with pytest.raises(CompositionError, match="the query or the scope was different"):
        gate.listing(f"limit=2&name=a&marker={marker}", expression="Two & One")


def test_another_user_is_refused_and_learns_nothing_of_known_markers() -> None:
    gate = gateway(list_kind("servers"), [5, 5])
    page = gate.get("limit=2")
    other = Gateway(gate.kind, gate.clouds, user="other", known=gate.known)
    with pytest.raises(CompositionError, match="did not give it to this user"):
        other.get(str(page.link("next")))
    assert gate.known.find("other", gate.listing("limit=2")._digest, page.ids[-1]) is None
