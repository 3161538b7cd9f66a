# SPDX-License-Identifier: Apache-2.0
"""``A & B`` with a cloud, Three, that means ill: it is named, speaks for itself alone, and costs the others little."""

import json
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from uuid import UUID

import pytest

from conformance.branches import Got
from conformance.lists import CLOUDS, SERVICES, Clouds
from conformance.recorder import MADE_UP

SCOPE = "network=One & Two & Three"
PATH = "/network/v2.0/networks"
UNKNOWN = f"{PATH}/{UUID(int=2**127)}"
JSON = ("Content-Type", "application/json")
SECONDS_OF_ONE = 6.0
"""The seconds that a request may take: a cloud has 4 by the description, and one that drips goes on for 10."""

SOCKET = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec_WebSocket_Version": "13",
}


@pytest.fixture
def clouds(listed_clouds: Clouds) -> Clouds:
    time.sleep(0.3)
    listed_clouds.mend()
    for service in SERVICES:
        for number, cloud in enumerate(CLOUDS):
            listed_clouds.lists[cloud, service].items = [{"id": str(UUID(int=100 * number + each))} for each in range(5)]
    return listed_clouds


def say(handler: BaseHTTPRequestHandler, status: int, body: bytes, *headers: tuple[str, str]) -> None:
    handler.send_response(status)
    for name, value in (("Content-Length", str(len(body))), JSON, *headers):
        handler.send_header(name, value)
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(body)


def ask(clouds: Clouds, play: Callable[[BaseHTTPRequestHandler], None], method: str, path: str, **more: str) -> Got:
    clouds.plays["Three"] = play
    return clouds.ask(method, path, SCOPE, None, **more)


def pages(count: int, size: int, seconds: float = 0.0) -> Callable[[BaseHTTPRequestHandler], None]:
    """Return an answer with a page of one large item, which says that more follow."""
    given = 0

    def page(handler: BaseHTTPRequestHandler) -> None:
        nonlocal given
        # HAProxy checks the health of a peer without a token.
        given += "X-Auth-Token" in handler.headers
        time.sleep(seconds)
        items = [] if given > count else [{"id": f"ff{given:06}", "pad": "x" * size}]
        links = [{"rel": "next", "href": "x"}, {"rel": "previous", "href": "x"}]
        say(handler, 200, json.dumps({"networks": items, "networks_links": links}).encode())

    return page


def owners(got: Got) -> set[str]:
    return {item["os_scope_cloud"] for item in json.loads(got.body)["networks"]}


@pytest.mark.parametrize("direction", ["", "&page_reverse=True"])
def test_a_page_of_any_limit_is_not_kept_in_memory(direction: str, clouds: Clouds) -> None:
    got = ask(clouds, pages(18, 2**22 if direction else 2**20), "GET", f"{PATH}?limit=1000000{direction}")
    if direction:
        assert (got.status, got.message) == (400, "gateway of One: limit: the page is too large; a smaller one is accepted")
    else:
        assert (got.status, len(json.loads(got.body)["networks"]), "content-length" in got.headers) == (200, 28, False)


def test_an_answer_that_is_certain_is_not_delayed_by_more_pages(clouds: Clouds) -> None:
    clouds.fails["Two"] = 401
    got = ask(clouds, pages(1000, 2**20), "GET", PATH)
    assert got.status == 401
    assert [seen.server for seen in clouds.seen].count("Three") == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b'{"network": {"id": "x", "os_scope_cloud": "One", "y": NaN}}'),
        (200, b'["os_scope_cloud", "One"]'),
        (200, b'{"network": {"id": "x", "os_scope_cloud": "One"}, "os_scope_cloud": "One"}'),
        (203, b'{"network": {"id": "x", "os_scope_cloud": "One"}}'),
        (200, b'{"os_scope_cloud": "One", "os_scope_clouds": ["One"], "network": []}'),
    ],
)
def test_no_cloud_says_that_its_resource_is_anothers(status: int, body: bytes, clouds: Clouds) -> None:
    got = ask(clouds, lambda handler: say(handler, status, body), "GET", UNKNOWN)
    if got.status == 502:
        assert got.message.startswith("gateway of One: Three answered with ")
    else:
        assert b"One" not in got.body


@pytest.mark.parametrize("path", [PATH, UNKNOWN])
def test_no_cloud_says_that_another_is_missing(path: str, clouds: Clouds) -> None:
    body = b'{"network": {"id": "x"}, "networks": []}'
    got = ask(clouds, lambda handler: say(handler, 200, body, ("X-Scope-Partial", "One=503")), "GET", path)
    assert (got.status, "x-scope-partial" in got.headers) == (200, False)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
