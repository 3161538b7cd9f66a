# SPDX-License-Identifier: Apache-2.0
"""``A & B`` by a real HAProxy and the Python service: merged lists, single resources, sums; and clouds that fail."""

import json
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from conformance.lists import CLOUDS, LISTS, Clouds, clouds_with_lists
from openstackoid.binding.rotation import rotate

SCOPE = "One & Two & Three"
PATHS = {"servers": "/compute/v2.1/servers/detail", "images": "/image/v2/images", "networks": "/network/v2.0/networks"}
COUNT = 60


@pytest.fixture
def clouds(listed_clouds: Clouds) -> Clouds:
    return filled(listed_clouds)


def filled(listed_clouds: Clouds) -> Clouds:
    listed_clouds.fails.clear()
    for service in LISTS.values():
        for number, cloud in enumerate(CLOUDS):
            listed_clouds.lists[cloud, service].items = [
                {
                    "id": str(UUID(int=each * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128)),
                    "name": f"n{each}",
                    "created": f"2026-01-01T00:00:{each % 60:02}Z",
                    "created_at": f"2026-01-01T00:00:{each % 60:02}Z",
                }
                for each in range(1 + number, 1 + COUNT, len(CLOUDS))
            ]
    return listed_clouds


def items(clouds: Clouds, name: str, query: str) -> list[dict[str, Any]]:
    return [
        item for got in clouds.pages(f"{PATHS[name]}?{query}", f"{LISTS[name]}={SCOPE}") for item in json.loads(got.body)[name]
    ]


@pytest.mark.parametrize("limit", [1, 7, 25])
@pytest.mark.parametrize("name", sorted(LISTS))
def test_a_list_of_three_clouds_comes_whole_by_pages(name: str, limit: int, clouds: Clouds) -> None:
    found = items(clouds, name, f"limit={limit}")
    key = "id" if name == "networks" else "created" if name == "servers" else "created_at"
    assert [item[key] for item in found] == sorted((item[key] for item in found), reverse=name != "networks")
    assert len({item["id"] for item in found}) == COUNT
    owners = {item["id"]: cloud for cloud in CLOUDS for item in clouds.lists[cloud, LISTS[name]].items}
    assert {item["id"]: item["os_scope_cloud"] for item in found} == owners


def test_an_item_that_is_deleted_between_pages_moves_no_other(clouds: Clouds) -> None:
    pages = clouds.pages(f"{PATHS['images']}?limit=7", f"image={SCOPE}")
    found = [item["id"] for item in json.loads(next(pages).body)["images"]]
    for cloud in CLOUDS:
        mine = clouds.lists[cloud, "image"]
        mine.items = [item for item in mine.items if item["id"] not in (found[-1], found[3])]
    found += [item["id"] for got in pages for item in json.loads(got.body)["images"]]
    assert (len(found), len(set(found))) == (COUNT, COUNT)


def test_each_branch_is_a_plain_scoped_request(clouds: Clouds) -> None:
    request_id = "req-0a1b2c3d-0000-4000-8000-000000000000"
    got = clouds.ask("GET", PATHS["servers"] + "?limit=3", f"compute={SCOPE}", X_OpenStack_Request_Id=request_id)
    assert (got.status, got.headers["openstack-api-version"]) == (200, "compute 2.1")
    assert "x-scope-partial" not in got.headers
    assert sorted(seen.server for seen in clouds.seen) == sorted(CLOUDS)
    for seen in clouds.seen:
        assert seen.path.endswith("/v2.1/servers/detail?limit=4")
        assert seen.header("x-openstack-request-id") == request_id
        assert seen.header("x-auth-token") in (
            f'tok!SCOPE!{{"*":"One","compute":"{seen.server}"}}',
            f"tok~{seen.header('x-auth-token').partition('~')[2]}",
        )


