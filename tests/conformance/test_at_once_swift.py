# SPDX-License-Identifier: Apache-2.0
"""``A & B`` of Swift: lists as plain text and as JSON, and the sums in the headers about accounts and containers."""

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

import pytest

from conformance.lists import CLOUDS, Clouds
from waiting import until

SCOPE = "object-store=One & Two & Three"
ACCOUNT = "/object-store/v1/AUTH_p1"


@pytest.fixture
def clouds(listed_clouds: Clouds) -> Clouds:
    listed_clouds.mend()
    for number, cloud in enumerate(CLOUDS):
        listed_clouds.lists[cloud, "object-store"].items = [
            {"name": f"c{each:02}", "count": each, "bytes": 1} for each in range(number, 9, len(CLOUDS))
        ]
    return listed_clouds


def says(status: int, headers: dict[str, str]) -> Callable[[BaseHTTPRequestHandler], None]:
    def play(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()

    return play


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("", {}),
        ("", {"Accept": "*/*"}),
        ("", {"Accept": "text/plain"}),
        ("?format=plain", {"Accept": "application/json"}),
        ("?limit=100", {}),
    ],
)
def test_a_list_in_plain_text_has_the_names(query: str, headers: dict[str, str], clouds: Clouds) -> None:
    got = clouds.ask("GET", ACCOUNT + query, SCOPE, None, **headers)
    assert (got.status, got.body.decode()) == (200, "".join(f"c{number:02}\n" for number in range(9)))
    assert got.headers["content-type"] == "text/plain; charset=utf-8"
    assert all("format=json" in seen.path and "format=plain" not in seen.path for seen in clouds.seen)


def test_plain_text_comes_by_pages(clouds: Clouds) -> None:
    found, marker = [], ""
    while names := clouds.ask("GET", f"{ACCOUNT}?limit=4&marker={marker}", SCOPE).body.decode().split():
        found += names
        marker = names[-1]
    assert found == [f"c{number:02}" for number in range(9)]


@pytest.mark.parametrize(("query", "headers"), [("?format=json", {}), ("", {"Accept": "application/json"})])
def test_a_list_in_json_says_the_clouds(query: str, headers: dict[str, str], clouds: Clouds) -> None:
    found = json.loads(clouds.ask("GET", ACCOUNT + query, SCOPE, None, **headers).body)
    assert [item["os_scope_cloud"] for item in found] == [*CLOUDS] * 3


@pytest.mark.parametrize(("query", "headers"), [("?format=xml", {}), ("", {"Accept": "application/xml"})])
def test_xml_is_refused(query: str, headers: dict[str, str], clouds: Clouds) -> None:
    got = clouds.ask("GET", ACCOUNT + query, SCOPE, None, **headers)
    assert (got.status, clouds.asked()) == (406, [])


def test_the_numbers_of_an_account_are_added(clouds: Clouds) -> None:
    of_one = {"X-Account-Bytes-Used": "5", "X-Account-Container-Count": "2", "X-Account-Meta-Temp-Url-Key": "secret"}
    of_two = {"X-Account-Bytes-Used": "7", "X-Account-Storage-Policy-Gold-Object-Count": "3", "X-Account-Object-Count": "x"}
    clouds.plays |= {"One": says(204, of_one), "Two": says(204, of_two), "Three": says(503, of_one)}
    got = clouds.ask("HEAD", ACCOUNT, SCOPE)
    assert (got.status, got.headers["x-scope-partial"]) == (204, "Three=503")
    told = {name: value for name, value in got.headers.items() if name.startswith("x-account-")}
    assert told == {
        "x-account-bytes-used": "12",
        "x-account-container-count": "2",
        "x-account-storage-policy-gold-object-count": "3",
    }
    assert clouds.ask("HEAD", ACCOUNT, SCOPE, None, X_Scope_Strict="true").status == 502


def test_a_container_that_no_cloud_has_is_404(clouds: Clouds) -> None:
    path = f"{ACCOUNT}/box"
    clouds.plays |= {cloud: says(404, {"Content-Length": "0"}) for cloud in CLOUDS}
    assert clouds.ask("HEAD", path, SCOPE).status == 404
    clouds.plays["Two"] = says(204, {"X-Container-Object-Count": "4"})
    # A cloud that has failed under an earlier test is back once a probe tells.
    until(lambda: clouds.ask("HEAD", path, SCOPE).headers["x-scope-partial"] == "One=404, Three=404")
    got = clouds.ask("HEAD", path, SCOPE)
    assert (got.status, got.headers["x-container-object-count"]) == (204, "4")


OBJECT = f"{ACCOUNT}/box/a/b"


def has(*names: str, status: int = 404) -> Callable[[BaseHTTPRequestHandler], None]:
    """Return the play of a cloud that has these names, below the account, and answers otherwise with a status."""

    def play(handler: BaseHTTPRequestHandler) -> None:
        there = handler.path.partition("?")[0].removeprefix(ACCOUNT + "/") in names
        body = b"the bytes" if there and handler.command in ("GET", "HEAD") else b""
        handler.send_response((200 if body else 204) if there else status)
        handler.send_header("Content-Length", str(len(body)))
        handler.send_header("X-Object-Meta-Color", "red")
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body)

    return play


