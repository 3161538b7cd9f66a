# SPDX-License-Identifier: Apache-2.0
"""Opened tokens are sealed as HAProxy opens them, each time otherwise, and by no wrong key."""

from base64 import b64decode, b64encode
from secrets import token_bytes

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from openstackoid.bridge.binding.sealing import LONGEST, sealed

SECRET = token_bytes(32)
KEY = b64encode(SECRET).decode()


def opened(text: str, secret: bytes) -> str:
    nonce, content, tag = (b64decode(part) for part in text.split(":"))
    assert (len(nonce), len(tag)) == (12, 16)
    return AESGCM(secret).decrypt(nonce, content + tag, None).decode()


@pytest.mark.parametrize("token", ["0" * 32, "gAAAAABm" + "u" * 172, "eyJ0.eyJ1-_.c2ln", "a" * LONGEST])
def test_the_key_opens_what_it_has_sealed(token: str) -> None:
    text = sealed(token, KEY)
    assert text is not None
    assert token not in text
    assert opened(text, SECRET) == token


def test_another_key_or_a_changed_character_opens_nothing() -> None:
    text = sealed("a" * 180, KEY) or ""
    nonce, content, tag = text.split(":")
    with pytest.raises(InvalidTag):
        opened(text, token_bytes(32))
    for changed in (f"{tag[:16]}:{content}:{tag}", f"{nonce}:{content[4:]}:{tag}", f"{nonce}:{content}:{tag[4:8]}{tag[4:]}"):
        with pytest.raises(InvalidTag):
            opened(changed, SECRET)


def test_the_same_token_is_sealed_otherwise_each_time() -> None:
    assert len({sealed("a" * 180, KEY) for _ in range(100)}) == 100


@pytest.mark.parametrize("key", ["", "AAAA", "!" * 44, b64encode(bytes(16)).decode(), b64encode(bytes(33)).decode(), "ü" * 44])
def test_a_key_of_another_form_seals_nothing(key: str) -> None:
    assert sealed("a" * 180, key) is None


@pytest.mark.parametrize("token", ["", "a b", "a~b", "a|b", "a\r\nb", "a:b", "ü" * 40, "a" * (LONGEST + 1)])
def test_a_token_that_is_none_of_keystones_is_not_sealed(token: str) -> None:
    assert sealed(token, KEY) is None
