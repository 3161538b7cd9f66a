# SPDX-License-Identifier: Apache-2.0
"""``A & B`` by a real HAProxy and the Python service: invalid answers, and markers of other users and lists."""

import gzip
import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from uuid import UUID

import pytest

from conformance.lists import CLOUDS, SERVICES, Clouds
from conformance.test_hostile_branches import PATH, SCOPE, SECONDS_OF_ONE, ask, owners, say
from unit.composition.clouds import FakeCloud, list_kind

SUMS = "/compute/v2.1/os-simple-tenant-usage/x"
GIGABYTE = 2**30


@pytest.fixture
def clouds(listed_clouds: Clouds) -> Iterator[Clouds]:
    listed_clouds.mend()
    for service in SERVICES:
        for number, cloud in enumerate(CLOUDS):
            listed_clouds.lists[cloud, service].items = [{"id": str(UUID(int=100 * number + each))} for each in range(5)]
    # A cloud that has failed is asked again after a moment.
    until = time.monotonic() + 20
    while "x-scope-partial" in listed_clouds.ask("GET", PATH, SCOPE).headers:
        assert time.monotonic() < until
        time.sleep(0.1)
    yield listed_clouds
    listed_clouds.mend()


def begin(handler: BaseHTTPRequestHandler, *headers: tuple[str, str]) -> None:
    handler.send_response(200)
    for name, value in (("Content-Type", "application/json"), *headers):
        handler.send_header(name, value)
    handler.end_headers()


def many_headers(handler: BaseHTTPRequestHandler) -> None:
    say(handler, 200, b'{"networks": []}', *((f"X-Header-{number}", "x") for number in range(10_000)))


def slowly(handler: BaseHTTPRequestHandler) -> None:
    begin(handler, ("Content-Length", "1000"))
    with suppress(OSError):
        for _ in range(100):
            handler.wfile.write(b" ")
            time.sleep(0.1)


