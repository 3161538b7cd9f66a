# SPDX-License-Identifier: Apache-2.0
"""Services and peers that answer garbage, endlessly or for ever: each answer ends in time and in constant memory."""

import contextlib
import gzip
import json
import socket
import time
from collections.abc import Iterator

import pytest

from conformance.hostile import ODD, PLAIN, Answer, Arrived, Play, Site, hostile_site, until

MIB = 1024 * 1024
WAY = {"by HAProxy": PLAIN["CloudTwo"], "by the bridge": ODD["CloudTwo"]}
LOG_IN = '{"auth": {"identity": {"methods": ["password"]}}}'


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    with hostile_site() as site:
        yield site


@pytest.fixture
def site(running: Site) -> Iterator[Site]:
    yield running
    running.plays.clear()
    assert running.get("/compute/after").body == b"compute /compute/after"
    assert running.get("/compute/after", ODD["CloudTwo"]).body == b"two /compute/after"


def says(*parts: bytes) -> Play:
    def play(connection: socket.socket, _: Arrived) -> None:
        connection.sendall(b"".join(parts))

    return play


def for_ever(first: bytes, again: bytes, pause: float = 0) -> Play:
    """Send until nobody listens any more."""

    def play(connection: socket.socket, _: Arrived) -> None:
        connection.sendall(first)
        while True:
            connection.sendall(again)
            time.sleep(pause)

    return play


def json_head(*lines: str) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", "Content-Type: application/json", *lines, "", ""]).encode()


def error(answer: Answer) -> str:
    document = json.loads(answer.body)["error"]
    assert document["code"] == answer.status
    return str(document["message"])


def grown(site: Site, before: int) -> int:
    assert site.bridge is not None
    return site.bridge.memory_info().rss - before


def memory(site: Site) -> int:
    assert site.bridge is not None
    return site.bridge.memory_info().rss


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
    before = memory(site)
    site.plays["two"] = GARBAGE[name]
    began = time.monotonic()
    answer = site.get("/compute/a", WAY[way])
    assert (answer.status, time.monotonic() - began < 4) == (502, True)
    assert error(answer).startswith("gateway of CloudOne: compute of CloudTwo at ")
    assert grown(site, before) < 32 * MIB
    # What was closed without a word is asked once more, if it only looks: aiohttp takes it for a connection that was kept.
    assert len(site.arrived) <= (2 if way == "by the bridge" else 1)


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


def test_interim_answers_without_end_are_no_answer(site: Site) -> None:
    """By the bridge, which waits for another one."""
    before = memory(site)
    site.plays["two"] = for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 64, 0.001)
    began = time.monotonic()
    answer = site.get("/compute/a", ODD["CloudTwo"])
    assert (answer.status, time.monotonic() - began < 6) == (504, True)
    assert grown(site, before) < 32 * MIB


def test_interim_answers_pass_haproxy_no_further_than_the_client_reads(site: Site) -> None:
    """HAProxy hands each on; what it holds is one buffer, and the peer is let go with the client."""
    assert site.haproxy is not None
    left: list[bool] = []

    def play(connection: socket.socket, _: Arrived) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 64)
        left.append(True)

    site.plays["two"] = play
    before = site.haproxy.memory_info().rss
    with site.connect() as connection:
        connection.sendall(f"GET /compute/a HTTP/1.1\r\nHost: h\r\n{PLAIN['CloudTwo']}\r\n".encode())
        assert connection.recv(12) == b"HTTP/1.1 103"
        time.sleep(0.5)
        assert site.haproxy.memory_info().rss - before < 8 * MIB
    until(lambda: left == [True])


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
def test_a_document_whose_links_are_to_be_mended_is_bounded(name: str, site: Site) -> None:
    play, status, words = WHOLE[name]
    before = memory(site)
    site.plays["three"] = play
    began = time.monotonic()
    answer = site.get("/compute/v2.1/servers", PLAIN["CloudThree"])
    assert (answer.status, time.monotonic() - began < 8) == (status, True)
    assert error(answer).startswith("gateway of CloudOne: compute of CloudThree at ")
    assert words in error(answer)
    assert grown(site, before) < 100 * MIB


def test_a_document_that_is_nested_deeply_passes_as_it_is(site: Site) -> None:
    nested = b'{"links":' * 50_000 + b"1" + b"}" * 50_000
    site.plays["three"] = says(json_head(f"Content-Length: {len(nested)}"), nested)
    answer = site.get("/compute/v2.1/servers", PLAIN["CloudThree"])
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
        connection.sendall(f"GET /image/v2/a HTTP/1.1\r\nHost: h\r\n{WAY[way]}\r\n".encode())
        taken = 0
        while taken < 64 * MIB:
            taken += len(connection.recv(MIB))
        assert grown(site, before) < 24 * MIB
    until(lambda: left == [True])