def test_the_last_id_is_a_marker(clouds: Clouds) -> None:
    first = json.loads(clouds.ask("GET", PATHS["servers"] + "?limit=5", f"compute={SCOPE}").body)["servers"]
    path = f"{PATHS['servers']}?limit=5&marker={first[-1]['id']}"
    second = json.loads(clouds.ask("GET", path, f"compute={SCOPE}").body)["servers"]
    assert [item["created"] for item in first + second] == sorted((item["created"] for item in first + second), reverse=True)
    got = clouds.ask("GET", f"{PATHS['servers']}?limit=5&marker=no-such", f"compute={SCOPE}")
    assert (got.status, got.message) == (400, "gateway of One: marker [no-such] not found in any cloud of the scope")


def test_a_forged_marker_and_one_of_another_query_are_refused(clouds: Clouds) -> None:
    document = json.loads(clouds.ask("GET", PATHS["servers"] + "?limit=5", f"compute={SCOPE}").body)
    following = str(clouds.link(document, PATHS["servers"]))
    assert clouds.ask("GET", following, f"compute={SCOPE}").status == 200
    for path, scope in (
        (following[:-3], SCOPE),
        (following + "&status=ACTIVE", SCOPE),
        (following, "Two & One & Three"),
        (f"{PATHS['servers']}?limit=x", SCOPE),
    ):
        got = clouds.ask("GET", path, f"compute={scope}")
        assert (got.status, clouds.asked()) == (400, []), got
        assert got.message.startswith("gateway of One: ")


def test_a_marker_outlives_the_gateway_and_its_key(tmp_path: Path) -> None:
    """Gateways of one cloud have the same keys, so each opens the markers of the others."""
    keys = tmp_path / "keys"
    with clouds_with_lists(keys) as before:
        pages = filled(before).pages(f"{PATHS['images']}?limit=40", f"image={SCOPE}")
        first = json.loads(next(pages).body)
    rotate(keys, time.time())
    with clouds_with_lists(keys) as after:
        got = filled(after).ask("GET", str(after.link(first, PATHS["images"])), f"image={SCOPE}")
        assert got.status == 200, got
        found = [item["id"] for item in first["images"] + json.loads(got.body)["images"]]
        assert len(found) == len(set(found)) == COUNT


def test_a_cloud_that_fails_leaves_a_partial_answer_that_names_it(clouds: Clouds) -> None:
    clouds.fails["Two"] = 503
    got = clouds.ask("GET", PATHS["networks"], f"network={SCOPE}")
    assert (got.status, got.headers["x-scope-partial"]) == (200, "Two=503")
    assert len(json.loads(got.body)["networks"]) == COUNT * 2 // 3
    got = clouds.ask("GET", PATHS["networks"], f"network={SCOPE}", X_Scope_Strict="true")
    assert (got.status, got.message) == (502, "gateway of One: the scope is strict, and Two answered 503")
    clouds.fails |= {"One": 403, "Three": 500}
    assert clouds.ask("GET", PATHS["networks"], f"network={SCOPE}").status == 403


@pytest.mark.parametrize("cloud", CLOUDS)
def test_one_item_is_answered_by_the_cloud_that_has_it(cloud: str, clouds: Clouds) -> None:
    item = clouds.lists[cloud, "network"].items[0]
    got = clouds.ask("GET", f"{PATHS['networks']}/{item['id']}", f"network={SCOPE}")
    assert (got.status, json.loads(got.body)["network"]) == (200, {**item, "os_scope_cloud": cloud})
    assert "x-scope-cloud" not in got.headers, "the resource itself says its cloud"
    image = clouds.lists[cloud, "image"].items[0]
    got = clouds.ask("GET", f"{PATHS['images']}/{image['id']}/file", f"image={SCOPE}")
    assert (got.status, got.body, got.headers["x-scope-cloud"]) == (200, f"bytes of {cloud}".encode(), cloud)