def endlessly(handler: BaseHTTPRequestHandler) -> None:
    begin(handler, ("Transfer-Encoding", "chunked"))
    chunk = b"100000\r\n" + b" " * 2**20 + b"\r\n"
    with suppress(OSError):
        for _ in range(GIGABYTE // 2**20):
            handler.wfile.write(chunk)


def packed(handler: BaseHTTPRequestHandler) -> None:
    say(handler, 200, gzip.compress(b'{"networks": []}'), ("Content-Encoding", "gzip"))


def deep(handler: BaseHTTPRequestHandler) -> None:
    # Large ones are read in a thread, whose stack has more room than that of the writer.
    say(handler, 200, b'{"networks": [], "x": ' + b"[" * 970 + b"]" * 970 + b', "y": "' + b"y" * 300_000 + b'"}')


def body(text: bytes, status: int = 200) -> Callable[[BaseHTTPRequestHandler], None]:
    return lambda handler: say(handler, status, text)


@pytest.mark.parametrize(
    ("play", "word"),
    [
        (many_headers, "unusable"),
        (slowly, "timeout"),
        (endlessly, "unusable"),
        (packed, "not-json"),
        (deep, "wrong-shape"),
        (body(b'{"networks": "x"}'), "wrong-shape"),
        (body(b'{"networks": [{"id": "\\ud800"}]}'), "wrong-shape"),
        (body(b""), "not-json"),
        (body(b"", 204), "not-json"),
        (body(b'{"networks": []}', 304), "304"),
        (body(b'{"networks": []}', 429), "429"),
    ],
)
def test_an_answer_that_is_none_is_named_and_the_others_are_there(
    play: Callable[[BaseHTTPRequestHandler], None], word: str, clouds: Clouds
) -> None:
    began = time.monotonic()
    got = ask(clouds, play, "GET", PATH)
    assert (got.status, got.headers.get("x-scope-partial"), got.cut) == (200, f"Three={word}", False)
    assert owners(got) == {"One", "Two"}
    assert time.monotonic() - began < SECONDS_OF_ONE + 3
    time.sleep(0.3)
    strict = ask(clouds, play, "GET", PATH, X_Scope_Strict="true")
    assert (strict.status, "Three" in strict.message) == (502, True)


@pytest.mark.parametrize("number", ["9" * 400, "9" * 4300, "1e308", "-" + "9" * 4300])
def test_a_sum_that_one_cloud_makes_impossible_is_that_of_the_others(number: str, clouds: Clouds) -> None:
    for cloud, hours in (("One", "1.5"), ("Two", "1e308"), ("Three", number)):
        clouds.plays[cloud] = body(f'{{"tenant_usage": {{"total_hours": {hours}}}}}'.encode())
    got = clouds.ask("GET", SUMS, "compute=One & Two & Three")
    assert (got.status, got.headers["x-scope-partial"]) == (200, "Two=wrong-shape, Three=wrong-shape")
    assert json.loads(got.body)["tenant_usage"] == {"total_hours": 1.5, "os_scope_clouds": ["One"]}


def test_the_same_id_twice_is_one_item_of_a_cloud_and_one_of_each(clouds: Clouds) -> None:
    twice = json.dumps({"networks": [{"id": str(UUID(int=1)), "name": name} for name in "ab"]}).encode()
    found = json.loads(ask(clouds, body(twice), "GET", PATH).body)["networks"]
    same = [item["os_scope_cloud"] for item in found if item["id"] == str(UUID(int=1))]
    assert sorted(same) == ["One", "Three"]


def test_no_cloud_leads_a_client_elsewhere_by_its_links(clouds: Clouds) -> None:
    """openstacksdk follows each of these, with the user's token."""
    there = "http://elsewhere.example/"
    links = {"next": there, "links": {"next": there}, "networks_links": [{"rel": "next", "href": there}], "servers_links": []}
    for cloud in ("One", "Three"):
        clouds.plays[cloud] = body(json.dumps({"networks": [], **links, "previous": there, "first": there}).encode())
        got = clouds.ask("GET", f"{PATH}?limit=2", SCOPE)
        assert (got.status, b"elsewhere" in got.body) == (200, False)
        assert json.loads(got.body).keys() == {"networks", "networks_links"}


def test_fields_of_another_release_are_kept(clouds: Clouds) -> None:
    theirs = {"id": str(UUID(int=7)), "new": {"a": [1.5, None, "é"]}}
    document = {"networks": [theirs], "networks_note": {"b": 1}}
    got = json.loads(ask(clouds, body(json.dumps(document).encode()), "GET", PATH).body)
    assert theirs | {"os_scope_cloud": "Three"} in got["networks"]
    assert got["networks_note"] == {"b": 1}


def test_what_is_too_long_for_a_marker_is_refused_in_words(clouds: Clouds) -> None:
    kind, path = list_kind("queues"), "/message/v2/queues?limit=10"
    for cloud in CLOUDS:
        clouds.lists[cloud, "message"] = FakeCloud(kind, [{"name": f"{number}{'n' * 1020}"} for number in range(9)])
    got = clouds.ask("GET", f"{path}&marker={'!' * 4000}", "message=One & Two & Three")
    assert (got.status, got.message.partition(";")[0]) == (400, "gateway of One: marker: it has more than 1024 bytes")
    got = clouds.ask("GET", path, "message=One & Two & Three")
    assert got.status == 400
    assert got.message.endswith("too long for a link to another page of 3 clouds; a scope of fewer clouds is accepted")


def test_a_marker_is_of_its_user_and_its_list_and_may_be_sent_again(clouds: Clouds) -> None:
    mine = {"X_Auth_Token": "One@tok"}
    first = json.loads(clouds.ask("GET", f"{PATH}?limit=4", SCOPE, None, **mine).body)
    following = str(clouds.link(first, PATH))
    pages = [json.loads(clouds.ask("GET", following, SCOPE, None, **mine).body)["networks"] for _ in range(2)]
    assert pages[0] == pages[1] != first["networks"]
    marker = following.partition("marker=")[2].partition("&")[0]
    for path, scope, token in (
        (following, SCOPE, "Two@tok"),
        (following, "network=One & Two", "One@tok"),
        (f"{PATH}?limit=4&marker={marker[:-2]}", SCOPE, "One@tok"),
        (f"{PATH}?limit=4&marker={marker[:20]}AAAA{marker[24:]}", SCOPE, "One@tok"),
        (f"{PATH}?limit=4&name=x&marker={marker}", SCOPE, "One@tok"),
        (f"/network/v2.0/subnets?limit=4&marker={marker}", SCOPE, "One@tok"),
        (f"{PATH}?limit=4&marker=scope1.", SCOPE, "One@tok"),
        (f"{PATH}?limit=4&marker={'A' * 9000}", SCOPE, "One@tok"),
        (f"{PATH}?limit=4&marker=%00%FF%0d%0aX:y", SCOPE, "One@tok"),
    ):
        got = clouds.ask("GET", path, scope, X_Auth_Token=token)
        assert got.status == 400, (path, got)
        assert got.message.startswith("gateway of One: marker")
