# SPDX-License-Identifier: Apache-2.0
"""Bytes pass unchanged, unbuffered and in constant memory, through HAProxy and through Python."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from conformance.services import PIECE
from conformance.world import CLOUDS, Raw, World, ask, scope_of, whole_world
from waiting import until

MIB = 1024 * 1024
BYTES = "/image/v2/images/bytes/file"
SLOW = {"image": "/image/v2/images/slow/file", "compute": "/compute/v2/slow/7"}
"""Reads of a peer that pass as they come: bytes of an image, and one item."""
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
"""Of RFC 6455, and so is its answer: HAProxy looks at both."""


@pytest.fixture(scope="module", params=["http", "https"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with whole_world(tmp_path_factory.mktemp("certificates") if request.param == "https" else None) as running:
        yield running


@pytest.mark.parametrize("how", ["plain", "oddly"])
@pytest.mark.parametrize("cloud", CLOUDS)
class TestBytes:
    def test_ranges(self, cloud: str, how: str, world: World) -> None:
        headers = scope_of("image", cloud, how)
        got = ask(world, "GET", BYTES, {**headers, "Range": "bytes=10-19", "If-Range": '"e1"'})
        assert (got.status, got.body, got.headers["content-range"]) == (206, PIECE[10:20], "bytes 10-19/1000")
        assert (got.headers["etag"], got.headers["accept-ranges"]) == ('"e1"', "bytes")
        got = ask(world, "GET", BYTES, {**headers, "Range": "bytes=10-19", "If-Range": '"e0"'})
        assert (got.status, got.body, got.headers["content-md5"]) == (200, PIECE[:1000], "m")

    def test_head(self, cloud: str, how: str, world: World) -> None:
        got = ask(world, "HEAD", BYTES, scope_of("image", cloud, how))
        assert (got.status, got.body) == (200, b"")
        assert (got.headers["content-length"], got.headers["etag"]) == ("1000", '"e1"')

    def test_expect_continue(self, cloud: str, how: str, world: World) -> None:
        """The body is sent when the service has asked for it."""
        with Raw(world, "PUT", BYTES, **scope_of("image", cloud, how), Expect="100-continue", Content_Length="5") as raw:
            assert raw.head().startswith("HTTP/1.1 100 ")
            raw.send(b"12345")
            assert raw.head().startswith("HTTP/1.1 200 ")
            assert raw.read(1) == b"5"

    def test_expectation_refused(self, cloud: str, how: str, world: World) -> None:
        """The service's refusal arrives where the body is not sent."""
        headers = {**scope_of("image", cloud, how), "X-Say": "417"}
        with Raw(world, "PUT", BYTES, **headers, Expect="100-continue", Content_Length="5") as raw:
            first = raw.head()
            assert first.split(" ")[1] in ("417", "100")

    @pytest.mark.parametrize("service", ["image", "compute"])
    def test_the_first_byte_arrives_before_the_last_is_sent(self, service: str, cloud: str, how: str, world: World) -> None:
        world.services.go.clear()
        with Raw(world, "GET", SLOW[service], **scope_of(service, cloud, how), X_Say="2") as raw:
            assert raw.head().startswith("HTTP/1.1 200 ")
            assert raw.read(len(PIECE)) == PIECE
            world.services.go.set()
            assert raw.read(len(PIECE)) == PIECE

    def test_a_websocket(self, cloud: str, how: str, world: World) -> None:
        """Bytes both ways, in pieces larger than any buffer, and either side may end it."""
        for ended_by_client in (False, True):
            before = len(world.services.closed)
            headers = {**scope_of("compute", cloud, how), "Upgrade": "websocket", "Connection": "Upgrade"}
            with Raw(world, "GET", "/compute/v2.1/echo", **headers, Sec_WebSocket_Key=KEY) as raw:
                head = raw.head().lower()
                assert head.startswith("http/1.1 101 ")
                assert f"x-cloud: {cloud.lower()}\r\n" in head
                assert "sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=" in head
                assert "upgrade: websocket" in head
                assert raw.read(5) == b"hello"
                # Python's TLS connections are not for two threads at once.
                for piece in [PIECE] * 16 if world.tls else [PIECE * 16]:
                    with ThreadPoolExecutor() as pool:
                        sending = pool.submit(raw.send, piece)
                        if world.tls:
                            sending.result()
                        assert raw.read(len(piece)) == piece
                        sending.result()
                if not ended_by_client:
                    raw.send(b"bye")
                    assert raw.rest() == b"bye"
            until(lambda: len(world.services.closed) > before)  # noqa: B023 - called here
            assert world.services.closed[-1] == cloud


@pytest.mark.parametrize(("service", "cloud", "how"), [("image", "Ports", "plain"), ("image", "Same", "oddly")])
def test_large_bodies_take_no_memory(service: str, cloud: str, how: str, world: World) -> None:
    """96 MiB up, in chunks, and 96 MiB down."""
    headers = scope_of(service, cloud, how)
    ask(world, "GET", BYTES, headers)
    before = {process.pid: process.memory_info().rss for process in (world.bridge, world.haproxy)}
    grown = 0

    def watch() -> None:
        nonlocal grown
        grown = max(grown, *(process.memory_info().rss - before[process.pid] for process in (world.bridge, world.haproxy)))

    pieces = 96 * MIB // len(PIECE)
    with Raw(world, "PUT", BYTES, **headers, Transfer_Encoding="chunked") as raw:
        for number in range(pieces):
            raw.send(f"{len(PIECE):x}\r\n".encode() + PIECE + b"\r\n")
            if number % 64 == 0:
                watch()
        raw.send(b"0\r\n\r\n")
        assert raw.head().startswith("HTTP/1.1 200 ")
        assert raw.read(len(str(96 * MIB))) == str(96 * MIB).encode()
    world.services.go.set()
    with Raw(world, "GET", SLOW["image"], **headers, X_Say=str(pieces)) as raw:
        assert raw.head().startswith("HTTP/1.1 200 ")
        for number in range(pieces):
            assert raw.read(len(PIECE)) == PIECE
            if number % 64 == 0:
                watch()
    assert grown < 24 * MIB
