# SPDX-License-Identifier: Apache-2.0
"""The reader that judges gateways: strict, so that it takes nothing for clear that two servers could read in two ways."""

import pytest

from fuzz.wire import IncompleteError, UnclearError, answers_in, request_at, requests_in

GET = b"GET /image HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /x HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"
CHUNKED = b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2;e=f\r\nab\r\n1\r\nc\r\n0\r\nX-T: v\r\n\r\n"


def test_requests_are_read_one_after_the_other() -> None:
    found, clear = requests_in(GET + POST + CHUNKED + GET)
    assert clear
    assert [(message.first, message.body) for message in found] == [
        ((b"GET", b"/image"), b""),
        ((b"POST", b"/x"), b"abc"),
        ((b"POST", b"/x"), b"abc"),
        ((b"GET", b"/image"), b""),
    ]
    assert found[0].values(b"host") == [b"a"]


@pytest.mark.parametrize(
    "data",
    [
        b"GET /image\r\n\r\n",
        b"GET  /image HTTP/1.1\r\n\r\n",
        b"GET /a HTTP/1.1\nHost: a\r\n\r\n",
        b"GET /a HTTP/1.1\r\nHost : a\r\n\r\n",
        b"GET /a HTTP/1.1\r\nX: a\r\n b\r\n\r\n",
        b"GET /a HTTP/1.1\r\nX: a\rb\r\n\r\n",
        b"POST /a HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
        b"POST /a HTTP/1.1\r\nContent-Length: +1\r\n\r\na",
        b"POST /a HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /a HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n",
        b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
    ],
)
def test_an_ambiguous_request_is_unclear(data: bytes) -> None:
    with pytest.raises(UnclearError):
        request_at(data, 0)
    assert requests_in(GET + data) == ([request_at(GET, 0)], False)


@pytest.mark.parametrize("data", [GET, POST, CHUNKED])
def test_a_truncated_request_is_incomplete(data: bytes) -> None:
    for end in range(1, len(data)):
        with pytest.raises(IncompleteError):
            request_at(data[:end], 0)


def test_answers() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
    data = b"HTTP/1.1 100 Continue\r\n\r\n" + head + b"{}" + head + b"HTTP/1.1 204 No Content\r\n\r\n" + head + b"{"
    assert [(answer.first[0], answer.body) for answer in answers_in(data)] == [
        (b"100", b""),
        (b"200", b"{}"),
        (b"200", b""),
        (b"204", b""),
        (b"200", b"{"),
    ]
    with pytest.raises(UnclearError):
        list(answers_in(head + b"{}garbage"))