def test_a_missing_item_is_404_only_if_every_cloud_says_so(clouds: Clouds) -> None:
    path = f"{PATHS['networks']}/{UUID(int=0)}"
    assert clouds.ask("GET", path, f"network={SCOPE}").status == 404
    clouds.fails["Two"] = 503
    got = clouds.ask("GET", path, f"network={SCOPE}")
    assert got.status == 503
    assert "gateway of One: Two answered 503; no other cloud of the scope has" in got.message


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_change_goes_to_the_cloud_of_the_item(cloud: str, clouds: Clouds) -> None:
    item = clouds.lists[cloud, "network"].items[0]
    path = f"{PATHS['networks']}/{item['id']}"
    body = json.dumps({"network": {"name": "other", "os_scope_cloud": cloud}}).encode()
    put = clouds.ask("PUT", path, f"network={SCOPE}", body, Content_Type="application/json")
    assert (put.status, put.headers["x-scope-cloud"]) == (200, cloud)
    (seen,) = [seen for seen in clouds.seen if seen.method == "PUT"]
    assert (seen.server, json.loads(seen.body)) == (cloud, {"network": {"name": "other"}})
    deleted = clouds.ask("DELETE", path, f"network={SCOPE}")
    assert (deleted.status, deleted.headers["x-scope-cloud"]) == (204, cloud)
    assert [seen.server for seen in clouds.seen if seen.method == "DELETE"] == [cloud]


@pytest.mark.parametrize("scope", [SCOPE, "Two | One", "One & Three | Two"])
def test_what_a_list_has_added_is_not_written_back(scope: str, clouds: Clouds) -> None:
    item = clouds.lists["Two", "network"].items[0]
    body = json.dumps({"network": {"name": "other", "os_scope_cloud": "Two"}}).encode()
    path = f"{PATHS['networks']}/{item['id']}"
    assert clouds.ask("PUT", path, f"network={scope}", body, Content_Type="application/json").status == 200
    assert [json.loads(seen.body) for seen in clouds.seen if seen.method == "PUT"] == [{"network": {"name": "other"}}]


@pytest.mark.parametrize("scope", ["object-store=Two | One", f"image={SCOPE}"])
def test_a_users_bytes_stay_as_they_are(scope: str, clouds: Clouds) -> None:
    image = f"{PATHS['images']}/{clouds.lists['Two', 'image'].items[0]['id']}/file"
    path, kind = (image, "octet-stream") if "image" in scope else ("/object-store/v1/AUTH_x/box/a", "json")
    body = b'{"os_scope_cloud":  "Two"}'
    got = clouds.ask("PUT", path, scope, body, Content_Type=f"application/{kind}")
    assert (got.status, [seen.body.encode() for seen in clouds.seen if seen.method == "PUT"]) == (200, [body])


def test_a_change_is_not_sent_where_the_cloud_is_not_certain(clouds: Clouds) -> None:
    clouds.fails["Two"] = 503
    got = clouds.ask("DELETE", f"{PATHS['networks']}/{UUID(int=0)}", f"network={SCOPE}")
    assert (got.status, {seen.method for seen in clouds.seen}) == (503, {"GET"})
    clouds.fails.clear()
    got = clouds.ask("DELETE", f"{PATHS['networks']}/{UUID(int=0)}", f"network={SCOPE}")
    assert (got.status, {seen.method for seen in clouds.seen}) == (404, {"GET"})


def test_limits_are_added(clouds: Clouds) -> None:
    got = clouds.ask("GET", "/compute/v2.1/limits", f"compute={SCOPE}")
    assert json.loads(got.body)["limits"] == {"rate": [], "absolute": {"maxTotalCores": 30}, "os_scope_clouds": list(CLOUDS)}


def test_a_new_resource_needs_one_cloud(clouds: Clouds) -> None:
    got = clouds.ask("POST", PATHS["networks"], f"network={SCOPE}", b"{}")
    assert (got.status, clouds.asked()) == (400, [])
    assert got.message.startswith(f"gateway of One: network of {SCOPE}: of several clouds at once, lists, limits and versions")


def test_haproxy_keeps_no_route_of_several_clouds_at_once(clouds: Clouds) -> None:
    for _ in range(3):
        assert len(items(clouds, "networks", "limit=60")) == COUNT
        got = clouds.ask("GET", f"{PATHS['servers']}?limit=1", f"compute=Two,image={SCOPE}")
        assert got.status == 200
        (seen,) = clouds.seen
        assert "Two" in seen.server
