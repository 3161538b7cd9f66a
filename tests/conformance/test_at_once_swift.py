# SPDX-License-Identifier: Apache-2.0
"""``A & B`` of Swift: lists as plain text and as JSON, and the sums in the headers about accounts and containers."""

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

import pytest

from conformance.lists import CLOUDS, Clouds

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
    got = clouds.ask("HEAD", path, SCOPE)
    assert (got.status, got.headers["x-container-object-count"], got.headers["x-scope-partial"]) == (
        204,
        "4",
        "One=404, Three=404",
    )