@pytest.mark.parametrize("way", WAY)
def test_a_peer_cannot_speak_for_the_host_that_the_client_knows(way: str, site: Site) -> None:
    lines = [
        "HTTP/1.1 200 OK",
        "Set-Cookie: session=stolen",
        "Set-Cookie: another=one",
        "Strict-Transport-Security: max-age=1",
        "Alt-Svc: h2=evil",
        'Clear-Site-Data: "*"',
        "Keep-Alive: timeout=1",
        "Proxy-Authenticate: Basic",
        "Connection: keep-alive, X-Named",
        "X-Kept: yes",
        "Content-Length: 2",
    ]
    site.plays["two"] = says("\r\n".join([*lines, "", "ok"]).encode())
    answer = site.get("/image/v2/a", WAY[way])
    assert (answer.status, answer.body) == (200, b"ok")
    names = {line.partition(":")[0].lower() for line in answer.head.decode().splitlines()[1:]}
    assert "x-kept" in names
    assert names.isdisjoint(
        {"set-cookie", "strict-transport-security", "alt-svc", "clear-site-data", "keep-alive", "proxy-authenticate"}
    )


def test_who_issued_a_token_is_said_by_the_gateway_alone(site: Site) -> None:
    token = json.dumps({"token": {"methods": []}}).encode()
    head = json_head("X-Scope-Identity: CloudOne", "X-Subject-Token: t", f"Content-Length: {len(token)}")
    site.plays["two"] = says(head, token)
    got = site.send(
        f'POST /identity/v3/auth/tokens HTTP/1.1\r\nHost: h\r\nX-Scope: {{"identity":"CloudTwo"}}\r\n'
        f"Content-Length: {len(LOG_IN)}\r\n\r\n{LOG_IN}"
    )
    assert got.statuses == [200]
    said = [line for line in got.answers[0].head.decode().lower().splitlines() if line.startswith("x-scope-identity:")]
    assert said == ["x-scope-identity: cloudtwo"]


def redirect(status: int, *lines: str) -> Play:
    head = "\r\n".join([f"HTTP/1.1 {status} Elsewhere", "Content-Length: 4", *lines, "", "gone"])
    return says(head.encode("latin-1"))


ASTRAY = {
    "another host": "http://127.0.0.1:9/latest/meta-data",
    "another scheme": "https://127.0.0.1:{two}/image/b",
    "no scheme": "//127.0.0.1:{two}/image/b",
    "a user": "http://user@127.0.0.1:{two}/image/b",
    "another service of the peer": "http://127.0.0.1:{two}/compute/v2.1/servers",
    "another service of ours": "http://127.0.0.1/compute/v2.1/servers",
    "a path of another service": "/compute/v2.1/servers",
    "a relative path": "b",
    "a relative path that climbs": "../compute/v2.1/servers",
    "a path that climbs": "/image/../compute/v2.1/servers",
    "an escaped path that climbs": "/image/%2e%2e/compute/v2.1/servers",
    "a backslash": "/image/..\\compute",
    "a script": "javascript:alert(1)",
    "a tab in a path that climbs": "/image/.\t./compute/v2.1/servers",
    "a tab before a host": "/image/\t/evil.example/x",
    "nothing": "",
}


@pytest.mark.parametrize("way", WAY)
@pytest.mark.parametrize("status", [300, 301, 302, 303, 305, 307, 308])
def test_a_peers_redirect_leads_to_no_other_place(status: int, way: str, site: Site) -> None:
    for name, place in ASTRAY.items():
        location = place.format(**site.ports)
        site.plays["two"] = redirect(status, f"Location: {location}")
        answer = site.get("/image/a", WAY[way])
        assert answer.status == 502, (name, answer.head)
        assert error(answer).startswith("gateway of CloudOne: image of CloudTwo at "), name
        assert "redirects the request" in error(answer)
        assert b"location" not in answer.head.lower(), name


@pytest.mark.parametrize("way", WAY)
def test_a_peers_redirect_within_the_service_is_mapped_for_a_read_and_refused_for_a_write(way: str, site: Site) -> None:
    for place in ("http://127.0.0.1:{two}/image/b?c=d", "/image/b?c=d", "http://127.0.0.1/image/b?c=d"):
        site.plays["two"] = redirect(302, f"Location: {place.format(**site.ports)}")
        answer = site.get("/image/a", WAY[way])
        assert answer.status == 302
        location = next(line for line in answer.head.decode().split("\r\n") if line.lower().startswith("location: "))
        assert location.split(" ", 1)[1] in ("http://127.0.0.1/image/b?c=d", "/image/b?c=d")
        for method in ("POST", "PUT", "DELETE"):
            got = site.send(f"{method} /image/a HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n{WAY[way]}\r\n", until=None)
            assert got.statuses == [502], (method, place)


@pytest.mark.parametrize("way", WAY)
def test_a_peers_redirect_names_one_place(way: str, site: Site) -> None:
    site.plays["two"] = redirect(302, "Location: /image/b", "Location: http://127.0.0.1:9/")
    assert site.get("/image/a", WAY[way]).status == 502
    site.plays["two"] = redirect(302)
    assert site.get("/image/a", WAY[way]).status == 302, "a client has nothing to follow"


@pytest.mark.parametrize("way", WAY)
def test_a_peer_sends_a_browser_nowhere_by_other_headers(way: str, site: Site) -> None:
    site.plays["two"] = redirect(200, "Refresh: 0; url=http://evil/", "Content-Location: http://127.0.0.1:9/x")
    answer = site.get("/image/a", WAY[way])
    assert (answer.status, b"refresh" in answer.head.lower(), b"content-location" in answer.head.lower()) == (200, False, False)
