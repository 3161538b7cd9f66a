# SPDX-License-Identifier: Apache-2.0
import base64
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.binding import (
    LONGER,
    WINDOW,
    BoundToken,
    BoundTokenError,
    Keys,
    Kind,
    audience_digest,
    ends_at,
    is_bound,
    open_token,
    scope_digest,
    seal_token,
)
from openstackoid.scope import BOUND, is_marked, split_token

KEYS = Keys.fresh()
SCOPE = '{"*":"CloudOne","image":"CloudTwo"}'
NOW = 1_800_000_000


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def bound(
    token: str, *, kind: Kind = Kind.USER, audience: str = "CloudTwo", scope: str | None = SCOPE, now: float = NOW
) -> BoundToken:
    return BoundToken(kind, audience_digest(audience), ends_at(now, 86_400), scope_digest(scope), token)


FERNET = base64url(b"\x80" + bytes(4) + secrets.token_bytes(4 + 16 + 80 + 32))
JWS = ".".join((base64url(b'{"alg":"ES256","typ":"JWT"}'), base64url(b'{"sub":"' + b"u" * 300 + b'"}'), base64url(bytes(64))))
UUID = secrets.token_hex(16)


@pytest.mark.parametrize("token", [FERNET, JWS, UUID], ids=["fernet", "jws", "uuid"])
def test_a_bound_token_is_at_most_a_hundred_characters_longer_in_characters_that_no_client_quotes(token: str) -> None:
    sealed = seal_token(KEYS, bound(token))
    assert is_bound(sealed)
    assert len(sealed) - len(token) <= LONGER
    assert set(sealed) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
    assert split_token(sealed) == (sealed, None)
    assert not is_marked(sealed)


@given(st.binary(min_size=1, max_size=400))
def test_each_fernet_token_comes_back_whole_and_at_most_a_hundred_characters_longer(data: bytes) -> None:
    token = base64url(data)
    sealed = seal_token(KEYS, bound(token))
    assert open_token(KEYS, sealed, "CloudTwo", NOW).token == token
    assert len(sealed) - len(token) <= LONGER


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=300))
def test_any_visible_text_comes_back_whole(token: str) -> None:
    assert open_token(KEYS, seal_token(KEYS, bound(token)), "CloudTwo", NOW).token == token


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=20))
def test_parts_with_dots_come_back_whole(parts: list[bytes]) -> None:
    token = ".".join(map(base64url, parts))
    assert open_token(KEYS, seal_token(KEYS, bound(token)), "CloudTwo", NOW).token == token


def test_the_same_token_has_the_same_form_within_a_window_and_another_one_after_it() -> None:
    start = NOW // WINDOW * WINDOW
    first, last, after = (seal_token(KEYS, bound(FERNET, now=now)) for now in (start, start + WINDOW - 1, start + WINDOW))
    assert first == last != after


def test_another_audience_scope_or_kind_has_another_form() -> None:
    changes = [{}, {"audience": "CloudThree"}, {"scope": '{"*":"CloudOne"}'}, {"kind": Kind.SERVICE}, {"scope": None}]
    assert len({seal_token(KEYS, bound(FERNET, **change)) for change in changes}) == len(changes)  # type: ignore[arg-type]


def test_an_opened_token_says_its_kind_its_end_and_whether_it_is_bound_to_a_scope() -> None:
    opened = open_token(KEYS, seal_token(KEYS, bound(FERNET, kind=Kind.SERVICE)), "CloudTwo", NOW)
    assert (opened.kind, opened.token, opened.ends) == (Kind.SERVICE, FERNET, ends_at(NOW, 86_400))
    assert opened.holds_for(SCOPE)
    assert not opened.holds_for('{"*":"CloudOne","compute":"CloudTwo"}')
    issued = open_token(KEYS, seal_token(KEYS, bound(FERNET, kind=Kind.ISSUED, scope=None)), "CloudTwo", NOW)
    assert issued.holds_for(SCOPE)


@pytest.mark.parametrize(
    ("audience", "now", "why"),
    [
        (None, NOW, "no gateway has sent it"),
        ("CloudThree", NOW, "another gateway than that of CloudThree"),
        ("CloudTwo", NOW + 86_400 + WINDOW, "time of the bound token is over"),
    ],
)
def test_a_bound_token_is_opened_for_its_audience_alone_and_in_its_time(audience: str | None, now: float, why: str) -> None:
    with pytest.raises(BoundTokenError, match=why):
        open_token(KEYS, seal_token(KEYS, bound(FERNET)), audience, now)


@given(st.data())
def test_a_changed_character_opens_nothing(data: st.DataObject) -> None:
    sealed = seal_token(KEYS, bound(FERNET))
    place = data.draw(st.integers(len(BOUND), len(sealed) - 1))
    other = data.draw(st.characters(min_codepoint=33, max_codepoint=126).filter(lambda character: character != sealed[place]))
    with pytest.raises(BoundTokenError):
        open_token(KEYS, sealed[:place] + other + sealed[place + 1 :], "CloudTwo", NOW)


@given(st.text(max_size=300))
def test_any_other_text_opens_nothing(text: str) -> None:
    with pytest.raises(BoundTokenError):
        open_token(KEYS, BOUND + text, "CloudTwo", NOW)


def test_an_unknown_key_opens_nothing_and_is_named_as_keys_list_names_it() -> None:
    other, text = Keys.fresh(), seal_token(KEYS, bound(FERNET))
    name = KEYS.primary.name.hex()
    with pytest.raises(BoundTokenError, match=f"by the key {name}, which this gateway does not have|by the key of another cloud"):
        open_token(other, text, "CloudTwo", NOW)


def test_neither_a_bound_token_nor_its_content_shows_in_a_repr() -> None:
    assert FERNET not in repr(bound(FERNET))
