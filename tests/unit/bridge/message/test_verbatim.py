# SPDX-License-Identifier: Apache-2.0
"""Heads are written in the bytes that were read, and hold no line that was not there."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from openstackoid.bridge.message.verbatim import HEAD_LIMIT, HEADERS_LIMIT, Writer, decoded, encoded
from openstackoid.haproxy.hardening import HEAD_BUFFER, HEAD_LINES
from unit.bridge.stage import played


@given(st.lists(st.tuples(st.binary(), st.binary())))
def test_any_bytes_are_read_and_written_alike(raw: list[tuple[bytes, bytes]]) -> None:
    assert [(encoded(name), encoded(value)) for name, value in decoded(raw)] == raw


@pytest.mark.parametrize("text", ["a\r\nX-Auth-Token: b", "a\nb", "a\rb", "\r\n", "\n"])
@played
async def test_no_line_is_slipped_into_a_head(text: str) -> None:
    writer = Writer(None, asyncio.get_running_loop())  # type: ignore[arg-type]  # nothing is sent
    for start, headers in (("GET / HTTP/1.1", {"X-Name": text}), ("GET / HTTP/1.1", {text: "x"}), (f"GET /{text} HTTP/1.1", {})):
        with pytest.raises(ValueError, match="line break"):
            await writer.write_headers(start, CIMultiDict(headers))


def test_python_accepts_every_head_that_haproxy_accepts() -> None:
    assert HEAD_LIMIT >= HEAD_BUFFER
    assert HEADERS_LIMIT > HEAD_LINES
