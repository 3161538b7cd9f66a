# SPDX-License-Identifier: Apache-2.0
"""Tokens of any kind, bound and opened; and texts that are nearly bound tokens."""

import base64

from hypothesis import strategies as st

from fuzz.target import Target, pure
from openstackoid.binding import (
    LONGER,
    BoundToken,
    BoundTokenError,
    Keys,
    Kind,
    audience_digest,
    open_token,
    scope_digest,
    seal_token,
)
from openstackoid.binding.keys import KEY_BYTES, Key
from openstackoid.scope import BOUND, split_token

Input = tuple[str, int, str, int, int]
"""A token, its kind, the cloud that shows it, the character that is changed, and by how much."""

KEYS = Keys((Key.of(1, 0, bytes(KEY_BYTES)),))
NOW = 1_800_000_000
_AUDIENCE, _SCOPE = "CloudTwo", '{"*":"CloudOne"}'
_URLSAFE = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.", max_size=300)
_FERNET = st.binary(max_size=300).map(lambda data: base64.urlsafe_b64encode(data).rstrip(b"=").decode())
_TOKENS = _FERNET | _URLSAFE | st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=300)


def _holds(given: Input) -> None:
    token, kind, shown_by, place, by = given
    content = BoundToken(Kind(kind), audience_digest(_AUDIENCE), NOW + 1, scope_digest(_SCOPE), token)
    sealed = seal_token(KEYS, content)
    assert seal_token(KEYS, content) == sealed
    assert split_token(sealed) == (sealed, None)
    assert open_token(KEYS, sealed, _AUDIENCE, NOW) == content
    if len(token.split(".")) in (1, 3) and all(_canonical(part) for part in token.split(".")):
        assert len(sealed) - len(token) <= LONGER
    at = place % len(sealed)
    changed = sealed[:at] + chr((ord(sealed[at]) + by) % 128) + sealed[at + 1 :]
    for audience, text in ((_AUDIENCE, changed), (_AUDIENCE, sealed[:at]), (_AUDIENCE, BOUND + token), (shown_by, sealed)):
        if (audience, text) != (_AUDIENCE, sealed):
            _refused(audience, text)


def _canonical(part: str) -> bool:
    try:
        data = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return False
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode() == part


def _refused(audience: str, text: str) -> None:
    try:
        open_token(KEYS, text, audience, NOW)
    except BoundTokenError as error:
        assert len(text) < 20 or text not in str(error)
    else:
        raise AssertionError("a text that was not sealed for this audience was opened")


TARGET = Target(
    "bound",
    "a bound token comes back whole for its audience, and nothing else is opened",
    st.tuples(
        _TOKENS,
        st.sampled_from([0, 1, 2]),
        st.sampled_from([_AUDIENCE, "CloudThree", ""]),
        st.integers(0, 500),
        st.integers(1, 127),
    ),
    pure(_holds),
    short=300,
)