def asked_for(
    clouds: Clouds, method: str, path: str, *having: str, other: int = 404
) -> tuple[int, list[str], dict[str, str], bytes]:
    """Ask where these clouds have it; return the status, the clouds that the request itself has reached, headers and body."""
    name = path.partition("?")[0].removeprefix(ACCOUNT + "/")
    clouds.plays |= {cloud: has(name) if cloud in having else has(status=other if cloud == "Three" else 404) for cloud in CLOUDS}
    got = clouds.ask(method, path, SCOPE)
    assert {seen.path for seen in clouds.seen} <= {path}
    sent = [seen.server for seen in clouds.seen if seen.method == method and (method != "HEAD" or seen is clouds.seen[-1])]
    return got.status, sent, got.headers, got.body


def test_an_object_of_a_list_is_read_from_the_cloud_that_has_it(clouds: Clouds) -> None:
    status, sent, headers, body = asked_for(clouds, "GET", OBJECT, "Two")
    assert (status, sent, body, headers["x-scope-cloud"]) == (200, ["Two"], b"the bytes", "Two")
    status, sent, headers, body = asked_for(clouds, "HEAD", OBJECT, "Two")
    assert (status, sent, body, headers["content-length"], headers["x-object-meta-color"]) == (200, ["Two"], b"", "9", "red")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", OBJECT),
        ("POST", OBJECT),
        ("DELETE", f"{OBJECT}?version-id=1"),
        ("POST", f"{ACCOUNT}/box"),
        ("DELETE", f"{ACCOUNT}/box"),
    ],
)
def test_a_container_or_an_object_of_a_list_is_changed_in_its_cloud(method: str, path: str, clouds: Clouds) -> None:
    status, sent, headers, _ = asked_for(clouds, method, path, "Three")
    assert (status, sent, headers["x-scope-cloud"]) == (204, ["Three"], "Three")


def test_of_an_object_in_several_clouds_the_first_is_read_and_none_is_changed(clouds: Clouds) -> None:
    assert asked_for(clouds, "GET", OBJECT, "Two", "Three")[:2] == (200, ["Two"])
    for method, path in (("DELETE", OBJECT), ("POST", OBJECT), ("DELETE", f"{ACCOUNT}/box")):
        status, sent, _, body = asked_for(clouds, method, path, "Two", "Three")
        assert (status, sent) == (409, [])
        assert "Two and Three have 'box" in json.loads(body)["error"]["message"]


@pytest.mark.parametrize(
    ("other", "having", "read", "change"),
    [(404, (), 404, 404), (503, (), 503, 503), (503, ("One",), 200, 503), (403, ("One",), 200, 204), (401, (), 401, 401)],
)
def test_a_cloud_that_may_have_an_object_too_is_heard_before_a_change(
    other: int, having: tuple[str, ...], read: int, change: int, clouds: Clouds
) -> None:
    """Three answers with an error."""
    assert asked_for(clouds, "GET", OBJECT, *having, other=other)[0] == read
    status, sent, _, body = asked_for(clouds, "DELETE", OBJECT, *having, other=other)
    assert (status, sent) == (change, ["One"] if change == 204 else [])
    if change == 503:
        assert "Three answered 503" in json.loads(body)["error"]["message"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
@pytest.mark.parametrize(
    ("status", "header", "value"),
    [
        (401, "WWW-Authenticate", 'Keystone uri="http://127.0.0.1/identity/v3"'),
        (403, "X-Trans-Id", "tx1"),
        (408, "Retry-After", "7"),
        (429, "Retry-After", "7"),
    ],
)
def test_an_answer_that_refuses_comes_with_its_headers(status: int, header: str, value: str, method: str, clouds: Clouds) -> None:
    clouds.plays |= {cloud: says(404, {"Content-Length": "0"}) for cloud in CLOUDS}
    clouds.plays["Two"] = says(status, {header: value, "Content-Length": "0"})
    got = clouds.ask(method, OBJECT, SCOPE)
    # The Keystone is the user's own.
    assert (got.status, got.headers[header.lower()].partition("http")[0]) == (status, value.partition("http")[0])
    if method != "HEAD":
        said = f"Two answers {status} about 'box/a/b'; no other cloud of One & Two & Three has it"
        assert got.message == f"gateway of One: {said}"


@pytest.mark.parametrize(("method", "path"), [("PUT", OBJECT), ("PUT", f"{ACCOUNT}/box"), ("POST", ACCOUNT), ("COPY", OBJECT)])
def test_nothing_is_made_in_several_clouds(method: str, path: str, clouds: Clouds) -> None:
    got = clouds.ask(method, path, SCOPE, b"")
    assert (got.status, clouds.seen) == (400, [])
    assert "name one cloud" in got.message
