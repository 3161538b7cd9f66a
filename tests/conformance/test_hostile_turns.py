# SPDX-License-Identifier: Apache-2.0
"""``A | B`` with a first cloud that means ill: 10,000 headers, a body that drips, one without an end. Each is a clear answer."""

import http.client
import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from uuid import UUID

import pytest

from conformance.lists import CLOUDS, Clouds
from conformance.test_hostile_branches import PATH, SECONDS_OF_ONE
from conformance.test_hostile_lists import GIGABYTE, begin, many_headers, slowly

Play = Callable[[BaseHTTPRequestHandler], None]
SCOPE = "network=Three | One"
ITEM = f"{PATH}/{UUID(int=3)}"
READS = [PATH, f"{PATH}?name=n", ITEM]
MIB = 2**20
READ = 32 * MIB
"""The bytes of an endless body that the client reads before it goes."""


@pytest.fixture
def clouds(listed_clouds: Clouds) -> Iterator[Clouds]:
    listed_clouds.mend()
    for number, cloud in enumerate(CLOUDS):
        items = [{"id": str(UUID(int=100 * number + each)), "name": "n"} for each in range(5)]
        listed_clouds.lists[cloud, "network"].items = items
    # A cloud that has failed is asked again after a moment.
    until = time.monotonic() + 20
    for cloud in ("Three", "Two"):
        while listed_clouds.ask("GET", PATH, f"network={cloud} | One").status != 200 or listed_clouds.asked() != [cloud]:
            assert time.monotonic() < until
            time.sleep(0.1)
    yield listed_clouds
    listed_clouds.mend()


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("play", [many_headers, slowly])
def test_a_read_goes_on_to_the_next_cloud(play: Play, path: str, clouds: Clouds) -> None:
    clouds.plays["Three"] = play
    began = time.monotonic()
    got = clouds.ask("GET", path, SCOPE)
    assert (got.status, got.cut, clouds.asked()) == (200, False, ["Three", "One"])
    assert time.monotonic() - began < SECONDS_OF_ONE
    document = json.loads(got.body)
    found = [document["network"]] if path == ITEM else document["networks"]
    assert {item["id"] for item in found} <= {item["id"] for item in clouds.lists["One", "network"].items} != set()
    assert len(got.headers) < 30


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("play", [many_headers, slowly])
def test_if_all_clouds_do_so_the_error_names_them(play: Play, path: str, clouds: Clouds) -> None:
    clouds.plays |= {"Three": play, "Two": play}
    began = time.monotonic()
    got = clouds.ask("GET", path, "network=Three | Two")
    assert (got.status in (502, 504), got.cut) == (True, False), got
    assert got.message.startswith("gateway of One: ")
    assert all(cloud in got.message for cloud in ("Three", "Two"))
    assert time.monotonic() - began < SECONDS_OF_ONE + 1


@pytest.mark.parametrize("play", [many_headers, slowly])
def test_a_write_that_was_sent_goes_to_no_other_cloud(play: Play, clouds: Clouds) -> None:
    clouds.plays["Three"] = play
    got = clouds.ask("POST", PATH, SCOPE, b'{"network": {"name": "n"}}', Content_Type="application/json")
    assert clouds.asked() == ["Three"]
    assert got.cut or (got.status == 502 and "Three" in got.message)


@pytest.mark.parametrize("path", [PATH, f"{PATH}?name=n"])
def test_after_a_list_without_an_end_the_next_cloud_is_asked(path: str, clouds: Clouds) -> None:
    """A gateway reads lists of a peer, to a bound."""

    def endlessly(handler: BaseHTTPRequestHandler) -> None:
        begin(handler, ("Transfer-Encoding", "chunked"))
        with suppress(OSError):
            for _ in range(GIGABYTE // MIB):
                handler.wfile.write(b"100000\r\n" + b" " * MIB + b"\r\n")

    clouds.plays["Three"] = endlessly
    got = clouds.ask("GET", path, SCOPE)
    assert (got.status, got.cut, clouds.asked()) == (200, False, ["Three", "One"])


@pytest.mark.parametrize("path", [ITEM])
def test_a_body_without_an_end_is_passed_on_and_ends_with_the_client(path: str, clouds: Clouds) -> None:
    """It is the first cloud's answer: more of it has come than a gateway holds."""
    sent, ended = 0, False

    def endlessly(handler: BaseHTTPRequestHandler) -> None:
        nonlocal sent, ended
        begin(handler, ("Transfer-Encoding", "chunked"))
        with suppress(OSError):
            while sent < GIGABYTE:
                handler.wfile.write(b"100000\r\n" + b" " * MIB + b"\r\n")
                sent += MIB
        ended = True

    clouds.plays["Three"] = endlessly
    connection = http.client.HTTPConnection("127.0.0.1", clouds.port, timeout=20)
    connection.request("GET", path, None, {"X-Auth-Token": "tok", "X-Scope": SCOPE})
    answer = connection.getresponse()
    assert answer.status == 200
    read = 0
    while read < READ and (piece := answer.read(MIB)):
        read += len(piece)
    assert read >= READ
    connection.close()
    answer.close()
    until = time.monotonic() + 5
    while not ended:
        assert time.monotonic() < until, "the cloud is read after the client has gone"
        time.sleep(0.05)
    assert sent < GIGABYTE
    clouds.plays.clear()
    assert clouds.ask("GET", PATH, "network=One").status == 200
