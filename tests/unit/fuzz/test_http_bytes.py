# SPDX-License-Identifier: Apache-2.0
"""A gateway that breaks a promise is caught: each of them, broken on purpose."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from fuzz.backends import Seen
from fuzz.heads import SECRET
from fuzz.http_bytes import Exchange, Gateway, judge
from fuzz.wire import request_at

GATEWAY = cast(Gateway, SimpleNamespace(keystones=frozenset({5000})))
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
SMUGGLED = b"GET /compute HTTP/1.1\r\nHost: a\r\n\r\n"


def get(path: bytes = b"/image", *lines: bytes) -> bytes:
    return b"\r\n".join([b"GET " + path + b" HTTP/1.1", b"Host: a", *lines, b"", b""])


def post(body: bytes, *lines: bytes) -> bytes:
    return b"\r\n".join([b"POST /image HTTP/1.1", b"Content-Length: %d" % len(body), *lines, b"", body])


def seen(data: bytes, cloud: str = "CloudOne", port: int = 9292) -> Seen:
    return Seen(cloud, port, request_at(data, 0))


def test_correct_exchanges_pass() -> None:
    two = get(b"/image", b'X-Scope: {"image":"CloudTwo"}')
    judge(Exchange(get() + post(b"ab") + two, OK * 3, seen=[seen(get()), seen(post(b"ab")), seen(get(), "CloudTwo")]), GATEWAY)
    judge(Exchange(b"nonsense", b"HTTP/1.1 400 Bad request\r\nContent-Length: 0\r\n\r\n"), GATEWAY)
    judge(Exchange(get(), b"", cut=True, seen=[seen(get())]), GATEWAY)


@pytest.mark.parametrize(
    ("exchange", "promise"),
    [
        (Exchange(post(SMUGGLED), OK, seen=[seen(post(SMUGGLED)), seen(SMUGGLED)]), "not answered for"),
        (Exchange(post(SMUGGLED), OK + OK, seen=[seen(post(SMUGGLED)), seen(SMUGGLED)]), "not asked"),
        (Exchange(post(b"abc"), OK, seen=[seen(post(b"abcd"))]), "not asked"),
        (Exchange(get(), OK, seen=[seen(get(), "CloudTwo")]), "no scope names"),
        (Exchange(get(), OK, seen=[seen(get(b"/image", b"X-Openstackoid-Listener: a:1"))]), "tell each other"),
        (Exchange(get(), OK, seen=[seen(get(b"/image", b"X-Scope: {}"))]), "no X-Scope"),
        (Exchange(get(), OK, seen=[seen(get(b"/image", b"X_Auth_Token: t!SCOPE!{}"))]), "another header"),
        (Exchange(get(), OK, seen=[seen(get(b"/v3", b"X-Auth-Token: t!SCOPE!{}"), port=5000)]), "Keystone sees"),
        (Exchange(get(), OK, seen=[seen(get(b"/image", b"X_Auth_Token: t~eyJ"))]), "another header"),
        (Exchange(get(), OK, seen=[seen(get(b"/v3", b"X-Auth-Token: t~e30"), port=5000)]), "Keystone sees"),
        (Exchange(get(), b"HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n"), "500"),
        (Exchange(get(), b"HTTP/1.1 400 x\r\nContent-Length: %d\r\n\r\n%s" % (len(SECRET), SECRET.encode())), "no token"),
        (Exchange(get(), OK + b"rest"), "is HTTP"),
    ],
)
def test_a_broken_promise_is_caught(exchange: Exchange, promise: str) -> None:
    with pytest.raises(AssertionError, match=promise):
        judge(exchange, GATEWAY)


def test_the_log_is_read_on_from_where_it_was(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("one\n")
    gateway = Gateway(cast(object, None), cast(object, None), ("127.0.0.1", 1), frozenset(), log)  # type: ignore[arg-type]
    assert gateway.said() == "one\n"
    with log.open("a") as file:
        file.write("two\n")
    assert gateway.said() == "two\n"