def test_no_cloud_says_that_a_part_is_anothers(method: str, clouds: Clouds) -> None:
    headers = (("X-Scope-Cloud", "One"), ("x-scope-Other", "One"))
    got = ask(clouds, lambda handler: say(handler, 200, b'{"x": []}', *headers), method, f"{UNKNOWN}/x", X_Scope_Cloud="Two")
    assert (got.status, got.headers["x-scope-cloud"], "x-scope-other" in got.headers) == (200, "Three", False)


@pytest.mark.parametrize("scope", [None, "network=One", SCOPE], ids=["by HAProxy", "with a scope", "of several clouds"])
def test_a_service_of_this_cloud_does_not_speak_as_its_gateway(scope: str | None, clouds: Clouds) -> None:
    headers = (("X-Scope-Cloud", "Two"), ("X-Scope-Partial", "Two=503"), ("X-Kept", "yes"))
    clouds.plays["One"] = lambda handler: say(handler, 200, b'{"x": []}', *headers)
    got = clouds.ask("GET", f"{PATH}/{UUID(int=2**120)}/x", scope)
    named = {name: value for name, value in got.headers.items() if name.startswith("x-scope")}
    assert (got.status, got.headers["x-kept"], named) == (200, "yes", {"x-scope-cloud": "One"} if scope == SCOPE else {})


@pytest.mark.parametrize("method", ["DELETE", "PUT"])
def test_a_change_of_a_resource_that_two_clouds_claim_is_sent_to_none(method: str, clouds: Clouds) -> None:
    # No list had it, so it is not in the index.
    id_ = UUID(int=2**90)
    path = f"{PATH}/{id_}"

    def slow(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.3)
        say(handler, 200, b'{"network": {}}')

    clouds.plays["One"] = slow
    got = ask(clouds, lambda handler: say(handler, 200, b'{"network": {}}'), method, path)
    assert (got.status, {seen.method for seen in clouds.seen}) == (409, {"GET"})
    assert got.message == f"gateway of One: One and Three have '{id_}'; nothing was changed; name one cloud in the scope"


@pytest.mark.parametrize("path", [PATH, UNKNOWN, f"{UNKNOWN}/x"])
def test_no_websocket_is_opened_with_several_clouds(path: str, clouds: Clouds) -> None:
    def switch(handler: BaseHTTPRequestHandler) -> None:
        if "Upgrade" not in handler.headers:
            say(handler, 404, b"{}")
            return
        say(handler, 101, b"", ("Upgrade", "websocket"), ("Connection", "Upgrade"))

    got = ask(clouds, switch, "GET", path, **SOCKET)
    assert got.status == (200 if path == PATH else 404)
    assert not any(seen.header("upgrade") for seen in clouds.seen)


def test_a_request_or_an_answer_at_fault_takes_no_cloud_from_others(clouds: Clouds) -> None:
    """As a user could provoke, again and again."""
    got = ask(clouds, lambda handler: say(handler, 302, b"", ("Location", "http://x.example/")), "GET", PATH)
    assert got.headers["x-scope-partial"] == "Three=unusable"
    del clouds.plays["Three"]
    assert "x-scope-partial" not in clouds.ask("GET", PATH, SCOPE).headers
    large = {f"X_Pad_{number}": "x" * 7080 for number in range(4)}
    assert clouds.ask("GET", PATH, SCOPE, None, **large).status >= 400
    assert "x-scope-partial" not in clouds.ask("GET", PATH, "network=Two & Three").headers


@pytest.mark.parametrize(
    ("method", "path"), [("GET", PATH), ("GET", UNKNOWN), ("DELETE", UNKNOWN), ("GET", "/network/v2.0/quotas/x")]
)
def test_no_cloud_is_asked_with_a_made_up_token(method: str, path: str, clouds: Clouds) -> None:
    """Else each would cost all clouds a validation, and count as their neighbour's."""
    got = clouds.ask(method, path, SCOPE, None, X_Auth_Token=f"{MADE_UP}1")
    assert (got.status, clouds.asked()) == (401, [])


def test_an_answer_that_is_too_large_for_its_part_of_the_memory_is_left_out(clouds: Clouds) -> None:
    got = ask(clouds, lambda handler: say(handler, 200, b" " * (23 * 2**20)), "GET", PATH)
    assert (got.status, got.headers["x-scope-partial"]) == (200, "Three=unusable")
    assert owners(got) == {"One", "Two"}


def test_pages_that_never_end_have_the_time_of_one_request(clouds: Clouds) -> None:
    began = time.monotonic()
    got = ask(clouds, pages(1000, 1, 1.5), "GET", PATH)
    assert (got.status, got.headers["x-scope-partial"]) == (200, "Three=timeout")
    assert {"One", "Two"} <= owners(got)
    assert time.monotonic() - began < SECONDS_OF_ONE + 1.5
