# SPDX-License-Identifier: Apache-2.0
"""The index of resources under ``A & B``: the cloud that has one is asked alone, and no cloud gets another's requests by it."""

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from uuid import UUID

import pytest

from conformance.lists import CLOUDS, SERVICES, Clouds

EXPRESSION = "One & Two & Three"
SCOPE = f"network={EXPRESSION}"
PATH = "/network/v2.0/networks"
ONCE: Iterator[int] = iter(range(1, 1000))
"""Ids that no earlier test has used: the index outlives a test."""


@pytest.fixture
def clouds(listed_clouds: Clouds) -> Clouds:
    listed_clouds.mend()
    for service in SERVICES:
        for cloud in CLOUDS:
            listed_clouds.lists[cloud, service].items = [{"id": new_id(), "created": "2026-01-01T00:00:00Z"} for _ in range(3)]
    return listed_clouds


def new_id() -> str:
    return str(UUID(int=2**100 * next(ONCE)))


def of(clouds: Clouds, cloud: str, service: str = "network") -> str:
    return str(clouds.lists[cloud, service].items[0]["id"])


def claims(id_: str, method: str = "") -> Callable[[BaseHTTPRequestHandler], None]:
    """Return the play of a cloud that has every resource, and lists one with this id."""

    def play(handler: BaseHTTPRequestHandler) -> None:
        item = {"id": id_, "name": "mine"}
        document = {"networks": [item]} if handler.path.partition("?")[0].endswith("/networks") else {"network": item}
        body = b"" if handler.command == "DELETE" else json.dumps(document).encode()
        handler.send_response(204 if handler.command == "DELETE" else 200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return play


@pytest.mark.parametrize("cloud", CLOUDS)
def test_after_a_whole_list_each_request_is_one_leg(cloud: str, clouds: Clouds) -> None:
    clouds.ask("GET", PATH, SCOPE)
    path = f"{PATH}/{of(clouds, cloud)}"
    for method, status in (("GET", 200), ("PUT", 200), ("DELETE", 204)):
        got = clouds.ask(method, path, SCOPE, b"{}" if method == "PUT" else None)
        assert (got.status, [(seen.server, seen.method) for seen in clouds.seen]) == (status, [(cloud, method)])
        if method == "GET":
            assert json.loads(got.body)["network"]["os_scope_cloud"] == cloud


def test_an_action_on_a_listed_server_is_one_leg(clouds: Clouds) -> None:
    clouds.ask("GET", "/compute/v2.1/servers/detail?deleted=False", f"compute={EXPRESSION}")
    path = f"/compute/v2.1/servers/{of(clouds, 'Two', 'compute')}/os-volume_attachments"
    assert clouds.ask("POST", path, f"compute={EXPRESSION}", b"{}").status == 200
    assert [(seen.server, seen.method) for seen in clouds.seen] == [("Two", "POST")]


def test_the_second_request_for_a_resource_is_one_leg(clouds: Clouds) -> None:
    path = f"{PATH}/{of(clouds, 'Three')}"
    assert clouds.ask("GET", path, SCOPE).status == 200
    assert len(clouds.seen) > 1
    assert clouds.ask("GET", path, SCOPE).status == 200
    assert clouds.asked() == ["Three"]
    assert clouds.ask("PUT", path, SCOPE, b"{}").status == 200
    assert clouds.ask("PUT", path, SCOPE, b"{}").status == 200
    assert [(seen.server, seen.method) for seen in clouds.seen] == [("Three", "PUT")]


def test_a_resource_that_is_gone_is_looked_for_in_all_clouds(clouds: Clouds) -> None:
    id_ = of(clouds, "Two")
    clouds.ask("GET", PATH, SCOPE)
    moved = clouds.lists["Two", "network"].items.pop(0)
    assert clouds.ask("GET", f"{PATH}/{id_}", SCOPE).status == 404
    assert {seen.server for seen in clouds.seen} == set(CLOUDS)
    clouds.ask("GET", PATH, SCOPE)
    clouds.lists["Three", "network"].items.append(moved)
    clouds.ask("GET", PATH, SCOPE)
    clouds.lists["Three", "network"].items.pop()
    clouds.lists["One", "network"].items.append(moved)
    assert clouds.ask("DELETE", f"{PATH}/{id_}", SCOPE).status == 204
    assert [seen.server for seen in clouds.seen if seen.method == "DELETE"] == ["Three", "One"]


def test_the_404_of_another_thing_is_the_answer_of_the_cloud_that_was_asked_once(clouds: Clouds) -> None:
    id_ = of(clouds, "Two")
    clouds.ask("GET", PATH, SCOPE)
    real = clouds.lists["Two", "network"].items[0]

    def play(handler: BaseHTTPRequestHandler) -> None:
        missing = handler.command != "GET"
        body = json.dumps({"itemNotFound": {"message": "no such tag"}} if missing else {"network": real}).encode()
        handler.send_response(404 if missing else 200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    clouds.plays["Two"] = play
    got = clouds.ask("DELETE", f"{PATH}/{id_}/tags/red", SCOPE)
    assert (got.status, json.loads(got.body)) == (404, {"itemNotFound": {"message": "no such tag"}})
    assert [seen.server for seen in clouds.seen if seen.method == "DELETE"] == ["Two"]


def test_an_upload_goes_to_the_cloud_of_the_image(clouds: Clouds) -> None:
    scope, body = f"image={EXPRESSION}", b"x" * 300_000
    clouds.ask("GET", "/image/v2/images", scope)
    path = f"/image/v2/images/{of(clouds, 'Two', 'image')}/file"
    assert clouds.ask("PUT", path, scope, body).status == 200
    assert [(seen.server, seen.method) for seen in clouds.seen] == [("Two", "GET"), ("Two", "PUT")]


def test_a_deleted_resource_is_forgotten(clouds: Clouds) -> None:
    path = f"{PATH}/{of(clouds, 'Two')}"
    clouds.ask("GET", PATH, SCOPE)
    assert clouds.ask("DELETE", path, SCOPE).status == 204
    clouds.ask("GET", path, SCOPE)
    assert {seen.server for seen in clouds.seen} == set(CLOUDS)


def test_a_cloud_that_lists_anothers_resource_gets_no_change_of_it(clouds: Clouds) -> None:
    """Nor where it does so in a list that the owner is not in: by a filter, by a page, or under another scope."""
    id_ = of(clouds, "One")
    clouds.plays["Three"] = claims(id_)
    for path, scope in (
        (PATH, SCOPE),
        (f"{PATH}?name=mine", SCOPE),
        (f"{PATH}?limit=1&sort_key=name", SCOPE),
        (PATH, "network=Two & Three"),
    ):
        clouds.lists["One", "network"].items[0]["name"] = "real"
        assert clouds.ask("GET", path, scope).status == 200
        for method in ("PUT", "DELETE"):
            got = clouds.ask(method, f"{PATH}/{id_}", SCOPE, b"{}" if method == "PUT" else None)
            assert (got.status, {seen.method for seen in clouds.seen}) == (409, {"GET"}), path
            assert "One and Three have" in got.message


def test_a_cloud_that_claims_a_known_resource_ends_the_certainty(clouds: Clouds) -> None:
    id_ = of(clouds, "One")
    clouds.ask("GET", PATH, SCOPE)
    clouds.plays["Three"] = claims(id_)
    clouds.ask("GET", f"{PATH}?name=mine", SCOPE)
    assert clouds.ask("DELETE", f"{PATH}/{id_}", SCOPE).status == 409


def test_another_user_begins_anew(clouds: Clouds) -> None:
    path = f"{PATH}/{of(clouds, 'Two')}"
    clouds.ask("GET", PATH, SCOPE)
    clouds.ask("DELETE", path, SCOPE, X_Auth_Token="other@tok")
    assert {seen.server for seen in clouds.seen} == set(CLOUDS)


def test_a_cloud_that_fails_is_named_as_without_the_index(clouds: Clouds) -> None:
    path = f"{PATH}/{of(clouds, 'Two')}"
    clouds.ask("GET", PATH, SCOPE)
    clouds.fails["Two"] = 503
    got = clouds.ask("GET", path, SCOPE)
    assert (got.status, "Two answered 503" in got.message) == (503, True)
    clouds.fails.clear()
    assert clouds.ask("GET", path, SCOPE).status == 200
    assert clouds.asked() == ["Two"]
