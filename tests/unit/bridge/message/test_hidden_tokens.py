# SPDX-License-Identifier: Apache-2.0
import asyncio
from collections.abc import AsyncIterator

import pytest

from openstackoid.bridge.message.hidden_tokens import NONE, SHORTEST, HiddenTokens

TOKEN, BOUND = "gAAAAABm" + "u" * 40, "bound1.AAAA"
HIDDEN = HiddenTokens(((TOKEN, BOUND),))


def streamed(hidden: HiddenTokens, *chunks: bytes) -> list[bytes]:
    async def body() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    async def read() -> list[bytes]:
        return [chunk async for chunk in hidden.stream(body())]

    return asyncio.run(read())


@pytest.mark.parametrize("at", [0, 1, 7, len(TOKEN) - 1, len(TOKEN)])
def test_a_token_that_two_chunks_of_a_body_hold_is_taken_out_and_the_length_stays(at: int) -> None:
    content = f'{{"error": "{TOKEN} is odd"}}'.encode()
    cut = 11 + at
    assert b"".join(streamed(HIDDEN, content[:cut], content[cut:])) == content.replace(TOKEN.encode(), b"*" * len(TOKEN))


def test_a_body_of_single_bytes_loses_each_token() -> None:
    content = f"{TOKEN}{TOKEN} {TOKEN[:-1]}".encode()
    told = b"".join(streamed(HIDDEN, *(bytes([byte]) for byte in content)))
    assert told == b"*" * 2 * len(TOKEN) + f" {TOKEN[:-1]}".encode()


def test_without_a_bound_token_a_body_streams_as_it_comes() -> None:
    assert streamed(NONE, b"a", b"b") == [b"a", b"b"]


def test_headers_have_the_bound_token_in_the_place_of_the_token() -> None:
    told = HIDDEN.headers((("X-Subject-Token", f"{TOKEN}~eyJ9"), ("X-Other", f"<{TOKEN}>"), ("ETag", "x")))
    assert told == (("X-Subject-Token", f"{BOUND}~eyJ9"), ("X-Other", f"<{BOUND}>"), ("ETag", "x"))


def test_a_new_token_is_bound_and_one_that_is_bound_stays() -> None:
    hidden = HiddenTokens(issue=lambda token: f"bound1.{token}")
    told = hidden.headers((("X-Subject-Token", "new~eyJ9"), ("x-subject-token", BOUND), ("X-Subject-Token", "")))
    assert [value for _, value in told] == ["bound1.new~eyJ9", BOUND, ""]


def test_a_word_that_is_too_short_for_a_token_is_not_taken_out_of_text() -> None:
    word = "t" * (SHORTEST - 1)
    assert HiddenTokens(((word, BOUND),)).body(f"a {word}".encode()) == f"a {word}".encode()


def test_no_token_shows_in_a_repr() -> None:
    assert TOKEN not in repr(HIDDEN)
