# SPDX-License-Identifier: Apache-2.0
"""Services and peers that answer garbage, endlessly or for ever: each answer ends in time and in constant memory."""

import contextlib
import gzip
import json
import socket
import time

import pytest

from conformance.gateway import HAPROXY
from conformance.hostile import PLAIN, Arrived, Play, Site, read_answers
from conformance.hostile_plays import MIB, WAY, error, for_ever, grown, json_head, memory, says
from waiting import until

LOG_IN = '{"auth": {"identity": {"methods": ["password"]}}}'


GARBAGE: dict[str, Play] = {
    "no HTTP": says(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "nothing": says(b""),
    "another version": says(b"HTTP/9 200 OK\r\n\r\n"),
    "a status that is none": says(b"HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n"),
    "a header without a colon": says(b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n"),
    "two lengths": says(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"),
    "a head that breaks off": says(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "an endless header": for_ever(b"HTTP/1.1 200 OK\r\nX-A: ", b"a" * 65536),
    "endless headers": for_ever(b"HTTP/1.1 200 OK\r\n", b"X-A: a\r\n" * 4096),
}


@pytest.mark.parametrize("way", WAY)
@pytest.mark.parametrize("name", GARBAGE)
def test_an_answer_that_is_none_is_a_502_that_names_the_hop(name: str, way: str, site: Site) -> None:
    if name == "nothing" and (3, 0) <= HAPROXY.version[:2] < (3, 4):
        pytest.skip("this HAProxy may end the client's connection, too: docs/operate/own-haproxy.md")
    before = memory(site)
    site.plays["two"] = GARBAGE[name]
    began = time.monotonic()
    answer = site.get("/compute/a", WAY[way])
    assert (answer.status, time.monotonic() - began < 4) == (502, True)
    assert error(answer).startswith("gateway of CloudOne: compute of CloudTwo at ")
    assert grown(site, before) < 32 * MIB
    # A read is sent once more where a connection ends without a word: HAProxy may have kept it.
    assert len(site.arrived) <= (2 if name == "nothing" else 1)


@pytest.mark.parametrize("way", WAY)
@pytest.mark.parametrize("name", GARBAGE)
def test_a_write_arrives_once(name: str, way: str, site: Site) -> None:
    """Also behind a read on the same connection of the client, so that HAProxy has a connection to use again."""
    lines = f" /image/v2/images/i/file HTTP/1.1\r\nHost: h\r\n{WAY[way]}"
    for kept in (False, True):
        site.arrived.clear()
        site.plays.clear()
        with site.connect() as connection:
            if kept:
                connection.sendall(f"GET{lines}\r\n".encode())
                assert read_answers(connection, b"two /image/v2/images/i/file").statuses == [200]
            site.plays["two"] = GARBAGE[name]
            connection.sendall(f"PUT{lines}Connection: close\r\nContent-Length: 4\r\n\r\nbody".encode())
            got = read_answers(connection, None)
        # HAProxy says nothing where a connection ends that it has used before.
        assert got.statuses in ([[502], []] if kept and name == "nothing" else [[502]])
        assert len([request for request in site.arrived if request.line.startswith("PUT")]) == 1


@pytest.mark.parametrize("way", WAY)
@pytest.mark.parametrize(
    "play",
    [for_ever(b"", b"", 0.2), for_ever(b"HTTP/1.1 200 OK\r\nX-A: ", b"a", 0.2)],
    ids=["nothing", "a head, letter by letter"],
)
def test_a_head_that_does_not_come_is_a_504(play: Play, way: str, site: Site) -> None:
    site.plays["two"] = play
    began = time.monotonic()
    answer = site.get("/compute/a", WAY[way])
    assert (answer.status, time.monotonic() - began < 6) == (504, True)
    assert "answer within 1.5 s" in error(answer)


WHOLE: dict[str, tuple[Play, int, str]] = {
    "without end": (for_ever(json_head("Connection: close"), b" " * 65536), 502, "its answer is larger than 33554432 bytes"),
    "of one chunk without end": (
        for_ever(json_head("Transfer-Encoding: chunked") + b"7fffffff\r\n", b" " * 65536),
        502,
        "its answer is larger than 33554432 bytes",
    ),
    "slower than a byte a second": (for_ever(json_head("Content-Length: 1000"), b" ", 0.3), 504, "answer within 1.5 s"),
    "packed": (says(json_head("Content-Encoding: gzip", "Connection: close"), gzip.compress(b" " * 64 * MIB)), 502, "compressed"),
    "that breaks off": (says(json_head("Content-Length: 1000"), b"{}"), 502, "closed the connection before"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_document_with_links_to_rewrite_is_bounded(name: str, site: Site) -> None:
    play, status, words = WHOLE[name]
    before = memory(site)
    site.plays["three"] = play
    for _ in range(5):
        began = time.monotonic()
        answer = site.get("/compute/v2.1/servers/7", PLAIN["CloudThree"])
        assert time.monotonic() - began < 8
        if answer.status == status or answer.status != 504:
            break
        # A busy machine has not read 32 MiB in the time of an answer.
    assert answer.status == status
    assert error(answer).startswith("gateway of CloudOne: compute of CloudThree at ")
    assert words in error(answer)
    assert grown(site, before) < 100 * MIB


def test_a_document_that_is_nested_deeply_passes_as_it_is(site: Site) -> None:
    nested = b'{"links":' * 50_000 + b"1" + b"}" * 50_000
    site.plays["three"] = says(json_head(f"Content-Length: {len(nested)}"), nested)
    answer = site.get("/compute/v2.1/servers/7", PLAIN["CloudThree"])
    assert (answer.status, answer.body == nested) == (200, True)


TOKENS: dict[str, tuple[Play, int]] = {
    "without end": (for_ever(json_head("Connection: close"), b" " * 65536), 502),
    "of chunks without end": (for_ever(json_head("Transfer-Encoding: chunked"), b"400\r\n" + b" " * 1024 + b"\r\n"), 502),
    "with a catalog without measure": (
        says(json_head("Connection: close"), json.dumps({"token": {"catalog": [{"type": "x" * 1000}] * 2000}}).encode()),
        502,
    ),
    "slower than a byte a second": (for_ever(json_head("Content-Length: 1000"), b" ", 0.3), 504),
    "packed": (says(json_head("Content-Encoding: gzip", "Connection: close"), gzip.compress(b" " * 64 * MIB)), 502),
    "nested deeply": (says(json_head("Connection: close"), b'{"token":' * 50_000), 502),
    "that is no token": (says(json_head("Connection: close"), b'{"token": []}'), 502),
    "that is none of JSON": (says(json_head("Connection: close"), b"\xff\xfe{}"), 502),
    "of interim answers without end": (for_ever(b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 64, 0.001), 504),
}


@pytest.mark.parametrize("name", TOKENS)
def test_the_answer_of_a_peers_keystone_is_bounded(name: str, site: Site) -> None:
    play, status = TOKENS[name]
    before = memory(site)
    site.plays["two"] = play
    began = time.monotonic()
    got = site.send(
        f'POST /identity/v3/auth/tokens HTTP/1.1\r\nHost: h\r\nX-Scope: {{"identity":"CloudTwo"}}\r\nConnection: close\r\n'
        f"Content-Length: {len(LOG_IN)}\r\n\r\n{LOG_IN}"
    )
    assert (got.statuses, time.monotonic() - began < 6) == ([status], True)
    assert error(got.answers[0]).startswith("gateway of CloudOne: identity of CloudTwo at ")
    assert grown(site, before) < 48 * MIB
    assert len(site.arrived) == 1


@pytest.mark.parametrize("way", WAY)
def test_a_body_without_end_is_handed_on_and_not_kept(way: str, site: Site) -> None:
    left: list[bool] = []

    def play(connection: socket.socket, _: Arrived) -> None:
        with contextlib.suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
            while True:
                connection.sendall(b"x" * 65536)
        left.append(True)

    site.plays["two"] = play
    before = memory(site)
    with site.connect() as connection:
        connection.sendall(f"GET /image/v2/images/a/file HTTP/1.1\r\nHost: h\r\n{WAY[way]}\r\n".encode())
        taken = 0
        while taken < 64 * MIB:
            taken += len(connection.recv(MIB))
        assert grown(site, before) < 24 * MIB
    until(lambda: left == [True])
